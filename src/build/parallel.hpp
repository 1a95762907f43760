#pragma once
// The same work on several things at once, where the work is waiting for the file system.

#include <cstddef>
#include <functional>

namespace davit::build {

/// Calls `work` with 0 … count-1, each once, on as many threads as there are processors, four at most (this one
/// included). Returns when all have ended; the first exception is thrown then, and what had not begun is left out.
void for_each_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace davit::build
