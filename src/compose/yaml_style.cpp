#include "yaml_style.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "davit/yaml/parse.hpp"

namespace davit::compose {
namespace {

constexpr std::size_t kLongestSimpleKey = 128;

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

/// Words that YAML 1.1 readers take for booleans.
bool is_old_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 16> kWords{"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
                                                    "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

/// Numbers to the base of 60, as YAML 1.1 has them: 22:22, 1:30.5. Groups after the first are below 60.
bool is_sexagesimal(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const auto at = [&](std::size_t k) { return k < text.size() ? text[k] : '\0'; };
  if (!is_digit(static_cast<unsigned char>(at(i)))) return false;
  while (is_digit(static_cast<unsigned char>(at(i))) || at(i) == '_') ++i;
  if (at(i) != ':') return false;
  while (at(i) == ':') {
    if (!is_digit(static_cast<unsigned char>(at(i + 1)))) return false;
    const bool two = is_digit(static_cast<unsigned char>(at(i + 2)));
    if (two && at(i + 1) > '5') return false;
    i += two ? 3 : 2;
  }
  if (at(i) == '.') {
    ++i;
    while (is_digit(static_cast<unsigned char>(at(i))) || at(i) == '_') ++i;
  }
  return i == text.size();
}

bool is_string_when_plain(std::string_view text) {
  yaml::Node node;
  yaml::type_plain_scalar(node, text);
  return node.is_string() && text != "<<";
}

bool is_line_break(std::string_view character) {
  return character == "\n" || character == "\r" || character == "\xC2\x85" || character == "\xE2\x80\xA8" ||
         character == "\xE2\x80\xA9";
}

/// What a text holds that decides about its style.
struct Traits {
  bool multiline = false;
  bool indicator = false;   ///< would be read as something else than a plain scalar
  bool edge_blank = false;  ///< a blank or break at an end
  bool trailing_space = false;
  bool space_before_break = false;
  bool space_after_break = false;
  bool tab = false;
  bool special = false;  ///< must be escaped
};

bool starts_with_indicator(std::string_view text) {
  if (text.starts_with("---") || text.starts_with("...")) return true;
  const bool alone = text.size() == 1 || text[1] == ' ' || text[1] == '\t';
  if (text[0] == '-' || text[0] == '?' || text[0] == ':') return alone;
  constexpr std::string_view kIndicators = "#,[]{}&*!|>'\"%@`";
  return kIndicators.find(text[0]) != std::string_view::npos;
}

Traits traits_of(std::string_view text) {
  Traits traits;
  traits.indicator = starts_with_indicator(text);
  std::string_view before;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view c = text.substr(i, utf8_width(text[i]));
    const std::string_view after = text.substr(i + c.size());
    const bool blank_before = i == 0 || before == " " || before == "\t" || is_line_break(before);
    const bool blank_after = after.empty() || after[0] == ' ' || after[0] == '\t';
    if (i > 0) traits.indicator |= (c == ":" && blank_after) || (c == "#" && blank_before);
    const bool breaks = is_line_break(c);
    traits.tab |= c == "\t";
    traits.special |= c != "\t" && !is_printable(c);
    traits.multiline |= breaks;
    traits.edge_blank |= (c == " " || breaks) && (i == 0 || after.empty());
    traits.trailing_space |= c == " " && after.empty();
    traits.space_before_break |= breaks && before == " ";
    traits.space_after_break |= c == " " && is_line_break(before);
    before = c;
    i += c.size();
  }
  return traits;
}

bool is_only_space(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

/// One character of UTF-8, decoded.
char32_t rune_at(std::string_view text, std::size_t& at) {
  const std::size_t width = std::min(utf8_width(text[at]), text.size() - at);
  const auto first = static_cast<unsigned char>(text[at]);
  char32_t rune = width == 1 ? first : first & (0xFFU >> (width + 1));
  for (std::size_t k = 1; k < width; ++k) rune = (rune << 6U) | (static_cast<unsigned char>(text[at + k]) & 0x3FU);
  at += width;
  return rune;
}

bool is_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xAA;
}

/// A run of digits at `at` as a number that may wrap, and where it ends. `value` carries what the digits before it say.
std::size_t take_number(std::u32string_view text, std::size_t at, std::uint64_t& value) {
  for (; at < text.size() && is_digit(text[at]); ++at) value = value * 10 + (text[at] - U'0');
  return at;
}

std::u32string decoded(std::string_view text) {
  std::u32string runes;
  for (std::size_t i = 0; i < text.size();) runes += rune_at(text, i);
  return runes;
}

/// Order of two keys that first differ at `i`; `digits` tells whether the character before is a digit.
bool less_from(std::u32string_view a, std::u32string_view b, std::size_t i, bool digits) {
  if (is_letter(a[i]) && is_letter(b[i])) return a[i] < b[i];
  if (is_letter(a[i]) || is_letter(b[i])) return digits ? is_letter(a[i]) : is_letter(b[i]);
  std::uint64_t number_a = 0;
  std::uint64_t number_b = 0;
  if (a[i] == '0' || b[i] == '0')
    for (std::size_t k = i; k > 0 && is_digit(a[k - 1]); --k)
      if (a[k - 1] != '0') {
        number_a = number_b = 1;  // the zero is no leading one
        break;
      }
  const std::size_t end_a = take_number(a, i, number_a);
  const std::size_t end_b = take_number(b, i, number_b);
  if (number_a != number_b) return number_a < number_b;
  if (end_a != end_b) return end_a < end_b;
  return a[i] < b[i];
}

}  // namespace

std::size_t utf8_width(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

bool is_printable(std::string_view character) {
  const auto byte = [&](std::size_t i) {
    return i < character.size() ? static_cast<unsigned char>(character[i]) : static_cast<unsigned char>(0);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return first == '\n' || (first >= 0x20 && first <= 0x7E);
  if (first == 0xC2) return byte(1) >= 0xA0;
  if (first == 0xED) return byte(1) < 0xA0;
  if (first == 0xEF) return character != "\xEF\xBB\xBF" && character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
  return first > 0xC2 && first < 0xF0;
}

ScalarStyle scalar_style(std::string_view text, ScalarPlace place) {
  if (text.empty()) return ScalarStyle::DoubleQuoted;
  const Traits traits = traits_of(text);
  const bool quotable = !traits.special && !traits.tab && !traits.space_before_break && !traits.space_after_break;
  if (text.find('\n') != std::string_view::npos) {
    const bool block = place == ScalarPlace::Value && text.size() > 1 && !is_only_space(text) &&
                       !traits.trailing_space && !traits.space_before_break && !traits.special;
    return block ? ScalarStyle::Literal : ScalarStyle::DoubleQuoted;
  }
  if (traits.multiline || !quotable) return ScalarStyle::DoubleQuoted;
  if (is_sexagesimal(text) || is_old_boolean(text) || text == "<<") return ScalarStyle::SingleQuoted;
  if (!is_string_when_plain(text)) return ScalarStyle::DoubleQuoted;
  return traits.indicator || traits.edge_blank ? ScalarStyle::SingleQuoted : ScalarStyle::Plain;
}

bool is_simple_key(std::string_view text) {
  return text.size() <= kLongestSimpleKey && !traits_of(text.empty() ? " " : text).multiline;
}

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  if (same == a.size() || same == b.size()) return a.size() < b.size();
  const std::u32string left = decoded(a);
  const std::u32string right = decoded(b);
  std::size_t i = 0;
  while (i < left.size() && i < right.size() && left[i] == right[i]) ++i;
  if (i == left.size() || i == right.size()) return left.size() < right.size();
  return less_from(left, right, i, i > 0 && is_digit(left[i - 1]));
}

}  // namespace davit::compose
