#include "davit/logs/reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/logs/framer.hpp"
#include "log_files.hpp"
#include "tail.hpp"

namespace davit::logs {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;

bool before(LogPosition a, LogPosition b) {
  return a.number != b.number ? a.number < b.number : a.offset < b.offset;
}

}  // namespace

struct LogReader::Impl {
  Impl(std::string log_folder, ReadOptions options) : folder(std::move(log_folder)) {
    // Held until reading begins, so that what is found now is there then.
    if (auto oldest = open_oldest(0)) anchor = std::move(oldest->file);
    if (options.since) since = format_timestamp(*options.since);
    if (options.until) until = format_timestamp(*options.until);
    if (options.tail) {
      start = find_tail(folder, *options.tail);
    } else if (since) {
      start = find_time(folder, view(*since));
    } else {
      start.read_from.number = 0;
    }
  }

  struct Opened {
    Fd file;
    std::uint64_t number = 0;
  };

  /// The oldest file at or behind `number`. One may be removed between the look and the opening, but not for ever: a
  /// writer that fast is not believed in.
  [[nodiscard]] std::optional<Opened> open_oldest(std::uint64_t number) const {
    constexpr int kLooks = 1000;
    for (int look = 0; look < kLooks; ++look) {
      const auto numbers = list_log_files(folder);
      const auto found = std::lower_bound(numbers.begin(), numbers.end(), number);
      if (found == numbers.end()) return std::nullopt;
      Opened opened{open_to_read(path(*found)), *found};
      struct stat status{};
      const bool removed = !opened.file || ::fstat(opened.file.get(), &status) != 0 || status.st_nlink == 0;
      if (!removed) return opened;
    }
    return std::nullopt;
  }

  /// Makes the first file at or behind `number` the current one. False when there is none.
  bool open_from(std::uint64_t number, std::uint64_t offset) {
    Fd opened = number == 0 ? Fd{} : open_to_read(path(number));
    if (!opened) {
      auto found = open_oldest(number);
      if (!found) return false;
      if (number != 0) missed += found->number - number;
      number = found->number;
      offset = 0;
      opened = std::move(found->file);
    }
    file = std::move(opened);
    anchor.reset();
    at = {number, offset};
    read_offset = offset;
    from = to = 0;
    return true;
  }

  [[nodiscard]] std::string path(std::uint64_t number) const { return folder + "/" + log_file_name(number); }

