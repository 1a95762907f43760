#include "davit/logs/timestamp.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "davit/base/units.hpp"

namespace davit::logs {
namespace {

namespace chr = std::chrono;

void put_digits(char* at, std::int64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes exactly `digits` digits from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123" as nanoseconds; more than nine digits are cut. nullopt when no digit follows the point.
std::optional<chr::nanoseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return chr::nanoseconds{0};
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits)
    if (digits < 9) value = value * 10 + (text[digits] - '0');
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  for (std::size_t i = digits; i < 9; ++i) value *= 10;
  return chr::nanoseconds{value};
}

struct Civil {
  chr::local_time<chr::nanoseconds> local;
  std::optional<chr::seconds> offset;  ///< local minus UTC, when the text says so
  bool has_seconds = false;
};

std::optional<chr::local_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const chr::year_month_day date{chr::year{*year}, chr::month{static_cast<unsigned>(*month)},
                                 chr::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return chr::local_days{date};
}

/// "T03", "T03:30", "T03:30:00", "T03:30:00.5", or nothing.
std::optional<chr::nanoseconds> take_time(std::string_view& text, bool& has_seconds) {
  if (!take(text, 'T') && !take(text, 't')) return chr::nanoseconds{0};
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23) return std::nullopt;
  chr::nanoseconds time = chr::hours{*hour};
  if (!take(text, ':')) return time;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  time += chr::minutes{*minute};
  if (!take(text, ':')) return time;
  const auto second = take_digits(text, 2);
  const auto fraction = second ? take_fraction(text) : std::nullopt;
  if (!fraction || *second > 60) return std::nullopt;
  has_seconds = true;
  return time + chr::seconds{*second} + *fraction;
}

/// "Z", "+02:00", or nothing; false when it is something else.
bool take_zone(std::string_view& text, std::optional<chr::seconds>& offset) {
  if (text.empty()) return true;
  if (take(text, 'Z') || take(text, 'z')) {
    offset = chr::seconds{0};
    return text.empty();
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '-') && !take(text, '+')) return false;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return false;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return false;
  offset = sign * (chr::hours{*hours} + chr::minutes{*minutes});
  return text.empty();
}

std::optional<Civil> parse_civil(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  Civil civil;
  const auto time = take_time(text, civil.has_seconds);
  if (!time || !take_zone(text, civil.offset)) return std::nullopt;
  civil.local = chr::local_time<chr::nanoseconds>{*date} + *time;
  return civil;
}

WallTime to_utc(const Civil& civil, chr::seconds offset) {
  return WallTime{civil.local.time_since_epoch() - offset};
}

/// The result of a date this room can hold: int64 nanoseconds reach from 1678 to 2262.
bool representable(std::string_view text) {
  int year = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min<std::size_t>(4, text.size()), year);
  return error == std::errc{} && end == text.data() + 4 && year >= 1678 && year < 2262;
}

std::optional<WallTime> parse_unix(std::string_view text) {
  const bool negative = take(text, '-');
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || seconds > 9'000'000'000 || seconds < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto fraction = take_fraction(text);
  if (!fraction || !text.empty()) return std::nullopt;
  const chr::nanoseconds total = chr::seconds{seconds} + *fraction;
  return WallTime{negative ? -total : total};
}

}  // namespace

TimestampText format_timestamp(WallTime time) {
  const auto days = chr::floor<chr::days>(time);
  const chr::year_month_day date{days};
  const std::int64_t in_day = (time - days).count();
  const std::int64_t seconds = in_day / 1'000'000'000;
  TimestampText text{};
  char* const at = text.data();
  put_digits(at, std::clamp(static_cast<int>(date.year()), 0, 9999), 4);
  at[4] = '-';
  put_digits(at + 5, static_cast<unsigned>(date.month()), 2);
  at[7] = '-';
  put_digits(at + 8, static_cast<unsigned>(date.day()), 2);
  at[10] = 'T';
  put_digits(at + 11, seconds / 3600, 2);
  at[13] = ':';
  put_digits(at + 14, seconds / 60 % 60, 2);
  at[16] = ':';
  put_digits(at + 17, seconds % 60, 2);
  at[19] = '.';
  put_digits(at + 20, in_day % 1'000'000'000, 9);
  at[29] = 'Z';
  return text;
}

std::optional<WallTime> parse_timestamp(std::string_view text) {
  if (!representable(text)) return std::nullopt;
  const auto civil = parse_civil(text);
  if (!civil || !civil->offset || !civil->has_seconds) return std::nullopt;
  return to_utc(*civil, *civil->offset);
}

Result<WallTime, std::string> parse_log_time(std::string_view text, const TimeContext& context) {
  if (const auto unix_time = parse_unix(text)) return *unix_time;
  if (const auto duration = parse_duration(text)) return context.now - *duration;
  if (const auto civil = representable(text) ? parse_civil(text) : std::nullopt) {
    if (civil->offset) return to_utc(*civil, *civil->offset);
    const auto offset =
        context.utc_offset == nullptr ? chr::seconds{0} : context.utc_offset(chr::floor<chr::seconds>(civil->local));
    return to_utc(*civil, offset);
  }
  return "'" + std::string(text) +
         "' is not a time; write a duration back from now (10m, 1h30m), a date and time (2026-11-23T03:30:00Z, "
         "2026-11-23) or unix seconds";
}

std::chrono::seconds local_utc_offset(std::chrono::local_seconds local) {
  const auto days = chr::floor<chr::days>(local);
  const chr::year_month_day date{days};
  std::tm fields{};
  fields.tm_year = static_cast<int>(date.year()) - 1900;
  fields.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  fields.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  fields.tm_sec = static_cast<int>((local - days).count());
  fields.tm_isdst = -1;
  const std::time_t utc = std::mktime(&fields);
  return local.time_since_epoch() - chr::seconds{utc};
}

}  // namespace davit::logs
