#pragma once
// What a pump must know about its predecessor, in a page of memory that a killed process leaves behind intact.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace davit::logs {

/// Where a batch of output stands. See docs/decisions: exactly-once logs.
enum class BatchPhase : std::uint8_t {
  Idle,      ///< nothing of what is in a staging pipe is in the log
  Writing,   ///< some of the batch may be in the log; all of it is in the staging pipe
  Draining,  ///< all of the batch is in the log; some of it may still be in the staging pipe
};

/// One consistent view. Plain data: it is copied in and out of the mapped file.
struct PumpSnapshot {
  std::uint64_t file_number = 1;  ///< the file that is being written …
  std::uint64_t file_size = 0;    ///< … and its bytes before the batch
  std::int64_t last_time = 0;     ///< time stamp of the last record, nanoseconds; none goes back behind it
  std::int64_t batch_time = 0;
  std::uint64_t batch_bytes = 0;
  std::uint64_t left_after = 0;               ///< bytes in the staging pipe behind the batch
  std::array<std::uint64_t, 2> lost_bytes{};  ///< by stream: dropped since the last record, not yet reported in the log
  std::array<std::uint64_t, 2> lost_lines{};
  BatchPhase phase = BatchPhase::Idle;
  std::uint8_t batch_stream = 0;
  std::array<std::uint8_t, 2> open_line{};   ///< by stream: the last record is partial
  std::array<std::uint8_t, 2> close_line{};  ///< by stream: it belongs to an earlier run, and must not be continued
};

/// The snapshot in a file mapped into memory. publish() costs two cache lines and no system call; a process killed at
/// any instruction leaves the old snapshot or the new one.
class PumpState {
 public:
  /// Opens or makes the file. A file of another version or size counts as absent. Throws Error when it cannot be made.
  explicit PumpState(const std::string& path);
  ~PumpState();
  PumpState(const PumpState&) = delete;
  PumpState& operator=(const PumpState&) = delete;

  /// Whether the file held a snapshot already.
  [[nodiscard]] bool found() const { return found_; }
  [[nodiscard]] const PumpSnapshot& current() const;
  void publish(const PumpSnapshot& snapshot);

 private:
  struct Page {
    std::uint64_t magic;
    std::atomic<std::uint32_t> active;
    std::array<PumpSnapshot, 2> snapshots;
  };
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

  Page* page_ = nullptr;
  bool found_ = false;
};

}  // namespace davit::logs
