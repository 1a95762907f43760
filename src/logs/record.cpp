#include "davit/logs/record.hpp"

#include <algorithm>

namespace davit::logs {
namespace {

constexpr std::string_view kStdoutFull = " stdout F ";
constexpr std::string_view kStdoutPartial = " stdout P ";
constexpr std::string_view kStderrFull = " stderr F ";
constexpr std::string_view kStderrPartial = " stderr P ";

/// The record when it looks as ours do: fixed places for everything.
bool parse_fixed(std::string_view line, Record& record) {
  if (line.size() < kHeaderSize || line[kTimestampSize - 1] != 'Z' || line[19] != '.') return false;
  const std::string_view middle = line.substr(kTimestampSize, kHeaderSize - kTimestampSize);
  if (middle == kStdoutFull || middle == kStdoutPartial) {
    record.stream = Stream::Stdout;
  } else if (middle == kStderrFull || middle == kStderrPartial) {
    record.stream = Stream::Stderr;
  } else {
    return false;
  }
  record.extent = middle[8] == 'F' ? Extent::Full : Extent::Partial;
  record.time = line.substr(0, kTimestampSize);
  record.text = line.substr(kHeaderSize);
  return true;
}

std::optional<std::string_view> take_word(std::string_view& text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto word = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return word;
}

/// Any other record of the format: time stamps of other lengths, further tags behind a colon.
bool parse_any(std::string_view line, TimestampText& scratch, Record& record) {
  std::string_view rest = line;
  const auto time = take_word(rest);
  const auto stream = time ? take_word(rest) : std::nullopt;
  const auto tags = stream ? take_word(rest) : std::nullopt;
  if (!tags || (*stream != "stdout" && *stream != "stderr")) return false;
  const auto tag = tags->substr(0, tags->find(':'));
  const auto moment = parse_timestamp(*time);
  if (!moment || (tag != "F" && tag != "P")) return false;
  scratch = format_timestamp(*moment);
  record = Record{.time = view(scratch),
                  .stream = *stream == "stdout" ? Stream::Stdout : Stream::Stderr,
                  .extent = tag == "F" ? Extent::Full : Extent::Partial,
                  .text = rest};
  return true;
}

}  // namespace

Header make_header(WallTime time, Stream stream, Extent extent) {
  Header header{};
  const TimestampText stamp = format_timestamp(time);
  std::copy(stamp.begin(), stamp.end(), header.begin());
  const bool full = extent == Extent::Full;
  const std::string_view middle =
      stream == Stream::Stdout ? (full ? kStdoutFull : kStdoutPartial) : (full ? kStderrFull : kStderrPartial);
  std::copy(middle.begin(), middle.end(), header.begin() + kTimestampSize);
  return header;
}

Record parse_record(std::string_view line, TimestampText& scratch) {
  Record record;
  if (parse_fixed(line, record) || parse_any(line, scratch, record)) return record;
  return Record{.time = {}, .stream = Stream::Stdout, .extent = Extent::Full, .text = line};
}

}  // namespace davit::logs
