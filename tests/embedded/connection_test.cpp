#include "embedded/connection.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/timers.hpp"
#include "davit/base/error.hpp"
#include "support/patience.hpp"
#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;
using Local = asio::local::stream_protocol;

/// A supervisor that takes some requests and dies, then answers the next.
class DyingSupervisor {
 public:
  DyingSupervisor(asio::io_context& loop, const Paths& paths, std::size_t deaths)
      : acceptor_(loop, Local::endpoint(paths.socket())), lock_(paths.lock()), deaths_(deaths) {
    asio::co_spawn(loop, serve(), [](const std::exception_ptr&) {});
  }
  std::vector<std::string> heads;  ///< of the requests
  bool lock_was_held = false;      ///< while one of them was under way

 private:
  Task<void> serve() {
    for (;;) {
      Local::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::streambuf head;
      boost::system::error_code error;
      co_await asio::async_read_until(socket, head, "\r\n\r\n", asio::redirect_error(asio::use_awaitable, error));
      heads.emplace_back(std::istreambuf_iterator<char>(&head), std::istreambuf_iterator<char>());
      lock_was_held = lock_was_held || is_locked();
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
      if (heads.size() > deaths_)
        co_await asio::async_write(socket, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  [[nodiscard]] bool is_locked() const {
    const Fd lock(::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    return ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
  }

  Local::acceptor acceptor_;
  std::string lock_;
  std::size_t deaths_;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() { std::filesystem::create_directories(paths_.folder()); }

  /// What became of the request.
  std::string act(WhenBroken when_broken) {
    Connection connection({.project = paths_.project}, paths_, timers_);
    HttpRequest request{"POST", "/v1/x"};
    request.when_broken = when_broken;
    std::optional<std::string> out;
    asio::co_spawn(loop_, connection.act(std::move(request)), [&](const std::exception_ptr& error, std::string answer) {
      try {
        if (error) std::rethrow_exception(error);
        out = std::move(answer);
      } catch (const Error& failure) {
        out = failure.diagnostic().code;
      }
    });
    const auto until = std::chrono::steady_clock::now() + davit::test::patient(20s);
    while (!out && std::chrono::steady_clock::now() < until) loop_.run_one_for(1s);
    return out.value_or("no end");
  }

  /// A keeper lives as long as somebody has its lock.
  [[nodiscard]] Fd living_keeper() const {
    Fd lock(::open(paths_.keeper_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    EXPECT_EQ(::fcntl(lock.get(), F_OFD_SETLK, &whole), 0);
    return lock;
  }

  davit::test::TempDir temp_;
  Paths paths_{temp_.path() / "data", temp_.path() / "run", "p"};
  asio::io_context loop_;
  SteadyTimers timers_;
};

TEST_F(ConnectionTest, SendsOnceWhatAnswers) {
  const DyingSupervisor supervisor(loop_, paths_, 0);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  ASSERT_EQ(supervisor.heads.size(), 1U);
  EXPECT_EQ(supervisor.heads[0].find("Davit-First-Sent"), std::string::npos);
}

TEST_F(ConnectionTest, GivesUpWhatMustNotBeDoneTwice) {
  const DyingSupervisor supervisor(loop_, paths_, 1);
  EXPECT_EQ(act(WhenBroken::GiveUp), "supervisor-died");
  EXPECT_EQ(supervisor.heads.size(), 1U);
}

TEST_F(ConnectionTest, SendsAgainWhenTheSupervisorDies) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 1);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  ASSERT_EQ(supervisor.heads.size(), 2U);
  EXPECT_EQ(supervisor.heads[0].find("Davit-First-Sent"), std::string::npos);
  EXPECT_NE(supervisor.heads[1].find("Davit-First-Sent"), std::string::npos);
}

TEST_F(ConnectionTest, SentAgainRequestsDoNotWaitForEachOther) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 2);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  EXPECT_EQ(supervisor.heads.size(), 3U);
  EXPECT_FALSE(supervisor.lock_was_held);
}

TEST_F(ConnectionTest, GivesUpWhenEachSupervisorDies) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 1000);
  EXPECT_EQ(act(WhenBroken::SendAgain), "supervisor-dies");
}

}  // namespace
}  // namespace davit::embedded
