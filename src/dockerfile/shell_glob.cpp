#include "dockerfile/shell_glob.hpp"

#include <optional>

namespace davit::dockerfile {
namespace {

/// Linear in pattern times text: remembers the last star instead of recursing.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const char wanted = escaped ? pattern[p + 1] : (p < pattern.size() ? pattern[p] : '\0');
    if (p < pattern.size() && ((!escaped && wanted == '?') || wanted == text[t])) {
      p += escaped ? 2 : 1;
      ++t;
      continue;
    }
    if (!star) return false;
    p = *star + 1;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// Length of the longest match at the front; nullopt when there is none.
std::optional<std::size_t> longest_match(std::string_view pattern, std::string_view text) {
  for (std::size_t length = text.size() + 1; length-- > 0;)
    if (glob(pattern, text.substr(0, length))) return length;
  return std::nullopt;
}

}  // namespace

std::string trim_prefix(std::string_view value, std::string_view pattern, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t length = longest ? value.size() - i : i;
    if (glob(pattern, value.substr(0, length))) return std::string(value.substr(length));
  }
  return std::string(value);
}

std::string trim_suffix(std::string_view value, std::string_view pattern, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t keep = longest ? i : value.size() - i;
    if (glob(pattern, value.substr(keep))) return std::string(value.substr(0, keep));
  }
  return std::string(value);
}

std::string replace_matches(std::string_view value, std::string_view pattern, std::string_view replacement, bool all) {
  std::string out;
  std::size_t at = 0;
  while (at < value.size()) {
    const auto length = longest_match(pattern, value.substr(at));
    if (!length || *length == 0) {
      out += value[at++];
      continue;
    }
    out += replacement;
    at += *length;
    if (!all) break;
  }
  return out + std::string(value.substr(at));
}

}  // namespace davit::dockerfile
