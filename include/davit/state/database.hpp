#pragma once
// One SQLite database, shared by every davit process of a data root: supervisors, builders, command lines.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3_stmt;

namespace davit::state {

namespace detail {
class Connection;
}

/// Bytes bound as a blob; compared by memcmp, so big-endian numbers sort as numbers.
struct Blob {
  std::string bytes;
};

/// A prepared statement on loan from its database's cache; goes back, reset, when it ends. Parameters and columns count
/// from 1 and 0, as in SQLite. Every call throws davit::Error when SQLite refuses.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds all parameters in order: integers, enums no, bool, text, Blob, std::optional of those, nullptr.
  template <class... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  /// The next row; false at the end.
  bool step();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
  /// Text or blob as bytes; empty for NULL.
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;

 private:
  friend class Database;
  Statement(detail::Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}

  template <class Value>
  void bind_one(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullptr_t>) {
      bind_null(index);
    } else if constexpr (std::is_integral_v<Value>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<Value, Blob>) {
      bind_blob(index, value.bytes);
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      bind_text(index, value);
    } else if (value.has_value()) {
      bind_one(index, *value);
    } else {
      bind_null(index);
    }
  }
  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);
  void bind_blob(int index, std::string_view value);
  void check(int code) const;

  detail::Connection* connection_;
  sqlite3_stmt* statement_;
};

/// A connection. For one thread at a time; opening another takes well under 2 ms, so a second thread opens its own.
/// Writers in other processes are waited for (30 s, then an error that says so); readers never wait.
class Database {
 public:
  /// For reading and writing. Makes the folder (0700), the file and the schema when they are not there, and migrates an
  /// older schema; a newer one, a damaged file or a full disk is an error.
  [[nodiscard]] static Database open(const std::filesystem::path& file);
  /// For reading only: nullopt when nothing was ever written. Works while other processes write.
  [[nodiscard]] static std::optional<Database> open_for_reading(const std::filesystem::path& file);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// A statement of the cache. `sql` is compiled once for each connection.
  [[nodiscard]] Statement prepare(std::string_view sql);

  /// Runs a statement to its end and returns the number of changed rows.
  template <class... Values>
  std::int64_t run(std::string_view sql, const Values&... values) {
    Statement statement = prepare(sql);
    statement.bind(values...);
    while (statement.step()) {
    }
    return changes();
  }

  /// Returns when all that was committed is on the disk. Until then a power cut may undo the last commits: to be called
  /// before what they speak of is removed, so that no row comes back without it.
  void flush();

  /// Row id of the last insert.
  [[nodiscard]] std::int64_t last_insert_id() const;
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::filesystem::path& file() const;
  /// Modified by every commit of every process: what a reader watches with inotify instead of polling.
  [[nodiscard]] std::filesystem::path change_file() const;

 private:
  explicit Database(std::unique_ptr<detail::Connection> connection);
  [[nodiscard]] std::int64_t changes() const;

  std::unique_ptr<detail::Connection> connection_;
};

/// All or nothing. Takes the write lock at once (BEGIN IMMEDIATE), so what is read inside stays true until the commit:
/// two supervisors that both look for a free subnet do so one after the other. Inside another transaction it is a
/// savepoint. Without commit() everything is undone.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Database& database_;
  bool nested_;
  bool open_ = true;
};

}  // namespace davit::state
