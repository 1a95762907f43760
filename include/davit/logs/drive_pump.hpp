#pragma once
// The pump on an event loop.

#include <functional>

#include "davit/async/task.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/logs/pump.hpp"

namespace davit::logs {

/// Pumps until every stream has ended. What the pump has to tell goes to `notice`. Cancelled, it stops between two
/// batches; another call goes on. The pump must outlive the task.
Task<void> drive(LogPump& pump, std::function<void(const Diagnostic&)> notice);

}  // namespace davit::logs
