#pragma once
// Requests to the supervisor, any number at once: each takes an idle connection or opens one.

#include <memory>
#include <optional>
#include <string>

#include "davit/async/task.hpp"
#include "davit/embedded/client.hpp"
#include "embedded/protocol.hpp"

namespace davit::embedded {

class HttpClient {
 public:
  explicit HttpClient(std::string socket_path);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  struct Reply {
    std::optional<HttpResponse> response;  ///< none: nobody listens, or the connection broke before it was there
    bool sent = false;                     ///< without a response: the request may have been done all the same
  };
  Task<Reply> request(HttpRequest request);
  /// Opens a connection for the next request: a supervisor with a connection does not end. False when nobody listens;
  /// throws Error when it is not known whether somebody does.
  Task<bool> connect();
  /// Upgrades a connection to the stdin of a container. nullptr as above; throws the supervisor's refusal.
  Task<std::unique_ptr<StdinStream>> attach(HttpRequest request);
  /// Closes idle connections.
  void close_idle();
  /// False: none has ever been idle.
  [[nodiscard]] bool was_connected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::embedded
