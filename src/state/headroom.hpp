#pragma once
// Room on the disk that the database has before it needs it, where nobody else can take it: on a full disk davit must
// still write what it takes down and what it recovers. docs/decisions/0012-room-before-it-is-needed.md.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace davit::state::detail {

/// The database's file, and the log behind its last frame, have at least this much; hundreds of transactions fit. A
/// page is written twice, first to the log.
constexpr std::int64_t kHeadroom = 1 << 20;
/// The log begins anew after as many pages, as SQLite has it by itself.
constexpr std::int64_t kCheckpointPages = 1000;

/// The size that the log's file should get when `frames` pages are in the log; nullopt: it is long enough.
[[nodiscard]] std::optional<std::int64_t> log_growth(std::int64_t frames, std::int64_t page_size,
                                                     std::int64_t file_size);

/// What the size of a database of so many pages is to be rounded up to: one step beyond all of it.
[[nodiscard]] int file_chunk(std::int64_t pages, std::int64_t page_size);

/// Of one connection that writes.
class Headroom {
 public:
  explicit Headroom(const std::filesystem::path& database) : log_(database.string() + "-wal") {}

  /// After each commit, with the pages that are in the log now: keeps the room, and checkpoints when the log is long or
  /// cannot grow. Fails silently: what was written is written, and the next commit tries again.
  void committed(sqlite3* handle, std::int64_t frames) noexcept;

 private:
  enum class Growth { Done, NoRoom, Unsupported };
  [[nodiscard]] Growth grow_log(std::int64_t size) const;

  std::string log_;
  std::int64_t page_size_ = 0;
};

}  // namespace davit::state::detail
