#include "state/headroom.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "davit/base/fd.hpp"

namespace davit::state::detail {
namespace {

constexpr std::int64_t kLogHeader = 32;  // sqlite.org/fileformat2.html, "WAL File Format"
constexpr std::int64_t kFrameHeader = 24;

std::int64_t rounded_up(std::int64_t bytes) {
  return (bytes + kHeadroom - 1) / kHeadroom * kHeadroom;
}

std::int64_t ask(sqlite3* handle, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  std::int64_t value = 0;
  if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
    value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

/// SQLite cuts the file to its pages after a checkpoint, and rounds up to the chunk: with one beyond all pages the room
/// stays.
void reserve_file(sqlite3* handle, std::int64_t page_size) {
  const std::int64_t pages = ask(handle, "PRAGMA page_count");
  int chunk = file_chunk(pages, page_size);
  sqlite3_int64 size = pages * page_size;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_SIZE_HINT, &size);
}

}  // namespace

std::optional<std::int64_t> log_growth(std::int64_t frames, std::int64_t page_size, std::int64_t file_size) {
  const std::int64_t end = kLogHeader + frames * (kFrameHeader + page_size);
  if (file_size >= end + kHeadroom) return std::nullopt;
  return rounded_up(end + kHeadroom + 1);
}

int file_chunk(std::int64_t pages, std::int64_t page_size) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max() / kHeadroom * kHeadroom;
  return static_cast<int>(std::min(rounded_up(pages * page_size + kHeadroom), kMost));
}

Headroom::Growth Headroom::grow_log(std::int64_t size) const {
  const Fd log(::open(log_.c_str(), O_RDWR | O_CLOEXEC));
  // Not posix_fallocate, which writes where the file system cannot reserve: another process may write there, too.
  if (log && ::fallocate(log.get(), 0, 0, size) == 0) return Growth::Done;
  return errno == ENOSPC || errno == EDQUOT ? Growth::NoRoom : Growth::Unsupported;
}

void Headroom::committed(sqlite3* handle, std::int64_t frames) noexcept {
  if (page_size_ == 0) page_size_ = ask(handle, "PRAGMA page_size");
  struct stat log{};
  if (::stat(log_.c_str(), &log) != 0) return;
  const std::optional<std::int64_t> wanted = log_growth(frames, page_size_, log.st_size);
  if (!wanted && frames < kCheckpointPages) return;
  const Growth growth = wanted ? grow_log(*wanted) : Growth::Done;
  if (growth != Growth::Unsupported) reserve_file(handle, page_size_);
  if (frames >= kCheckpointPages || growth == Growth::NoRoom)
    sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace davit::state::detail