  /// Reads more behind what is buffered. False at the end of the file.
  bool refill() {
    if (buffer.empty()) buffer.resize(kBuffer);
    if (from > 0) {
      std::memmove(buffer.data(), buffer.data() + from, to - from);
      to -= from;
      from = 0;
    }
    // Only a foreign hand writes a record that large.
    if (to == buffer.size()) buffer.resize(buffer.size() * 2);
    ssize_t got = -1;
    do {
      got = ::pread(file.get(), buffer.data() + to, buffer.size() - to, static_cast<off_t>(read_offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw_system_error("read", path(at.number), errno);
    read_offset += static_cast<std::uint64_t>(got);
    to += static_cast<std::size_t>(got);
    return got > 0;
  }

  /// The next line of the file, newline cut off. `at` is its place when it is returned; `next_offset` what follows it.
  std::optional<std::string_view> next_raw() {
    if (!file && !open_from(start.read_from.number, start.read_from.offset)) return std::nullopt;
    at.offset += std::exchange(advance, 0);
    std::size_t searched = 0;
    bool last_look = false;
    for (;;) {
      char* const begin = buffer.data() + from;
      const std::size_t size = to - from;
      if (size > searched) {
        if (const void* const newline = std::memchr(begin + searched, '\n', size - searched)) {
          const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
          from += length + 1;
          advance = length + 1;
          return std::string_view(begin, length);
        }
        searched = size;
      }
      if (refill()) continue;
      // A successor is made only after the last byte of this file: having seen it, look here once more.
      if (!last_look) {
        last_look = has_successor();
        if (!last_look) return std::nullopt;
        continue;
      }
      if (size > 0) {  // torn, and never to be finished
        advance = size;
        from = to;
        return std::string_view(buffer.data() + (to - size), size);
      }
      file_size = read_offset;
      if (!open_from(at.number + 1, 0)) return std::nullopt;
      last_look = false;
      searched = 0;
    }
  }

  [[nodiscard]] bool has_successor() const {
    if (::access(path(at.number + 1).c_str(), F_OK) == 0) return true;
    const auto numbers = list_log_files(folder);
    return !numbers.empty() && numbers.back() > at.number;
  }

  std::optional<Record> next_record() {
    if (held_back) return parse_record(*std::exchange(held_back, std::nullopt), scratch);
    const auto raw = next_raw();
    if (!raw) return std::nullopt;
    const Record record = parse_record(*raw, scratch);
    if (missed == 0) return record;
    held_back = raw;
    return gap(record.time);
  }

  /// In the place of files that were removed too soon, before the record that follows them.
  Record gap(std::string_view time) {
    gap_text = "[davit: output is missing here: " + std::to_string(missed) +
               (missed == 1 ? " log file was" : " log files were") + " removed by rotation before it could be read";
    if (file_size > 0) gap_text += ", some " + std::to_string(missed * file_size) + " bytes";
    gap_text += "]";
    missed = 0;
    in_gap = true;
    return {.time = time, .stream = Stream::Stderr, .extent = Extent::Full, .text = gap_text};
  }

  [[nodiscard]] bool wanted(const Line& line) const {
    return !before(at, start.show_from) && (!since || line.time.empty() || line.time >= view(*since));
  }

  std::optional<Line> next() {
    while (!finished) {
      if (in_gap) return leave_gap();
      const auto record = next_record();
      if (!record) return std::nullopt;
      if (in_gap) continue;
      if (until && !record->time.empty() && record->time > view(*until)) {
        finished = true;
        break;
      }
      const auto line = lines.add(*record);
      if (line && wanted(*line)) return line;
    }
    return std::nullopt;
  }

  /// The lines that were begun before the gap, then the one that tells of it.
  std::optional<Line> leave_gap() {
    if (const auto begun = lines.flush()) return begun;
    lines = {};
    in_gap = false;
    return Line{.time = parse_record(*held_back, scratch).time, .stream = Stream::Stderr, .text = gap_text};
  }

  std::string folder;
  std::optional<TimestampText> since;
  std::optional<TimestampText> until;
  ReadStart start;

  Fd anchor;  ///< the oldest file, until one is read
  Fd file;
  LogPosition at;                 ///< of the record returned last
  std::size_t advance = 0;        ///< its bytes
  std::uint64_t read_offset = 0;  ///< in the file, behind the buffer
  std::vector<char> buffer;
  std::size_t from = 0;  ///< unread bytes of the buffer
  std::size_t to = 0;
  TimestampText scratch{};
  LineAssembler lines;
  bool finished = false;
  std::uint64_t missed = 0;     ///< files, not told of yet
  std::uint64_t file_size = 0;  ///< of the last file that was read to its end
  std::string gap_text;
  bool in_gap = false;                        ///< next() has to tell of it
  std::optional<std::string_view> held_back;  ///< the record behind the gap that was told of
};

LogReader::LogReader(std::string folder, ReadOptions options)
    : impl_(std::make_unique<Impl>(std::move(folder), options)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

std::optional<Line> LogReader::next() {
  return impl_->next();
}
std::optional<Line> LogReader::flush() {
  while (auto line = impl_->lines.flush())
    if (impl_->wanted(*line)) return line;
  return std::nullopt;
}
std::optional<Record> LogReader::next_record() {
  return impl_->next_record();
}
bool LogReader::finished() const {
  return impl_->finished;
}
std::vector<std::string> last_lines(const std::string& path, std::size_t count) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(path, error);
  LogReader reader{is_folder ? path : std::filesystem::path(path).parent_path().string(), {.tail = count}};
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(line->text);
  while (const auto line = reader.flush()) lines.emplace_back(line->text);
  return lines;
}

}  // namespace davit::logs
