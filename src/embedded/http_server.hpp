#pragma once
// HTTP/1.1 on the supervisor's unix socket: framing, limits and who may ask. What is answered is the caller's.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "davit/async/task.hpp"
#include "davit/base/fd.hpp"
#include "embedded/protocol.hpp"

namespace davit::embedded {

/// Where the bytes of an attached stdin go.
class InputSink {
 public:
  virtual ~InputSink() = default;
  /// Throws when nobody can take them any more.
  virtual Task<void> write(std::string bytes) = 0;
  virtual void close() = 0;
};

struct HttpHandlers {
  /// Not cancelled when the client goes away, unless `abandonable` says so. What it throws becomes an error answer.
  /// With the descriptor of the connection, open until it has answered.
  std::function<Task<HttpResponse>(HttpRequest, int)> answer;
  std::function<bool(const HttpRequest&)> abandonable;
  /// For requests with "Upgrade: davit-stdin".
  std::function<std::unique_ptr<InputSink>(const HttpRequest&)> attach;
  std::function<void()> disconnected;
};

class HttpServer {
 public:
  static constexpr std::uint64_t kMaxBody = 16U << 20U;
  static constexpr std::size_t kMaxConnections = 4096;

  /// `listener` is a listening unix socket, kept by this object.
  HttpServer(asio::io_context& context, Fd listener, HttpHandlers handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Goes on with a connection that another process has accepted, and with the request that it has read there.
  void adopt(Fd connection, HttpRequest request);
  /// Accepts and answers until cancelled; connections under way end then.
  Task<void> serve();
  /// Those adopted included.
  [[nodiscard]] std::size_t connections() const;
  /// True if somebody has connected and was not accepted yet.
  [[nodiscard]] bool has_pending() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether nothing has come on the connection and its other side is open.
[[nodiscard]] bool is_open_and_quiet(int connection);

/// A listening socket at the path, mode 0600; one that is there is replaced. Throws Error.
[[nodiscard]] Fd listen_at(const std::string& path);

}  // namespace davit::embedded
