#include "embedded/http_server.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <stdexcept>

#include "davit/base/error.hpp"
#include "embedded/http_client.hpp"
#include "support/patience.hpp"
#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;
using Socket = asio::local::stream_protocol::socket;

/// No new descriptor while it lives; those that are open go on.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{3, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

struct Plain final : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Task<HttpResponse> answer_by_path(HttpRequest request, int) {
  if (request.path == "/plain-error") throw Plain("not one of our errors");
  co_return HttpResponse{200, "{}"};
}

class HttpServerTest : public testing::Test {
 protected:
  static constexpr auto kLimit = davit::test::patient(20s);

  HttpServerTest() {
    HttpHandlers handlers;
    handlers.answer = answer_by_path;
    handlers.abandonable = [](const HttpRequest&) { return true; };
    handlers.disconnected = [this] {
      ++disconnected_;
      throw Plain("refused by the test");
    };
    server_.emplace(context_, listen_at(path()), std::move(handlers));
    asio::co_spawn(context_, server_->serve(), [this](const std::exception_ptr& error) { ended_ = error; });
    context_.poll();
  }

  std::string path() const { return temp_.path() / "socket"; }

  Socket connect() {
    Socket socket(context_);
    socket.connect(asio::local::stream_protocol::endpoint(path()));
    return socket;
  }

  Task<void> ask(Socket& socket, std::string target, std::string& status) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    asio::streambuf answer;
    co_await asio::async_read_until(socket, answer, "\r\n", asio::use_awaitable);
    status.assign(asio::buffers_begin(answer.data()), asio::buffers_end(answer.data()));
  }

  /// The status line, or nothing when there was no answer.
  std::string status_of(Socket& socket, std::string target) {
    std::string status;
    bool done = false;
    asio::co_spawn(context_, ask(socket, std::move(target), status),
                   [&done](const std::exception_ptr&) { done = true; });
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while (!done && std::chrono::steady_clock::now() < limit) context_.run_one_for(10ms);
    return status.substr(0, status.find('\r'));
  }

  davit::test::TempDir temp_;
  asio::io_context context_{1};
  std::optional<HttpServer> server_;
  std::exception_ptr ended_;
  int disconnected_ = 0;
};

TEST_F(HttpServerTest, AConnectionWaitsWhileDescriptorsAreShort) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan, which comes with it, looks at an object's type by way of a pipe, and there is none to be had";
#endif
  Socket early = connect();
  {
    const NoDescriptors none;
    for (int i = 0; i < 10; ++i) context_.poll();
    EXPECT_FALSE(ended_) << "the server gave up";
    EXPECT_EQ(server_->connections(), 0U);
  }
  EXPECT_EQ(status_of(early, "/"), "HTTP/1.1 200 OK");
}

TEST_F(HttpServerTest, WhatFailsAfterAConversationEndsNoOther) {
  Socket open = connect();
  {
    Socket first = connect();
    EXPECT_EQ(status_of(first, "/"), "HTTP/1.1 200 OK");
  }
  const auto limit = std::chrono::steady_clock::now() + kLimit;
  while (disconnected_ == 0 && std::chrono::steady_clock::now() < limit) context_.run_one_for(10ms);
  EXPECT_EQ(disconnected_, 1);
  EXPECT_EQ(status_of(open, "/"), "HTTP/1.1 200 OK");
  Socket second = connect();
  EXPECT_EQ(status_of(second, "/"), "HTTP/1.1 200 OK");
  EXPECT_FALSE(ended_);
}

TEST_F(HttpServerTest, AnyExceptionBecomesAnAnswer) {
  Socket socket = connect();
  EXPECT_EQ(status_of(socket, "/plain-error"), "HTTP/1.1 500 Internal Server Error");
}

/// A supervisor that dies at each request: takes it, and closes.
TEST(HttpClientTest, KnowsWhetherARequestWasSent) {
  asio::io_context loop;
  davit::test::TempDir temp;
  const std::string path = temp.path() / "socket";
  HttpClient client(path);
  std::optional<HttpClient::Reply> reply;
  const auto ask = [&] {
    reply.reset();
    HttpRequest request{"POST", "/v1/x"};
    asio::co_spawn(loop, client.request(std::move(request)), [&](const std::exception_ptr& error, auto got) {
      EXPECT_FALSE(error);
      reply = std::move(got);
    });
    loop.restart();
    loop.run_for(davit::test::patient(20s));
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->response);
  };
  ask();
  EXPECT_FALSE(reply->sent) << "nobody listens";
  asio::local::stream_protocol::acceptor acceptor(loop, asio::local::stream_protocol::endpoint(path));
  asio::streambuf head;
  std::optional<Socket> taken;
  acceptor.async_accept([&](const boost::system::error_code&, Socket socket) {
    taken.emplace(std::move(socket));
    asio::async_read_until(*taken, head, "\r\n\r\n",
                           [&](const boost::system::error_code&, std::size_t) { taken.reset(); });
  });
  ask();
  EXPECT_TRUE(reply->sent);
  const std::string text{std::istreambuf_iterator<char>(&head), {}};
  EXPECT_EQ(text.find("Davit-First-Sent"), std::string::npos);
}

}  // namespace
}  // namespace davit::embedded
