#pragma once
// Reads a container's log files back, from the beginning, the end or a time, and goes on reading while they grow.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/logs/assembler.hpp"
#include "davit/logs/timestamp.hpp"

namespace davit::logs {

/// Which lines are wanted. As in Docker, `tail` counts from the end of the log, and the times choose among those lines.
struct ReadOptions {
  std::optional<std::uint64_t> tail;  ///< at most so many lines of what is there now; later ones come in any case
  std::optional<WallTime> since;      ///< lines that began then or later
  std::optional<WallTime> until;      ///< lines that began then or earlier
};

/// The lines of one container. Reads on over rotation and over a log that does not exist yet: files that are not read
/// yet are kept for it, some 64 MiB of them. Behind those that are removed nevertheless there is a line that says so.
/// Not thread-safe.
class LogReader {
 public:
  explicit LogReader(std::string folder, ReadOptions options = {});
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  /// The next line; nullopt when there is none now: call again when the folder has changed. The views end with the next
  /// call. Throws Error when a file cannot be read.
  [[nodiscard]] std::optional<Line> next();

  /// Lines without an end, when nothing more will come (or is waited for). Call until nullopt.
  [[nodiscard]] std::optional<Line> flush();

  /// The next record as it was written, a started line at once: for whoever shows bytes and not lines. Not to be mixed
  /// with next().
  [[nodiscard]] std::optional<Record> next_record();

  /// True when every later line is outside the wanted times: nothing will come any more.
  [[nodiscard]] bool finished() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The last lines of a container, oldest first, for messages. `path` is its log folder, or any file in it.
[[nodiscard]] std::vector<std::string> last_lines(const std::string& path, std::size_t count);

}  // namespace davit::logs
