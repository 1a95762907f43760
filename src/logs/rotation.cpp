#include "davit/logs/rotation.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "davit/base/suggest.hpp"
#include "davit/base/units.hpp"

namespace davit::logs {
namespace {

using Options = std::map<std::string, std::string>;

constexpr std::size_t kNumberDigits = 6;
constexpr std::string_view kSuffix = ".log";
/// Docker's driver `local`: 20 MiB, 5 files (docs.docker.com, "Local file logging driver").
constexpr RotationPolicy kLocalDefault{.max_size = 20U << 20U, .max_files = 5};

std::optional<RotationError> read_max_size(const std::string& text, RotationPolicy& policy) {
  if (text == "-1") {
    policy.max_size = 0;
    return std::nullopt;
  }
  const auto size = parse_bytes(text);
  if (!size) return RotationError{"max-size", size.error()};
  if (*size <= 0) return RotationError{"max-size", "'" + text + "' is not a size above 0, or -1 for no limit"};
  policy.max_size = static_cast<std::uint64_t>(*size);
  return std::nullopt;
}

std::optional<RotationError> read_max_file(const std::string& text, RotationPolicy& policy) {
  std::uint32_t files = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), files);
  if (error != std::errc{} || end != text.data() + text.size() || files < 1)
    return RotationError{"max-file", "'" + text + "' is not a number of files; it must be 1 or more"};
  policy.max_files = files;
  return std::nullopt;
}

/// Options that say how output is handed over. davit's pump never blocks on a full disk and needs no buffer of its own.
std::optional<RotationError> check_delivery(const std::string& key, const std::string& value) {
  if (key == "mode" && value != "blocking" && value != "non-blocking")
    return RotationError{key, "'" + value + "' is not a mode; it is blocking or non-blocking"};
  if (key == "max-buffer-size") {
    const auto size = parse_bytes(value);
    if (!size) return RotationError{key, size.error()};
  }
  if (key == "compress" && value != "false")
    return RotationError{key, "compressed log files are not supported yet; 'compress' may only be \"false\""};
  return std::nullopt;
}

std::optional<RotationError> read_option(const std::string& key, const std::string& value, RotationPolicy& policy) {
  if (key == "max-size") return read_max_size(value, policy);
  if (key == "max-file") return read_max_file(value, policy);
  if (key == "mode" || key == "max-buffer-size" || key == "compress") return check_delivery(key, value);
  static constexpr std::array<std::string_view, 5> kLater{"env", "env-regex", "labels", "labels-regex", "tag"};
  if (std::find(kLater.begin(), kLater.end(), key) != kLater.end())
    return RotationError{key, "the logging option '" + key + "' is not supported yet"};
  const std::vector<std::string> known{"compress", "max-buffer-size", "max-file", "max-size", "mode"};
  const auto near = nearest(key, known);
  return RotationError{key, "unknown logging option '" + key + "'; known are " + join_names(known) +
                                (near ? "; did you mean '" + *near + "'?" : "")};
}

}  // namespace

Result<RotationPolicy, RotationError> parse_rotation(std::string_view driver, const Options& options) {
  RotationPolicy policy;
  if (driver == "none") {
    policy.keep = RotationPolicy::Keep::Nothing;
    return policy;
  }
  if (driver == "local") {
    policy = kLocalDefault;
  } else if (!driver.empty() && driver != "json-file") {
    return RotationError{"", "the logging driver '" + std::string(driver) +
                                 "' is not supported yet; supported are json-file, local and none"};
  }
  for (const auto& [key, value] : options)
    if (auto error = read_option(key, value, policy)) return *error;
  return policy;
}

std::string log_file_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return digits.append(kSuffix);
}

std::optional<std::uint64_t> log_file_number(std::string_view file_name) {
  if (file_name.size() < kNumberDigits + kSuffix.size() || !file_name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view digits = file_name.substr(0, file_name.size() - kSuffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace davit::logs
