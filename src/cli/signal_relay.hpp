#pragma once
// What becomes of the signals to an attached `run`. Pure.

#include <cstdint>

#include "davit/process/signals.hpp"

namespace davit::cli {

/// The first signal that asks for an end is the program's affair; who sends a second one wants it ended. (docker
/// compose gives up at the first one and leaves the container running.)
class SignalRelay {
 public:
  enum class Act : std::uint8_t {
    Pass,  ///< to the program
    Stop,  ///< the container: the signal would be lost on the program
    Kill,  ///< the container
  };

  /// What to do about a signal (SIGINT, …), given what the container's first process would do with it.
  [[nodiscard]] Act on(int signal, process::Reaction reaction);

  /// The container was ended because of a signal, whatever its program makes of that.
  [[nodiscard]] bool has_forced() const { return forced_; }

 private:
  bool asked_ = false;  ///< to end
  bool forced_ = false;
};

}  // namespace davit::cli
