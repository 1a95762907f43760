#pragma once
// How many descriptors this process may have open.

namespace davit::process {

/// Raises the soft limit to the hard one, as Docker's daemon does. Where that is refused it stays as it is. The
/// programs that are started from here inherit it.
void use_all_descriptors() noexcept;

/// Takes the numbers 0, 1 and 2 where they are closed, so that no file of ours is read or written as standard input or
/// output. What stands there reads as empty, and refuses what is written as a closed one does (EBADF).
void hold_standard_descriptors() noexcept;

}  // namespace davit::process
