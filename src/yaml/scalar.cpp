// Typing of plain scalars. YAML 1.2 core schema; in addition, as docker compose's reader has it: digits may be grouped
// by underscores, 0644 is octal, 0b101 is binary, and dates are their own kind.

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "davit/yaml/parse.hpp"

namespace davit::yaml {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Word {
  std::string_view text;
  Kind kind;
  std::string_view value;
};

constexpr Word kWords[] = {
    {"", Kind::Null, ""},           {"~", Kind::Null, ""},          {"null", Kind::Null, ""},
    {"Null", Kind::Null, ""},       {"NULL", Kind::Null, ""},       {"true", Kind::Bool, "true"},
    {"True", Kind::Bool, "true"},   {"TRUE", Kind::Bool, "true"},   {"false", Kind::Bool, "false"},
    {"False", Kind::Bool, "false"}, {"FALSE", Kind::Bool, "false"}, {".nan", Kind::Float, "NaN"},
    {".NaN", Kind::Float, "NaN"},   {".NAN", Kind::Float, "NaN"},   {".inf", Kind::Float, "+Inf"},
    {".Inf", Kind::Float, "+Inf"},  {".INF", Kind::Float, "+Inf"},  {"+.inf", Kind::Float, "+Inf"},
    {"+.Inf", Kind::Float, "+Inf"}, {"+.INF", Kind::Float, "+Inf"}, {"-.inf", Kind::Float, "-Inf"},
    {"-.Inf", Kind::Float, "-Inf"}, {"-.INF", Kind::Float, "-Inf"}, {"-0", Kind::Float, "-0"},
    {"-0.0", Kind::Float, "-0"},
};

/// Decimal text of an integer literal, or empty when it is none or does not fit 64 bits.
std::string integer_text(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.remove_prefix(is_digit(mark) ? 1 : 2);
    if (base == 8 && !is_digit(mark) && mark != 'o' && mark != 'O') return {};
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  if (negative && value > (1ULL << 63U)) return {};
  return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

/// [-+]? (. digits | digits (. digits?)?) ([eE] [-+]? digits)?
bool looks_like_float(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  const std::size_t whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

/// "2001-12-14", with or without a time: four digits, then parts of one or two digits.
bool looks_like_date(std::string_view text) {
  if (text.size() < 8 || !std::all_of(text.begin(), text.begin() + 4, is_digit) || text[4] != '-') return false;
  std::size_t i = 5;
  for (int part = 0; part < 2; ++part) {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i]) && i - from < 2) ++i;
    const int value = std::atoi(std::string(text.substr(from, i - from)).c_str());
    if (i == from || value < 1 || value > (part == 0 ? 12 : 31)) return false;
    if (part == 0 && (i >= text.size() || text[i++] != '-')) return false;
  }
  if (i == text.size()) return true;
  const bool zoned = text[i] == 'T' || text[i] == 't';
  if (!zoned && text[i] != ' ') return false;
  return text.find(':', i) != std::string_view::npos &&
         (!zoned || text.find_first_of("Z+-", i) != std::string_view::npos);
}

}  // namespace

void type_plain_scalar(Node& node, std::string_view text) {
  node.kind = Kind::String;
  node.text = text;
  if (text.size() <= 5)
    for (const Word& word : kWords)
      if (word.text == text) {
        node.kind = word.kind;
        node.text = word.value;
        return;
      }
  const char first = text.empty() ? ' ' : text.front();
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return;
  if (looks_like_date(text)) {
    node.kind = Kind::Timestamp;
    return;
  }
  std::string plain(text);
  if (first != '.') std::erase(plain, '_');
  if (std::string decimal = integer_text(plain); first != '.' && !decimal.empty()) {
    node.kind = Kind::Int;
    node.text = std::move(decimal);
  } else if (looks_like_float(plain)) {
    node.kind = Kind::Float;
    node.text = format_number(std::strtod(plain.c_str(), nullptr));
  }
}

}  // namespace davit::yaml
