#pragma once
// Work that the first signal cuts short.

#include <exception>

#include "davit/async/task.hpp"
#include "davit/runtime/runtime.hpp"

namespace davit::runtime {

/// How such work has ended.
struct CutShort {
  bool signalled = false;      ///< a signal came before its end
  std::exception_ptr failure;  ///< what the work threw; never just the cancellation that the signal asked for
};

/// Runs the work to its end and cancels it at the next signal. Whatever goes wrong with the work is in the result, also
/// when it goes wrong at the same time. Cancelled: the work is cancelled and awaited, operation_aborted is thrown.
Task<CutShort> run_until_signal(Task<void> work, Interrupts& interrupts);

}  // namespace davit::runtime
