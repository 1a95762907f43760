#include "appender.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "davit/base/error.hpp"
#include "davit/logs/record.hpp"
#include "log_files.hpp"

namespace davit::logs {
namespace {

/// How far back the last record of a stream is looked for.
constexpr std::uint64_t kTail = 256U << 10U;

std::uint64_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::string read_tail(int fd, std::uint64_t size) {
  std::string tail(std::min(size, kTail), '\0');
  std::size_t have = 0;
  while (have < tail.size()) {
    const ssize_t got =
        ::pread(fd, tail.data() + have, tail.size() - have, static_cast<off_t>(size - tail.size() + have));
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  tail.resize(have);
  return tail;
}

/// Reads the tail's records into `end`. The first line may have lost its beginning; as a record without a time it is
/// passed over.
void note_open_lines(std::string_view tail, LogEnd& end) {
  TimestampText scratch{};
  while (!tail.empty()) {
    const auto newline = tail.find('\n');
    if (newline == std::string_view::npos) return;
    const Record record = parse_record(tail.substr(0, newline), scratch);
    tail.remove_prefix(newline + 1);
    if (record.time.empty()) continue;
    (record.stream == Stream::Stdout ? end.stdout_open : end.stderr_open) = record.extent == Extent::Partial;
  }
}

}  // namespace

LogEnd adopt_log(const std::string& folder) {
  LogEnd end;
  const auto numbers = list_log_files(folder);
  if (numbers.empty()) return end;
  end.position.number = numbers.back();
  const std::string path = folder + "/" + log_file_name(end.position.number);
  const Fd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (!file) throw_system_error("open", path, errno);
  std::uint64_t size = size_of(file.get());
  std::string tail = read_tail(file.get(), size);
  const auto whole = tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n') + 1;
  if (whole != tail.size()) {
    size -= tail.size() - whole;
    tail.resize(whole);
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) throw_system_error("truncate", path, errno);
  }
  end.position.offset = size;
  note_open_lines(tail, end);
  return end;
}

std::string Appender::path(std::uint64_t number) const {
  return folder_ + "/" + log_file_name(number);
}

void Appender::begin(LogPosition at, Batch batch) {
  at_ = at;
  error_ = 0;
  std::uint64_t newest = at.number;
  if (batch == Batch::Repeated)
    for (const std::uint64_t number : list_log_files(folder_)) newest = std::max(newest, number);
  // Someone emptied the file by hand: what follows counts from its end. One that an earlier try has left behind counts
  // as it was then; it may be removed.
  if (newest == at.number && open_file()) at_.offset = std::min(at_.offset, size_of(file_.get()));
  begin_ = at_;
  written_ = at_;
  if (batch == Batch::First) {
    if (has_surplus()) prune();  // whoever read may have gone on
    return;
  }
  if (newest > at.number) written_ = {.number = newest, .offset = 0};
  struct stat status{};
  if (::stat(path(written_.number).c_str(), &status) == 0) written_.offset = static_cast<std::uint64_t>(status.st_size);
}

std::size_t Appender::append(std::string_view records) {
  std::size_t done = 0;
  while (done < records.size()) {
    const std::string_view rest = records.substr(done);
    const std::size_t fits = room_for(rest);
    if (fits == 0) {
      if (!next_file()) break;
      continue;
    }
    const std::size_t wrote = put(rest.substr(0, fits));
    at_.offset += wrote;
    done += wrote;
    if (wrote < fits) break;
  }
  return done;
}

/// Bytes of whole records that may still go into this file; a file takes one record in any case.
std::size_t Appender::room_for(std::string_view records) const {
  if (policy_.max_size == 0 || at_.offset + records.size() <= policy_.max_size) return records.size();
  if (at_.offset < policy_.max_size) {
    const auto last = records.substr(0, policy_.max_size - at_.offset).rfind('\n');
    if (last != std::string_view::npos) return last + 1;
  }
  return at_.offset == 0 ? records.find('\n') + 1 : 0;
}

bool Appender::next_file() {
  const LogPosition before = at_;
  at_ = {.number = at_.number + 1, .offset = 0};
  if (at_.number < written_.number) return true;  // an earlier try has filled it, perhaps removed it since
  if (!open_file()) {
    at_ = before;
    return false;
  }
  prune();
  return true;
}

bool Appender::open_file() {
  if (file_ && file_number_ == at_.number) return true;
  file_.reset(::open(path(at_.number).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!file_) {
    error_ = errno;
    return false;
  }
  file_number_ = at_.number;
  return true;
}

/// Appends records to this file; returns the bytes of whole records which stand there.
std::size_t Appender::put(std::string_view records) {
  if (at_.number < written_.number) return records.size();
  std::size_t have = 0;
  if (at_.number == written_.number && at_.offset < written_.offset)
    have = std::min<std::size_t>(records.size(), written_.offset - at_.offset);
  if (!open_file()) return 0;
  while (have < records.size()) {
    const ssize_t wrote = ::write(file_.get(), records.data() + have, records.size() - have);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      error_ = errno;
      const auto last = records.substr(0, have).rfind('\n');
      const std::size_t whole = last == std::string_view::npos ? 0 : last + 1;
      cut(at_.offset + whole);
      return whole;
    }
    have += static_cast<std::size_t>(wrote);
  }
  return records.size();
}

void Appender::roll_back() {
  if (at_.number == begin_.number) {
    at_ = begin_;
  } else {
    at_.offset = 0;
  }
  if (open_file()) cut(at_.offset);
}

void Appender::cut(std::uint64_t size) {
  // Where even this fails the disk is broken: a torn record stays, and readers take it for text.
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) error_ = errno;
  written_ = {.number = at_.number, .offset = size};
}

void Appender::prune() {
  if (policy_.max_size == 0) return;
  if (oldest_ == 0) {
    const auto numbers = list_log_files(folder_);
    oldest_ = numbers.empty() ? at_.number : numbers.front();
  }
  for (; has_surplus(); ++oldest_) {
    const std::string file = path(oldest_);
    const bool too_many = (at_.number - oldest_ - policy_.max_files) * policy_.max_size >= kKeptForReaders;
    if (!too_many && is_being_read(file)) return;
    ::unlink(file.c_str());
  }
}

bool Appender::has_surplus() const {
  return policy_.max_size != 0 && oldest_ != 0 && oldest_ + policy_.max_files <= at_.number;
}

}  // namespace davit::logs
