// Typing of plain scalars. YAML 1.2 core schema; in addition, as docker compose's reader has it: digits may be grouped
// by underscores, 0644 is octal, 0b101 is binary, and dates are their own kind.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "davit/yaml/number.hpp"
#include "davit/yaml/parse.hpp"
#include "davit/yaml/timestamp.hpp"

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
  if (auto date = parse_timestamp(text)) {
    node.kind = Kind::Timestamp;
    node.text = std::move(*date);
    return;
  }
  std::string plain(text);
  if (first != '.') std::erase(plain, '_');
  if (std::string decimal = integer_text(plain); first != '.' && !decimal.empty()) {
    node.kind = Kind::Int;
    node.text = std::move(decimal);
  } else if (looks_like_float(plain)) {
    const double value = std::strtod(plain.c_str(), nullptr);
    if (std::isinf(value)) return;  // 1e400 is text, as for docker compose's parser
    node.kind = Kind::Float;
    node.text = format_number(value);
  }
}

}  // namespace davit::yaml
