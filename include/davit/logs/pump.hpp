#pragma once
// Moves a container's output from its pipes into its log files: every byte once, in order, also when the process that
// does it is killed at any moment (docs/decisions: exactly-once logs).

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "davit/base/diagnostic.hpp"
#include "davit/base/fd.hpp"
#include "davit/logs/record.hpp"
#include "davit/logs/rotation.hpp"

namespace davit::logs {

/// The descriptors of one stream. They outlive a killed supervisor because the keeper holds them too, and are handed to
/// the next one: all three, or lines are lost or doubled.
struct StreamPipes {
  Fd source;        ///< read end of the container's pipe, or the master of its terminal
  Fd staging_read;  ///< holds the batch that is being written to the log
  Fd staging_write;
};

/// A pipe (read end, write end) for output, close-on-exec, as large as this process may make it (1 MiB at most).
/// Throws Error when there are no descriptors left.
[[nodiscard]] std::array<Fd, 2> make_log_pipe();
/// Adds the staging pipe to a source. Throws as make_log_pipe.
[[nodiscard]] StreamPipes with_staging(Fd source);

/// Makes the folder of a container's log and the first file in it, so that a reader can hold it (LogReader) before
/// anything is written. Throws Error when the folder cannot be made; without the file the pump will make it.
void begin_log(const std::string& folder);

/// Memory and a pipe which all pumps of a process share: a pump needs them during on_readable() only.
class PumpBuffers {
 public:
  PumpBuffers();
  ~PumpBuffers();
  PumpBuffers(const PumpBuffers&) = delete;
  PumpBuffers& operator=(const PumpBuffers&) = delete;

 private:
  friend class LogPump;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The pump of one container. Not thread-safe; knows no event loop: whoever owns it waits until source_fd() is readable
/// and calls on_readable().
class LogPump {
 public:
  enum class Run : std::uint8_t {
    New,      ///< a fresh run of the container, with fresh pipes
    Resumed,  ///< the pipes come from the keeper after a supervisor was lost
  };

  struct Options {
    std::string folder;      ///< of the log files; made when absent
    std::string state_file;  ///< in the run root: what the next supervisor must know; made when absent
    RotationPolicy rotation;
    Run run = Run::New;
    std::function<WallTime()> now;  ///< the wall clock; empty means the system's
  };

  enum class State : std::uint8_t {
    Idle,   ///< everything that was there is written; wait until the source is readable
    More,   ///< there is more; call again after the others had their turn
    Ended,  ///< the container closed the stream, and all of it is written; source_fd() is -1 now
  };
  struct Progress {
    State state = State::Idle;
    std::size_t bytes = 0;  ///< taken from the source
    /// Told once when output begins to be dropped because it cannot be written (disk full), and once when it can again.
    std::optional<Diagnostic> notice;
  };

  /// Takes the pipes of stdout (or of the terminal) and of stderr, when there is one. With Run::Resumed the batch which
  /// the lost supervisor was writing is finished here. Throws Error when the folder or the state file cannot be made.
  /// `buffers` must outlive the pump.
  LogPump(PumpBuffers& buffers, Options options, StreamPipes stdout_pipes,
          std::optional<StreamPipes> stderr_pipes = {});
  ~LogPump();
  LogPump(LogPump&&) noexcept;
  LogPump& operator=(LogPump&&) noexcept;

  /// What to wait for; -1 when the stream has ended or there is none.
  [[nodiscard]] int source_fd(Stream stream) const;
  [[nodiscard]] bool ended() const;

  /// Writes what the source has, a few megabytes at most, never waiting for the source. Throws Error when the kernel
  /// refuses to move it (for want of memory, say): the batch under way is finished by the next call, of either stream,
  /// and nothing is lost or doubled.
  Progress on_readable(Stream stream);

  /// For a stream of which on_readable() throws again and again: throws away what it has now, a megabyte or two at
  /// most, so that the container is not held up. It counts as lost, of which the log will tell. Throws Error when the
  /// log folder cannot be read; then nothing was thrown away.
  void drop(Stream stream);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::logs
