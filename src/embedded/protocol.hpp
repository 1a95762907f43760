#pragma once
// What client and supervisor say to each other over HTTP, apart from the values of the seam. Errors cross the line
// whole.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/embedded/client.hpp"

namespace davit::embedded {

/// What a client does about a request whose connection broke before the answer: its supervisor has died, and may have
/// done what was asked.
enum class WhenBroken {
  SendAgain,  ///< what was done already is not done twice: it is so by nature, or HttpRequest::first_sent shows it
  GiveUp,
};

struct HttpRequest {
  std::string method;
  std::string path;                                          ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query{};  ///< decoded
  std::string body{};
  std::string cause{};  ///< header Davit-Cause
  std::string turn{};   ///< header Davit-Turn: the id of the command's turn, if it has one
  /// Header Davit-First-Sent, of a request that is sent again: when it was sent first (nanoseconds of the wall clock).
  std::optional<std::int64_t> first_sent{};
  WhenBroken when_broken = WhenBroken::SendAgain;  ///< the client's affair

  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  /// A parameter that is a decimal number.
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise) const;
};

struct HttpResponse {
  unsigned status = 200;
  std::string body{};  ///< JSON, or empty
};

/// "/v1/containers/x/stop" with parameters, percent-encoded.
[[nodiscard]] std::string make_target(const std::string& path,
                                      const std::vector<std::pair<std::string, std::string>>& query = {});
/// Splits and decodes a target; nullopt when it is malformed.
[[nodiscard]] std::optional<HttpRequest> parse_target(std::string_view target);

/// A davit::Error with everything in it.
[[nodiscard]] std::string error_to_json(const Error& error);
[[nodiscard]] Error error_from_json(const std::string& text);

[[nodiscard]] std::string exec_request_to_json(const ExecRequest& request);
[[nodiscard]] ExecRequest exec_request_from_json(const std::string& text);

/// How to run what an exec asks for.
struct ExecPlan {
  std::vector<std::string> argv;
  std::string process_file;
  std::string log_file;  ///< the runtime's messages
  std::string pid_file;  ///< there when the program was started
  std::int64_t keeper_pid = 0;
  std::string cgroup{};  ///< of the container
};
[[nodiscard]] std::string exec_plan_to_json(const ExecPlan& plan);
[[nodiscard]] ExecPlan exec_plan_from_json(const std::string& text);

/// {"<name>": "text"}
[[nodiscard]] std::string text_to_json(std::string_view name, const std::string& text);
[[nodiscard]] std::string text_from_json(std::string_view name, const std::string& text);
/// {"<name>": number}
[[nodiscard]] std::string number_to_json(std::string_view name, std::int64_t number);
[[nodiscard]] std::int64_t number_from_json(std::string_view name, const std::string& text);

}  // namespace davit::embedded
