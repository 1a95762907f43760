#pragma once
// The pump on an event loop.

#include <array>
#include <chrono>
#include <functional>
#include <memory>

#include "davit/async/task.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/logs/pump.hpp"
#include "davit/logs/pump_retry.hpp"
#include "davit/logs/read_pacing.hpp"

namespace davit::logs {

/// Keeps a pump going. Lives on the thread of its executor; held by its coroutines, so that its owner may let go of it
/// at any time after finish().
class PumpDriver {
 public:
  using Notice = std::function<void(const Diagnostic&)>;

  /// Throws Error when there are no descriptors left. `pause`: how long a ReadPacing::Wait::Pause takes. `limits`: how
  /// often a pump that fails is tried again.
  PumpDriver(const asio::any_io_executor& executor, LogPump pump,
             std::chrono::steady_clock::duration pause = ReadPacing::kPause, PumpRetry::Limits limits = {});
  ~PumpDriver();
  PumpDriver(const PumpDriver&) = delete;
  PumpDriver& operator=(const PumpDriver&) = delete;

  /// Pumps one stream until it ends or finish() is called; at once when there is no such stream. What the pump has to
  /// tell goes to `notice`. A pump that fails is tried again as PumpRetry says, and that is told once. Cancelled, it
  /// stops between two batches; another call goes on.
  static Task<void> follow(std::shared_ptr<PumpDriver> self, Stream stream, Notice notice);
  /// Writes what is there now, for a container that has ended, and stops following, also when it throws: Error, when
  /// the pump failed twice in a row. What was not written then stays in the pipes.
  void finish();

 private:
  class Source;
  struct Tried;

  Tried attempt(Stream stream, PumpRetry& retry, const Notice& notice);
  void drop(Stream stream);
  void finish(Stream stream);

  LogPump pump_;
  PumpRetry::Limits limits_;
  std::array<std::unique_ptr<Source>, kStreams> sources_;
  bool stopped_ = false;
};

}  // namespace davit::logs
