#pragma once
// What to do about a pump that fails. Pure.

#include <chrono>
#include <cstdint>

namespace davit::logs {

/// A failure of the kernel's to move a container's output (no memory, say) passes as a rule, and nothing is lost while
/// it is tried again. But a container must not wait for its log for ever: after some failures in a row its output is
/// dropped, as long as they last.
class PumpRetry {
 public:
  using Duration = std::chrono::steady_clock::duration;

  struct Limits {
    Duration first = std::chrono::milliseconds{10};  ///< the first pause; each is twice the one before …
    Duration longest = std::chrono::milliseconds{500};
    int keep_tries = 10;  ///< failures in a row before output is dropped: some three seconds
  };

  enum class Act : std::uint8_t {
    Wait,  ///< leave the output where it is, then try again
    Drop,  ///< throw away what is there now, then try again
  };
  /// What the user is told: each once, until it has worked again.
  enum class Tell : std::uint8_t { Nothing, Failure, Dropping };
  struct Next {
    Act act = Act::Wait;
    Duration after{};  ///< the pause before the next try
    Tell tell = Tell::Nothing;
  };

  PumpRetry() = default;
  explicit PumpRetry(Limits limits) : limits_(limits) {}

  /// The pump has failed.
  Next failed();
  /// It has not.
  void worked() { failures_ = 0; }

 private:
  Limits limits_;
  int failures_ = 0;  ///< in a row
};

}  // namespace davit::logs
