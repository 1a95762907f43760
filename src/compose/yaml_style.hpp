#pragma once
// In which style a string is written as a YAML scalar. Docker compose's output is the measure, so that the two can be
// compared as text: plain where it reads back as the same string, else quoted, and a block for several lines.

#include <string>
#include <string_view>

namespace davit::compose {

enum class ScalarStyle { Plain, SingleQuoted, DoubleQuoted, Literal };

/// Where a scalar stands: blocks and folded lines are for values only.
enum class ScalarPlace { Key, Value };

/// The style that keeps the text a string of the same content.
[[nodiscard]] ScalarStyle scalar_style(std::string_view text, ScalarPlace place);

/// Whether a key can stand in front of its ':' without "? " before it.
[[nodiscard]] bool is_simple_key(std::string_view text);

/// How a mapping's keys are ordered in YAML: as a person sorts them, numbers in them by value ("s2" before "s10").
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

/// The number of bytes of the UTF-8 character that starts with `first`; 1 for a byte that starts none.
[[nodiscard]] std::size_t utf8_width(char first);

/// Whether a character of YAML may be written as it is (the tab and line breaks besides \n may not).
[[nodiscard]] bool is_printable(std::string_view character);

}  // namespace davit::compose
