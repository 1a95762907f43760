#include "davit/engine/device_rule.hpp"

#include <charconv>

namespace davit::engine {
namespace {

/// Takes the text up to the separator away from `rest`; nullopt when there is no separator.
std::optional<std::string_view> take(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return part;
}

/// False when it is no number of a device; "*" leaves `out` empty.
bool parse_number(std::string_view text, std::optional<std::int64_t>& out) {
  if (text == "*") return true;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  out = number;
  return true;
}

}  // namespace

std::optional<DeviceRule> parse_device_rule(std::string_view text) {
  const auto type = take(text, ' ');
  const auto major = take(text, ':');
  const auto minor = take(text, ' ');
  if (!type || !major || !minor) return std::nullopt;
  DeviceRule rule;
  if (*type != "a" && *type != "c" && *type != "b") return std::nullopt;
  rule.type = type->front();
  if (!parse_number(*major, rule.major) || !parse_number(*minor, rule.minor)) return std::nullopt;
  if (text.empty() || text.size() > 3 || text.find_first_not_of("rwm") != std::string_view::npos) return std::nullopt;
  rule.access = std::string(text);
  return rule;
}

}  // namespace davit::engine
