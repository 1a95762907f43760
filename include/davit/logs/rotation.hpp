#pragma once
// How much of a container's output is kept: the `logging:` of a service.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"

namespace davit::logs {

/// What happens to output. Docker's json-file driver without options: kept without limit.
struct RotationPolicy {
  enum class Keep : std::uint8_t { Files, Nothing };  ///< Nothing is the driver `none`

  Keep keep = Keep::Files;
  std::uint64_t max_size = 0;   ///< bytes of a file before the next is begun; 0 means no limit
  std::uint32_t max_files = 1;  ///< files kept, the one being written included; matters with max_size only

  friend bool operator==(const RotationPolicy&, const RotationPolicy&) = default;
};

/// From `logging.driver` and `logging.options`. Drivers: json-file (and empty), local, none. Options: max-size,
/// max-file, mode, max-buffer-size and compress: "false". The error names what is wrong and what is allowed; `option`
/// is the key it is about, empty for the driver.
struct RotationError {
  std::string option;
  std::string message;
};
[[nodiscard]] Result<RotationPolicy, RotationError> parse_rotation(std::string_view driver,
                                                                   const std::map<std::string, std::string>& options);

/// Names of log files: "000001.log", "000002.log", … in the container's log folder; the highest is being written.
/// A file is never renamed, so a reader that knows a number knows what follows.
[[nodiscard]] std::string log_file_name(std::uint64_t number);
/// The number in a file's name; nullopt for other files.
[[nodiscard]] std::optional<std::uint64_t> log_file_number(std::string_view file_name);

}  // namespace davit::logs
