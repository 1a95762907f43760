#include <charconv>

#include "bind_values.hpp"
#include "davit/base/units.hpp"

namespace davit::compose::bind {

using yaml::Entry;
using yaml::Node;

const Node& at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  static const Node kNothing;
  return found == nullptr ? kNothing : *found;
}

std::string text(const Node& node, std::string_view key) {
  return at(node, key).text;
}

bool flag(const Node& node, std::string_view key) {
  return at(node, key).is_true();
}

std::optional<bool> maybe_flag(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr || found->is_null() ? std::nullopt : std::optional(found->is_true());
}

std::optional<std::int64_t> integer_of(const Node& node) {
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  return node.text.empty() || result.ec != std::errc{} || result.ptr != end ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> integer(const Node& node, std::string_view key) {
  return integer_of(at(node, key));
}

/// Where 0 means the same as nothing.
std::optional<std::int64_t> nonzero(const Node& node, std::string_view key) {
  const auto value = integer(node, key);
  return value == 0 ? std::nullopt : value;
}

std::optional<std::uint64_t> count(const Node& node, std::string_view key) {
  const auto value = integer(node, key);
  return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<double> number(const Node& node, std::string_view key) {
  const auto value = at(node, key).as_double();
  return value == 0 ? std::nullopt : value;
}

std::optional<std::chrono::nanoseconds> duration(const Node& node, std::string_view key) {
  const Node& found = at(node, key);
  if (found.is_null() || found.text.empty()) return std::nullopt;
  const auto value = parse_duration(found.text);
  return value ? std::optional(*value) : std::nullopt;
}

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> result;
  result.reserve(list.items.size());
  for (const Node& item : list.items) result.push_back(item.text);
  return result;
}

std::optional<std::vector<std::string>> maybe_texts(const Node& list) {
  return list.is_list() ? std::optional(texts(list)) : std::nullopt;
}

std::map<std::string, std::string> pairs(const Node& map) {
  std::map<std::string, std::string> result;
  for (const Entry& entry : map.entries) result.emplace_hint(result.end(), entry.key, entry.value.text);
  return result;
}

std::map<std::string, std::optional<std::string>> maybe_pairs(const Node& map) {
  std::map<std::string, std::optional<std::string>> result;
  for (const Entry& entry : map.entries)
    result.emplace_hint(result.end(), entry.key,
                        entry.value.is_null() ? std::nullopt : std::optional(entry.value.text));
  return result;
}

std::map<std::string, std::vector<std::string>> hosts(const Node& list) {
  std::map<std::string, std::vector<std::string>> result;
  for (const Node& item : list.items) {
    const std::size_t equals = item.text.find('=');
    result[item.text.substr(0, equals)].push_back(equals == std::string::npos ? "" : item.text.substr(equals + 1));
  }
  return result;
}

}  // namespace davit::compose::bind
