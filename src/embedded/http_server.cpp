#include "embedded/http_server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstring>

#include "davit/async/task_group.hpp"
#include "davit/base/shortage.hpp"
#include "davit/base/unix_address.hpp"
#include "embedded/log.hpp"

namespace davit::embedded {
namespace {

constexpr std::size_t kReadSize = 8192;  ///< holds a request to create a container

namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

bool is_allowed(Socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

HttpResponse to_response(const Error& error, unsigned status = 409) {
  return {status, error_to_json(error)};
}

/// Ends when the client has closed its side (or sends what nobody asked for).
Task<void> client_gone(Socket& socket) {
  error_code error;
  co_await socket.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
}

/// Keeps whatever is thrown to itself: `||` would wait for the other side to succeed.
Task<void> store(Task<HttpResponse> answer, HttpResponse& out, std::exception_ptr& failure) {
  try {
    out = co_await std::move(answer);
  } catch (...) {
    failure = std::current_exception();
  }
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::io_context& c, Fd listener, HttpHandlers h)
      : acceptor(c), handlers(std::move(h)), group(c.get_executor()) {
    acceptor.assign(asio::local::stream_protocol(), listener.release());
    acceptor.non_blocking(true);
  }

  /// The next connection, from the backlog to its conversation in one go: has_pending() or connections() tells of it at
  /// any time. While there are no descriptors or no memory for it, it waits in the backlog.
  Task<Socket> next_connection() {
    asio::steady_timer pause(acceptor.get_executor());
    for (bool told = false;; told = true) {
      Socket socket(acceptor.get_executor());
      error_code error;
      co_await acceptor.async_wait(Socket::wait_read, asio::use_awaitable);
      acceptor.accept(socket, error);
      if (!error) co_return socket;
      if (error == asio::error::would_block || error == asio::error::connection_aborted) continue;
      if (!is_shortage(error.value())) throw boost::system::system_error(error);
      if (!told) log_warning("a connection has to wait: " + error.message());
      pause.expires_after(kShortagePause);
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  void begin(Socket socket, std::optional<HttpRequest> first) {
    ++connections;
    group.spawn(session(std::move(socket), std::move(first)));
  }

  Task<void> session(Socket socket, std::optional<HttpRequest> first) {
    try {
      if (first) {
        const HttpResponse response = co_await answer(socket, *std::move(first));
        co_await respond(socket, response, true);
      }
      co_await converse(socket);
    } catch (const boost::system::system_error&) {
      // The client is gone, or we are being stopped: either way this conversation is over.
    } catch (const std::exception& error) {
      log_warning(std::string("a conversation ended early: ") + error.what());
    }
    --connections;
    error_code ignored;
    socket.close(ignored);
    try {
      handlers.disconnected();
    } catch (const std::exception& error) {
      // Out of here it would end the server and every other conversation.
      log_warning(std::string("after a conversation: ") + error.what());
    }
  }

  Task<void> converse(Socket& socket) {
    boost::beast::flat_buffer buffer(kMaxBody + 65536);
    for (bool keep = true; keep;) {
      buffer.reserve(kReadSize);
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMaxBody);
      error_code error;
      co_await http::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error == http::error::end_of_stream) co_return;
      if (error) {
        const HttpResponse bad = to_response(Error("malformed request: " + error.message()), 400);
        co_await respond(socket, bad, false);
        co_return;
      }
      http::request<http::string_body> message = parser.release();
      if (buffer.size() == 0) buffer.shrink_to_fit();
      std::optional<HttpRequest> request = parse_target({message.target().data(), message.target().size()});
      if (!request) {
        const HttpResponse bad = to_response(Error("malformed target"), 400);
        co_await respond(socket, bad, false);
        co_return;
      }
      request->method = std::string(message.method_string());
      request->body = std::move(message.body());
      request->cause = std::string(message["Davit-Cause"]);
      request->turn = std::string(message["Davit-Turn"]);
      if (const std::string sent(message["Davit-First-Sent"]); !sent.empty())
        request->first_sent = std::strtoll(sent.c_str(), nullptr, 10);
      if (message[http::field::upgrade] == "davit-stdin") {
        std::string early(static_cast<const char*>(buffer.data().data()), buffer.size());
        co_await take_input(socket, std::move(*request), std::move(early));
        co_return;
      }
      keep = message.keep_alive();
      HttpResponse response = co_await answer(socket, std::move(*request));
      co_await respond(socket, response, keep);
    }
  }

  Task<HttpResponse> answer(Socket& socket, HttpRequest request) {
    HttpResponse response;
    const bool abandonable = handlers.abandonable(request);
    std::exception_ptr failure;
    try {
      Task<HttpResponse> answering = handlers.answer(std::move(request), socket.native_handle());
      if (abandonable) {
        using namespace asio::experimental::awaitable_operators;
        std::exception_ptr thrown;
        Task<void> storing = store(std::move(answering), response, thrown);
        Task<void> watching = client_gone(socket);
        co_await (std::move(storing) || std::move(watching));
        if (thrown) std::rethrow_exception(thrown);
      } else {
        response = co_await std::move(answering);
      }
    } catch (const Error& error) {
      response = to_response(error);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) failure = std::current_exception();
      response = to_response(Error(error.what()), 500);
    } catch (const std::exception& error) {
      response = to_response(Error(error.what()), 500);
    }
    if (failure) std::rethrow_exception(failure);
    co_return response;
  }

