#include "davit/yaml/timestamp.hpp"

#include <array>
#include <cstdio>

namespace davit::yaml {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a text apart from the front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  /// One digit up to `most` of them; -1 when there is none.
  int number(std::size_t most) {
    int value = -1;
    for (std::size_t i = 0; i < most && !rest_.empty() && is_digit(rest_.front()); ++i) {
      value = (value < 0 ? 0 : value) * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// ".123" or ",123", without zeros at its end; empty when there is none.
  std::string fraction() {
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !is_digit(rest_[1])) return {};
    std::string digits = ".";
    for (rest_.remove_prefix(1); !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1))
      if (digits.size() < 10) digits += rest_.front();
    while (digits.ends_with('0')) digits.pop_back();
    return digits == "." ? std::string() : digits;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool is_day(int year, int month, int day) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

/// "Z" or "+hh:mm"; empty when it is neither.
std::string zone_of(std::string_view text) {
  if (text == "Z") return "Z";
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
  for (const std::size_t i : {1U, 2U, 4U, 5U})
    if (!is_digit(text[i])) return {};
  if (text.substr(1, 2) > "24" || text.substr(4) > "59") return {};
  return text.substr(1) == "00:00" ? "Z" : std::string(text);
}

std::string padded(int value, int width) {
  char text[16];
  std::snprintf(text, sizeof text, "%0*d", width, value);
  return text;
}

}  // namespace

std::optional<std::string> parse_timestamp(std::string_view text) {
  if (text.size() < 8 || text[4] != '-') return std::nullopt;
  Cursor cursor(text);
  const int year = cursor.number(4);
  if (year < 0 || !cursor.take('-')) return std::nullopt;
  const int month = cursor.number(2);
  if (!cursor.take('-')) return std::nullopt;
  const int day = cursor.number(2);
  if (!is_day(year, month, day)) return std::nullopt;
  const std::string date = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T";
  if (cursor.done()) return date + "00:00:00Z";
  const bool zoned = cursor.take('T') || cursor.take('t');
  if (!zoned && !cursor.take(' ')) return std::nullopt;
  const int hour = cursor.number(2);
  if (!cursor.take(':')) return std::nullopt;
  const int minute = cursor.number(2);
  if (!cursor.take(':')) return std::nullopt;
  const int second = cursor.number(2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const std::string fraction = cursor.fraction();
  const std::string zone = zoned ? zone_of(cursor.rest()) : cursor.done() ? "Z" : "";
  if (zone.empty()) return std::nullopt;
  return date + padded(hour, 2) + ":" + padded(minute, 2) + ":" + padded(second, 2) + fraction + zone;
}

std::string timestamp_as_string(std::string_view rfc3339) {
  constexpr std::size_t kTimeEnd = 19;  // of "2001-12-14T21:59:43"
  if (rfc3339.size() <= kTimeEnd) return std::string(rfc3339);
  const std::size_t zone = rfc3339.find_first_of("Z+-", kTimeEnd);
  std::string text(rfc3339.substr(0, zone));
  text[10] = ' ';
  if (zone == std::string_view::npos || rfc3339[zone] == 'Z') return text + " +0000 UTC";
  std::string offset(rfc3339.substr(zone));
  offset.erase(3, 1);
  return text + " " + offset + " " + offset;
}

}  // namespace davit::yaml
