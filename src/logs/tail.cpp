#include "tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/logs/framer.hpp"
#include "davit/logs/record.hpp"
#include "log_files.hpp"

namespace davit::logs {
namespace {

constexpr std::uint64_t kBlock = 64U << 10U;
/// Enough of a record to know its stream and tag, also with the longer time stamps of others.
constexpr std::size_t kHead = 64;
constexpr std::uint64_t kLookBack = 8U << 20U;

std::uint64_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::size_t read_at(int fd, char* to, std::size_t size, std::uint64_t offset) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd, to + have, size - have, static_cast<off_t>(offset + have));
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

/// Goes through the lines of a file from its end, showing the first bytes of each.
class BackwardLines {
 public:
  struct Start {
    std::uint64_t offset = 0;
    std::string_view head;  ///< at least a record's header, if the line is that long
  };

  BackwardLines(int fd, std::uint64_t size) : fd_(fd), start_(size), buffer_(kBlock + kHead) {
    // What stands behind the last newline is still being written.
    start_ = previous_start().value_or(0);
  }

  /// The line before; nullopt at the beginning of the file.
  std::optional<Start> previous() {
    if (start_ == 0) return std::nullopt;
    --start_;  // onto the newline that ends the line
    const auto begin = previous_start();
    start_ = begin.value_or(0);
    load(start_);
    const std::size_t at = start_ - block_;
    return Start{start_, std::string_view(buffer_.data() + at, std::min(kHead, filled_ - at))};
  }

  [[nodiscard]] std::uint64_t offset() const { return start_; }

 private:
  /// The place behind the last newline before `start_`.
  std::optional<std::uint64_t> previous_start() {
    for (std::uint64_t end = start_; end > 0;) {
      load(end - 1);
      const void* const found = ::memrchr(buffer_.data(), '\n', end - block_);
      if (found != nullptr)
        return block_ + static_cast<std::uint64_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
      end = block_;
    }
    return std::nullopt;
  }

  /// Makes the block with this byte the current one; it has some bytes of the next at its end.
  void load(std::uint64_t byte) {
    const std::uint64_t block = byte / kBlock * kBlock;
    if (block == block_ && filled_ > 0) return;
    block_ = block;
    filled_ = read_at(fd_, buffer_.data(), buffer_.size(), block);
  }

  int fd_;
  std::uint64_t start_;
  std::uint64_t block_ = 0;
  std::size_t filled_ = 0;
  std::vector<char> buffer_;
};

struct RecordHead {
  Stream stream = Stream::Stdout;
  Extent extent = Extent::Full;
};

/// As parse_record, of the first bytes of a line.
RecordHead head_of(std::string_view head) {
  TimestampText scratch{};
  const Record record = parse_record(head, scratch);
  return {record.stream, record.extent};
}

/// Counts lines from the end of the log, record by record.
class TailSearch {
 public:
  explicit TailSearch(std::uint64_t lines) : wanted_(lines) {}

  /// Takes the next record towards the beginning. False when the search is over.
  bool take(RecordHead head, LogPosition at) {
    const std::size_t stream = index(head.stream);
    if (counted_ < wanted_) {
      const bool ends_a_line = head.extent == Extent::Full || !seen_[stream];
      if (ends_a_line) ++counted_;
      seen_[stream] = true;
      head_missing_[stream] = true;
      start_.read_from = at;
      if (ends_a_line) start_.show_from = at;
      return true;
    }
    if (head_missing_[stream]) {
      if (head.extent == Extent::Full) {
        head_missing_[stream] = false;
      } else {
        start_.read_from = at;
      }
    }
    return head_missing_[0] || head_missing_[1];
  }

  [[nodiscard]] bool complete() const { return counted_ >= wanted_; }
  [[nodiscard]] const ReadStart& start() const { return start_; }
  void start_at(LogPosition end) { start_ = {end, end}; }

 private:
  std::uint64_t wanted_;
  std::uint64_t counted_ = 0;
  std::array<bool, kStreams> seen_{};
  std::array<bool, kStreams> head_missing_{};  ///< the first record shown may continue a line
  ReadStart start_;
};

Fd open_log(const std::string& folder, std::uint64_t number) {
  return Fd{::open((folder + "/" + log_file_name(number)).c_str(), O_RDONLY | O_CLOEXEC)};
}

/// The time of the first record at or behind `offset`; empty when there is none.
std::string time_at(int fd, std::uint64_t size, std::uint64_t offset) {
  std::vector<char> buffer(Framer::kMaxRecord * 2);
  const std::size_t got = read_at(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), size - offset), offset);
  std::string_view rest{buffer.data(), got};
  TimestampText scratch{};
  if (offset != 0) rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
  while (!rest.empty()) {
    const auto newline = rest.find('\n');
    const Record record = parse_record(rest.substr(0, newline), scratch);
    if (!record.time.empty()) return std::string(record.time);
    if (newline == std::string_view::npos) break;
    rest.remove_prefix(newline + 1);
  }
  return {};
}

/// A place in a file before which every record is earlier than `time`.
std::uint64_t search_time(int fd, std::uint64_t size, std::string_view time) {
  std::uint64_t low = 0;
  std::uint64_t high = size;
  while (high - low > kBlock) {
    const std::uint64_t middle = low + (high - low) / 2;
    const std::string found = time_at(fd, size, middle);
    (!found.empty() && found < time ? low : high) = middle;
  }
  // A line that began a little earlier is read from its beginning, so that its rest is not taken for a line.
  const std::uint64_t from = low > kBlock ? low - kBlock : 0;
  if (from == 0) return 0;
  return BackwardLines{fd, from}.offset();
}

}  // namespace

ReadStart find_tail(const std::string& folder, std::uint64_t lines) {
  TailSearch search{lines};
  const auto numbers = list_log_files(folder);
  std::uint64_t looked_at = 0;
  bool going_on = true;
  for (auto number = numbers.rbegin(); number != numbers.rend() && going_on; ++number) {
    const Fd file = open_log(folder, *number);
    if (!file) continue;
    BackwardLines file_lines{file.get(), size_of(file.get())};
    if (number == numbers.rbegin()) search.start_at({*number, file_lines.offset()});
    if (lines == 0) break;
    std::uint64_t before = file_lines.offset();
    while (going_on) {
      const auto line = file_lines.previous();
      if (!line) break;
      if (search.complete()) looked_at += before - line->offset;
      before = line->offset;
      going_on = search.take(head_of(line->head), {*number, line->offset}) && looked_at < kLookBack;
    }
  }
  return search.start();
}

ReadStart find_time(const std::string& folder, std::string_view time) {
  ReadStart start;
  const auto numbers = list_log_files(folder);
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    const Fd file = open_log(folder, *number);
    if (!file) continue;
    const std::uint64_t size = size_of(file.get());
    start.read_from = {*number, search_time(file.get(), size, time)};
    const std::string first = time_at(file.get(), size, 0);
    if (!first.empty() && first < time) break;
  }
  start.show_from = start.read_from;
  return start;
}

}  // namespace davit::logs
