#pragma once

namespace davit::embedded {

/// Gives back to the kernel what a burst of work needed and rest does not: free parts of the heap, and mapped program
/// code, which comes back page by page from the page cache where it is used again. For the one thread of a supervisor.
void give_back_memory();

}  // namespace davit::embedded
