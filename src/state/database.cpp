#include "davit/state/database.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "state/connection.hpp"
#include "state/schema.hpp"

namespace davit::state {
namespace {

using detail::Connection;

/// Held while the schema is made or migrated: switching a new file to WAL does not wait for others by itself.
Fd lock_schema(const std::filesystem::path& file) {
  const std::string path = file.string() + ".lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_system_error("open", path, errno);
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) throw_system_error("lock", path, errno);
  return fd;
}

std::int64_t schema_version(Connection& connection) {
  return connection.query_integer("PRAGMA user_version");
}

void refuse_newer(std::int64_t version, const std::filesystem::path& file) {
  if (version <= kSchemaVersion) return;
  throw Error(Diagnostic::error("state-newer", "the state database '" + file.string() +
                                                   "' was written by a newer davit (schema " + std::to_string(version) +
                                                   ", this one knows up to " + std::to_string(kSchemaVersion) + ")")
                  .with_hint("use that davit, or another --data-root"));
}

void make_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return;
  struct stat info{};
  if (::stat(folder.c_str(), &info) == 0) return;
  make_folder(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw_system_error("make the folder", folder.string(), errno);
}

std::unique_ptr<Connection> open_for_writing(const std::filesystem::path& file) {
  make_folder(file.parent_path());
  // Specs hold what users put into the environment of their containers. The log and its index get the mode of the file.
  // A file that is there is not opened here: closing it would drop the locks of this process's other connections.
  const Fd created(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!created && errno != EEXIST) throw_system_error("make", file.string(), errno);
  auto connection = std::make_unique<Connection>(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  std::int64_t version = schema_version(*connection);
  refuse_newer(version, file);
  if (version < kSchemaVersion) {
    const Fd lock = lock_schema(file);
    connection->execute("PRAGMA journal_mode=WAL");
    migrate(*connection);
  }
  return connection;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
  if (statement_ != nullptr) connection_->give_back(statement_);
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  check(code);
  return code == SQLITE_ROW;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

void Statement::bind_null(int index) {
  check(sqlite3_bind_null(statement_, index));
}
void Statement::bind_integer(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value));
}
void Statement::bind_text(int index, std::string_view value) {
  // A null pointer would bind NULL, not "".
  check(sqlite3_bind_text64(statement_, index, value.data() != nullptr ? value.data() : "", value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}
void Statement::bind_blob(int index, std::string_view value) {
  check(sqlite3_bind_blob64(statement_, index, value.data() != nullptr ? value.data() : "", value.size(),
                            SQLITE_TRANSIENT));
}
void Statement::check(int code) const {
  connection_->check(code);
}

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::open(const std::filesystem::path& file) {
  return Database(open_for_writing(file));
}

std::optional<Database> Database::open_for_reading(const std::filesystem::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_system_error("open", file.string(), errno);
  }
  auto connection = std::make_unique<Connection>(file, SQLITE_OPEN_READONLY);
  const std::int64_t version = schema_version(*connection);
  refuse_newer(version, file);
  if (version < kSchemaVersion) {
    // A file another process is making right now, or an older davit's.
    connection.reset();
    open_for_writing(file).reset();
    connection = std::make_unique<Connection>(file, SQLITE_OPEN_READONLY);
  }
  return Database(std::move(connection));
}

Statement Database::prepare(std::string_view sql) {
  return {*connection_, connection_->take(sql)};
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(connection_->handle());
}

void Database::flush() {
  const std::string log = file().string() + "-wal";
  const Fd fd(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_system_error("open", log, errno);
  if (::fdatasync(fd.get()) != 0) throw_system_error("write", log, errno);
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(connection_->handle());
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_->handle()) == 0;
}
const std::filesystem::path& Database::file() const {
  return connection_->file();
}
std::filesystem::path Database::change_file() const {
  return connection_->file().string() + "-wal";
}

Transaction::Transaction(Database& database) : database_(database), nested_(database.in_transaction()) {
  database_.run(nested_ ? "SAVEPOINT nested" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    // A full disk may have rolled everything back already.
    if (!database_.in_transaction()) return;
    if (nested_) database_.run("ROLLBACK TO nested");
    database_.run(nested_ ? "RELEASE nested" : "ROLLBACK");
  } catch (...) {  // NOLINT(bugprone-empty-catch): the error that led here is on its way up already
  }
}

void Transaction::commit() {
  database_.run(nested_ ? "RELEASE nested" : "COMMIT");
  open_ = false;
}

}  // namespace davit::state
