#pragma once
// What is shown on standard error while a plan runs: docker compose's four displays (compose-semantics 1.8).

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "davit/runtime/progress.hpp"

namespace davit::cli {

enum class ProgressMode { Tty, Plain, Json, Quiet };

/// Which display fits. `asked` is --progress, `ansi` is --ansi.
[[nodiscard]] ProgressMode choose_progress(const std::string& asked, const std::string& ansi, bool is_terminal);

/// " Container p-web-1 Created \n": one line a change, docker compose's blanks included.
[[nodiscard]] std::string plain_line(const runtime::ProgressEvent& event);

/// One JSON object and a newline.
[[nodiscard]] std::string json_line(const runtime::ProgressEvent& event);

/// The moving display as a value: told of events, it draws itself for a time and a size of the terminal.
class ProgressBoard {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ProgressBoard(std::string title, bool colour) : title_(std::move(title)), colour_(colour) {}

  void update(const runtime::ProgressEvent& event, Time now);
  /// The lines to show, without control sequences that move the cursor; at most `rows` of them, `columns` wide.
  [[nodiscard]] std::vector<std::string> draw(Time now, std::size_t columns, std::size_t rows) const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    runtime::ProgressEvent last;
    Time begin;
    Time end;
  };

  [[nodiscard]] std::string line(const Entry& entry, Time now, std::size_t columns, std::size_t id_width) const;

  std::string title_;
  bool colour_;
  std::vector<Entry> entries_;                ///< in the order of their first event
  std::map<std::string, std::size_t> index_;  ///< by id
};

}  // namespace davit::cli
