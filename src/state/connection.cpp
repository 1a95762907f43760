#include "state/connection.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

#include "davit/base/error.hpp"
#include "state/log_index.hpp"

namespace davit::state::detail {
namespace {

constexpr std::chrono::milliseconds kWriterLimit{30'000};
constexpr std::int64_t kMmapBytes = 64 << 20;

/// Waits for another process's write transaction, which takes well under a millisecond: SQLite's own handler begins
/// with sleeps that are longer than the whole wait. There is nothing to wait on, so it looks again.
int wait_for_writer(void*, int attempts) {
  using namespace std::chrono_literals;
  const auto pause = attempts < 20 ? 100us : attempts < 100 ? 1000us : 10'000us;
  const auto waited = attempts < 20 ? 0ms : attempts < 100 ? 1ms * attempts : 100ms + 10ms * (attempts - 100);
  if (waited > kWriterLimit) return 0;
  std::this_thread::sleep_for(pause);
  return 1;
}

Diagnostic explain(int code, const std::string& file, const std::string& text, int errno_value) {
  const std::string name = "the state database '" + file + "'";
  const bool no_space = errno_value == ENOSPC || errno_value == EDQUOT;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Diagnostic::error("disk-full", "cannot write " + name + ": the disk is full")
          .with_hint("free some space and try again; nothing was changed");
    case SQLITE_IOERR:
      if (no_space)
        return Diagnostic::error("disk-full", "cannot write " + name + ": the disk is full")
            .with_hint("free some space and try again; nothing was changed");
      return Diagnostic::error(
          "state-io", "cannot use " + name + ": " + (errno_value != 0 ? system_error_text(errno_value) : text));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Diagnostic::error("state-damaged", name + " is damaged: " + text)
          .with_hint("move '" + file + "' and its -wal and -shm files away; davit then begins with an empty one");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Diagnostic::error("state-busy", name + " is held by another davit process for more than 30s");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return Diagnostic::error("state-unusable", "cannot open " + name + ": " +
                                                     (errno_value != 0 ? system_error_text(errno_value) : text))
          .with_hint("choose another folder with --data-root, or one you may write");
    default:
      return Diagnostic::error("state", name + " refused a statement: " + text);
  }
}

}  // namespace

Connection::Connection(std::filesystem::path file, int flags) : file_(std::move(file)), headroom_(file_) {
  keep_room_of_log_index();
  const int code = sqlite3_open_v2(file_.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    const Diagnostic why = explain(code, file_.string(), handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory",
                                   handle_ != nullptr ? sqlite3_system_errno(handle_) : 0);
    sqlite3_close(handle_);
    throw Error(why);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_handler(handle_, wait_for_writer, nullptr);
  // In place of SQLite's own hook, which checkpoints.
  const auto committed = [](void* headroom, sqlite3* handle, const char*, int frames) {
    static_cast<Headroom*>(headroom)->committed(handle, frames);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, committed, &headroom_);
  // A short-lived command must not pay for a checkpoint when it ends; the log is checkpointed every 1000 pages.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  int keep_log = 1;
  sqlite3_file_control(handle_, nullptr, SQLITE_FCNTL_PERSIST_WAL, &keep_log);
  try {
    execute("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF");
    execute(("PRAGMA mmap_size=" + std::to_string(kMmapBytes)).c_str());
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Connection::~Connection() {
  for (auto& [sql, statements] : idle_)
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Connection::execute(const char* sql) {
  check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

std::int64_t Connection::query_integer(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr));
  const int code = sqlite3_step(statement);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  check(code);
  return value;
}

sqlite3_stmt* Connection::take(std::string_view sql) {
  const auto found = idle_.find(sql);
  if (found != idle_.end() && !found->second.empty()) {
    sqlite3_stmt* statement = found->second.back();
    found->second.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr));
  return statement;
}

void Connection::give_back(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  try {
    idle_[sqlite3_sql(statement)].push_back(statement);
  } catch (...) {
    sqlite3_finalize(statement);
  }
}

void Connection::check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  throw Error(explain(code, file_.string(), sqlite3_errmsg(handle_), sqlite3_system_errno(handle_)));
}

}  // namespace davit::state::detail
