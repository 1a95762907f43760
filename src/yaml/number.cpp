#include "davit/yaml/number.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace davit::yaml {
namespace {

/// 0.DIGITS × 10^point; no zeros at either end of the digits, none at all for zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// False when the text is no decimal number.
bool parse(std::string_view text, Decimal& number) {
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) number.negative = text[i++] == '-';
  bool any = false;
  bool fraction = false;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (number.digits.empty() && text[i] == '0') {
      number.point -= fraction ? 1 : 0;
      continue;
    }
    number.digits += text[i];
    number.point += fraction ? 0 : 1;
  }
  if (!any) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    int exponent = 0;
    const std::size_t from = i + 1 < text.size() && text[i + 1] == '+' ? i + 2 : i + 1;
    const auto [end, error] = std::from_chars(text.data() + from, text.data() + text.size(), exponent);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    number.point += exponent;
    i = text.size();
  }
  while (number.digits.ends_with('0')) number.digits.pop_back();
  if (number.digits.empty()) number.point = 1;
  return i == text.size();
}

std::string fixed(const Decimal& number) {
  const int size = static_cast<int>(number.digits.size());
  std::string text = number.negative ? "-" : "";
  if (number.point <= 0) text += "0";
  for (int i = 0; i < number.point; ++i) text += i < size ? number.digits[static_cast<std::size_t>(i)] : '0';
  if (number.point >= size) return text;
  text += '.';
  text.append(number.point < 0 ? static_cast<std::size_t>(-number.point) : 0, '0');
  return text + number.digits.substr(number.point > 0 ? static_cast<std::size_t>(number.point) : 0);
}

std::string scientific(const Decimal& number, std::size_t exponent_digits) {
  std::string text = number.negative ? "-" : "";
  text += number.digits[0];
  if (number.digits.size() > 1) text += "." + number.digits.substr(1);
  const int exponent = number.point - 1;
  std::string size = std::to_string(std::abs(exponent));
  if (size.size() < exponent_digits) size.insert(0, exponent_digits - size.size(), '0');
  return text + (exponent < 0 ? "e-" : "e+") + size;
}

}  // namespace

std::string general_number(std::string_view text) {
  Decimal number;
  if (!parse(text, number)) return std::string(text);
  const int exponent = number.point - 1;
  const bool plain = number.digits.empty() || (exponent >= -4 && exponent < 6);
  return plain ? fixed(number) : scientific(number, 2);
}

std::string json_number(std::string_view text) {
  Decimal number;
  if (!parse(text, number)) return std::string(text);
  const int exponent = number.point - 1;
  if (number.digits.empty() || (exponent >= -6 && exponent < 21)) return fixed(number);
  return scientific(number, exponent < 0 ? 1 : 2);
}

std::string format_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  return general_number({buffer, result.ptr});
}

}  // namespace davit::yaml
