#pragma once
// The SQLite handle behind Database and Statement, and the words for what it refuses.

#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "state/headroom.hpp"

namespace davit::state::detail {

class Connection {
 public:
  /// `flags` as for sqlite3_open_v2.
  Connection(std::filesystem::path file, int flags);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  /// Runs statements without parameters or rows.
  void execute(const char* sql);
  /// The first column of the first row.
  [[nodiscard]] std::int64_t query_integer(const char* sql);

  [[nodiscard]] sqlite3_stmt* take(std::string_view sql);
  void give_back(sqlite3_stmt* statement) noexcept;

  /// Throws davit::Error for a result code that is not OK, ROW or DONE.
  void check(int code) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
  Headroom headroom_;
  /// Idle statements by their text; one that is in use twice at a time has two.
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>, Hash, std::equal_to<>> idle_;
};

}  // namespace davit::state::detail
