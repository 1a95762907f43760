#include "davit/base/units.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace davit {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kKi = 1024.0;
constexpr std::array<Unit, 17> kByteUnits{{{"", 1},
                                           {"b", 1},
                                           {"k", kKi},
                                           {"kb", kKi},
                                           {"kib", kKi},
                                           {"m", kKi* kKi},
                                           {"mb", kKi* kKi},
                                           {"mib", kKi* kKi},
                                           {"g", kKi* kKi* kKi},
                                           {"gb", kKi* kKi* kKi},
                                           {"gib", kKi* kKi* kKi},
                                           {"t", kKi* kKi* kKi* kKi},
                                           {"tb", kKi* kKi* kKi* kKi},
                                           {"tib", kKi* kKi* kKi* kKi},
                                           {"p", kKi* kKi* kKi* kKi* kKi},
                                           {"pb", kKi* kKi* kKi* kKi* kKi},
                                           {"pib", kKi* kKi* kKi* kKi* kKi}}};

constexpr std::array<Unit, 9> kTimeUnits{{{"ns", 1},
                                          {"us", 1e3},
                                          {"\xC2\xB5s", 1e3},
                                          {"ms", 1e6},
                                          {"s", 1e9},
                                          {"m", 60e9},
                                          {"h", 3600e9},
                                          {"d", 86400e9},
                                          {"w", 604800e9}}};

/// A decimal number in parts.
struct Decimal {
  std::optional<std::int64_t> whole;  ///< nullopt: too large
  double fraction = 0;                ///< its digits behind the point, as a number
  double scale = 1;                   ///< what they are to be divided by
};

/// Reads "12", "1.5" or ".5" at the front; nullopt when there is no digit.
std::optional<Decimal> take_decimal(std::string_view& text) {
  const auto digits_from = [&](std::size_t at) {
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
    return at;
  };
  const std::size_t point = digits_from(0);
  std::size_t end = point;
  Decimal number{0};
  if (point > 0) {
    std::int64_t whole = 0;
    const bool fits = std::from_chars(text.data(), text.data() + point, whole).ec == std::errc{};
    number.whole = fits ? std::optional(whole) : std::nullopt;
  }
  if (point < text.size() && text[point] == '.') {
    constexpr std::size_t kDigits = 15;  // as many as a double holds, and more than nanoseconds can tell apart
    end = digits_from(point + 1);
    for (std::size_t i = point + 1; i < std::min(end, point + 1 + kDigits); ++i) {
      number.fraction = number.fraction * 10 + (text[i] - '0');
      number.scale *= 10;
    }
    if (end == point + 1 && point == 0) return std::nullopt;
  }
  if (end == 0) return std::nullopt;
  text.remove_prefix(end);
  return number;
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string bad_bytes(std::string_view text) {
  return quoted(text) + " is not a byte size; write a number with an optional unit, such as 512m or 2g";
}

std::string bad_duration(std::string_view text) {
  return quoted(text) + " is not a duration; write numbers with units, such as 1m30s, 500ms or 2h";
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto lower = [&](std::size_t i) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += lower(i);
      continue;
    }
    const auto digit = [&](std::size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    if (i == 0 || !digit(i + 1) || !(digit(i - 1) || (i == 2 && lower(1) == 'x'))) return std::nullopt;
  }
  double value = std::numeric_limits<double>::infinity();
  if (plain == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (plain != "inf" && plain != "infinity") {
    const bool hex = plain.starts_with("0x");
    if (hex && plain.find('p') == std::string::npos) return std::nullopt;
    const char* begin = plain.data() + (hex ? 2 : 0);
    const char* last = plain.data() + plain.size();
    if (begin == last || (std::isxdigit(static_cast<unsigned char>(*begin)) == 0 && *begin != '.')) return std::nullopt;
    const auto format = hex ? std::chars_format::hex : std::chars_format::general;
    const auto [end, error] = std::from_chars(begin, last, value, format);
    const bool vanishes = error == std::errc::result_out_of_range && std::fabs(value) < 1;
    if (end != last || (error != std::errc{} && !vanishes)) return std::nullopt;
  }
  return negative ? -value : value;
}

Result<std::int64_t, std::string> parse_bytes(std::string_view text) {
  std::int64_t plain = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), plain);
  if (problem == std::errc{} && end == digits.data() + digits.size() && !text.starts_with("+-")) return plain;
  // As docker compose has it: the number goes up to the last digit, and may be all that a floating-point literal is.
  const std::size_t last = text.find_last_of("0123456789. ");
  if (last == std::string_view::npos) return bad_bytes(text);
  const auto number = parse_number(text.substr(0, text[last] == ' ' ? last : last + 1));
  if (!number || *number < 0) return bad_bytes(text);
  std::string unit(text.substr(last + 1));
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* const found =
      std::find_if(kByteUnits.begin(), kByteUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (found == kByteUnits.end()) return bad_bytes(text);
  const double bytes = *number * found->factor;
  if (!(bytes < static_cast<double>(std::numeric_limits<std::int64_t>::max())))
    return quoted(text) + " is too large for a byte size";
  return static_cast<std::int64_t>(bytes);
}

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 6> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (std::abs(value) >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> buffer{};
  const bool whole = value == std::floor(value);
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, whole ? 0 : 1);
  return std::string(buffer.data(), result.ptr) + std::string(kNames[unit]);
}

Result<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::chrono::nanoseconds{0};
  if (rest.empty()) return bad_duration(text);
  // In whole nanoseconds: a sum of doubles makes 1.014999999s of 1015ms.
  std::int64_t total = 0;
  while (!rest.empty()) {
    const auto number = take_decimal(rest);
    if (!number) return bad_duration(text);
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '.' && std::isdigit(static_cast<unsigned char>(rest[length])) == 0)
      ++length;
    const std::string_view unit = rest.substr(0, length);
    const auto* const found =
        std::find_if(kTimeUnits.begin(), kTimeUnits.end(), [&](const Unit& u) { return u.name == unit; });
    if (found == kTimeUnits.end()) return bad_duration(text);
    const auto part = static_cast<std::int64_t>(number->fraction * (found->factor / number->scale));
    std::int64_t whole = 0;
    if (!number->whole || __builtin_mul_overflow(*number->whole, static_cast<std::int64_t>(found->factor), &whole) ||
        __builtin_add_overflow(total, whole, &total) || __builtin_add_overflow(total, part, &total))
      return quoted(text) + " is too long for a duration";
    rest.remove_prefix(length);
  }
  return std::chrono::nanoseconds{negative ? -total : total};
}

std::string format_duration(std::chrono::nanoseconds duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string out;
  if (left < 0) {
    out = "-";
    left = -left;
  }
  const auto fraction = [](std::int64_t value, std::int64_t unit) {
    std::string text = std::to_string(value / unit);
    if (value % unit != 0) {
      std::string digits = std::to_string(unit + value % unit).substr(1);
      while (digits.back() == '0') digits.pop_back();
      text += "." + digits;
    }
    return text;
  };
  if (left < 1'000) return out + std::to_string(left) + "ns";
  if (left < 1'000'000) return out + fraction(left, 1'000) + "\xC2\xB5s";
  if (left < 1'000'000'000) return out + fraction(left, 1'000'000) + "ms";
  constexpr std::int64_t kMinute = 60'000'000'000;
  constexpr std::int64_t kHour = 60 * kMinute;
  if (left >= kHour) out += std::to_string(left / kHour) + "h";
  if (left >= kMinute) out += std::to_string(left % kHour / kMinute) + "m";
  return out + fraction(left % kMinute, 1'000'000'000) + "s";
}

}  // namespace davit