  Task<void> respond(Socket& socket, HttpResponse response, bool keep) {
    http::response<http::string_body> message(static_cast<http::status>(response.status), 11);
    message.set(http::field::content_type, "application/json");
    message.keep_alive(keep);
    message.body() = std::move(response.body);
    message.prepare_payload();
    co_await http::async_write(socket, message, asio::use_awaitable);
  }

  Task<void> take_input(Socket& socket, HttpRequest request, std::string bytes) {
    std::unique_ptr<InputSink> sink;
    std::optional<HttpResponse> refused;
    try {
      sink = handlers.attach(request);
    } catch (const Error& error) {
      refused = to_response(error);
    }
    if (refused) {
      co_await respond(socket, *refused, false);
      co_return;
    }
    const std::string switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: davit-stdin\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(switching), asio::use_awaitable);
    std::array<char, 16384> chunk{};
    for (;;) {
      if (!bytes.empty()) co_await sink->write(std::move(bytes));
      error_code error;
      const std::size_t got =
          co_await socket.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::eof) break;
      if (error) throw boost::system::system_error(error);
      bytes.assign(chunk.data(), got);
    }
    sink->close();
  }

  asio::local::stream_protocol::acceptor acceptor;
  HttpHandlers handlers;
  TaskGroup group;
  std::size_t connections = 0;
};

HttpServer::HttpServer(asio::io_context& context, Fd listener, HttpHandlers handlers)
    : impl_(std::make_unique<Impl>(context, std::move(listener), std::move(handlers))) {}

HttpServer::~HttpServer() = default;

void HttpServer::adopt(Fd connection, HttpRequest request) {
  Socket socket(impl_->acceptor.get_executor());
  socket.assign(asio::local::stream_protocol(), connection.release());
  impl_->begin(std::move(socket), std::move(request));
}

Task<void> HttpServer::serve() {
  Impl& impl = *impl_;
  std::exception_ptr failure;
  try {
    for (;;) {
      Socket socket = co_await impl.next_connection();
      if (!is_allowed(socket) || impl.connections >= kMaxConnections) continue;
      impl.begin(std::move(socket), std::nullopt);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  impl.group.cancel();
  co_await impl.group.join();
  std::rethrow_exception(failure);
}

std::size_t HttpServer::connections() const {
  return impl_->connections;
}

bool HttpServer::has_pending() const {
  pollfd entry{impl_->acceptor.native_handle(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

bool is_open_and_quiet(int connection) {
  char byte = 0;
  return ::recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

Fd listen_at(const std::string& path) {
  const UnixAddress where = UnixAddress::of(path);
  const sockaddr_un address = where.raw();
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw_system_error("make", "the supervisor's socket", errno);
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (bound != 0) throw_system_error("bind", path, error);
  if (::listen(socket.get(), 4096) != 0) throw_system_error("listen at", path, errno);
  return socket;
}

}  // namespace davit::embedded
