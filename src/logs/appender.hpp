#pragma once
// Writes records to the numbered files of a log, and begins a new file where the policy asks for it.

#include <cstdint>
#include <string>
#include <string_view>

#include "davit/base/fd.hpp"
#include "davit/logs/rotation.hpp"

namespace davit::logs {

/// A place in a log.
struct LogPosition {
  std::uint64_t number = 1;
  std::uint64_t offset = 0;
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// What files in a log folder hold, as far as it matters to who goes on writing.
struct LogEnd {
  LogPosition position;
  bool stdout_open = false;  ///< the last record of stdout is partial
  bool stderr_open = false;
};

/// Finds the end of a log of which nothing else is known, and cuts off a record without an end.
[[nodiscard]] LogEnd adopt_log(const std::string& folder);

/// Appends batches of records. A batch that was begun earlier, by a process that was killed, is repeated with the same
/// bytes: what already stands in the files is passed over, the rest is written.
class Appender {
 public:
  enum class Batch { First, Repeated };

  Appender(std::string folder, RotationPolicy policy) : folder_(std::move(folder)), policy_(policy) {}

  void begin(LogPosition at, Batch batch);

  /// Appends whole records. Returns how many bytes of them stand in the log; fewer than given when writing fails, and
  /// then they are whole records nevertheless, and error() says why.
  [[nodiscard]] std::size_t append(std::string_view records);

  /// Takes back what the batch has written so far (in this file, if it has begun another).
  void roll_back();

  [[nodiscard]] LogPosition position() const { return at_; }
  [[nodiscard]] int error() const { return error_; }

  /// Removes files which the policy does not keep, oldest first, up to one that is being read: who reads it has those
  /// behind it still to read (log_files.hpp). For a reader that is too slow no more than kKeptForReaders bytes are
  /// kept.
  void prune();

 private:
  static constexpr std::uint64_t kKeptForReaders = 64U << 20U;

  [[nodiscard]] bool has_surplus() const;
  [[nodiscard]] std::size_t room_for(std::string_view records) const;
  [[nodiscard]] bool next_file();
  [[nodiscard]] bool open_file();
  [[nodiscard]] std::size_t put(std::string_view records);
  void cut(std::uint64_t size);
  [[nodiscard]] std::string path(std::uint64_t number) const;

  std::string folder_;
  RotationPolicy policy_;
  Fd file_;
  std::uint64_t file_number_ = 0;  ///< the file that is open
  std::uint64_t oldest_ = 0;       ///< no file is older; 0: not looked yet
  LogPosition begin_;
  LogPosition at_;
  LogPosition written_;  ///< where the bytes of an earlier try end
  int error_ = 0;
};

}  // namespace davit::logs
