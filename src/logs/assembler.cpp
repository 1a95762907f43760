#include "davit/logs/assembler.hpp"

#include <utility>

namespace davit::logs {

std::optional<Line> LineAssembler::add(const Record& record) {
  const std::size_t at = index(record.stream);
  if (!started_[at]) {
    const bool only_ends = flushed_[at] && record.extent == Extent::Full && record.text.empty();
    flushed_[at] = false;
    if (only_ends) return std::nullopt;
    if (record.extent == Extent::Full)
      return Line{.time = record.time, .stream = record.stream, .text = record.text, .ended = true};
    started_[at] = true;
    time_[at].assign(record.time);
    text_[at].clear();
  }
  text_[at].append(record.text);
  if (record.extent == Extent::Full) return hand_out(record.stream, true);
  if (text_[at].size() >= kMaxLine) return hand_out(record.stream, false);
  return std::nullopt;
}

std::optional<Line> LineAssembler::flush() {
  for (const Stream stream : {Stream::Stdout, Stream::Stderr})
    if (started_[index(stream)]) {
      flushed_[index(stream)] = true;
      return hand_out(stream, false);
    }
  return std::nullopt;
}

std::optional<Line> LineAssembler::hand_out(Stream stream, bool ended) {
  const std::size_t at = index(stream);
  std::swap(out_text_, text_[at]);
  std::swap(out_time_, time_[at]);
  text_[at].clear();
  started_[at] = false;
  return Line{.time = out_time_, .stream = stream, .text = out_text_, .ended = ended};
}

}  // namespace davit::logs
