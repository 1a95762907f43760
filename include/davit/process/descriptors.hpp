#pragma once
// How many descriptors this process may have open.

namespace davit::process {

/// Raises the soft limit to the hard one, as Docker's daemon does. Where that is refused it stays as it is. The
/// programs that are started from here inherit it.
void use_all_descriptors() noexcept;

}  // namespace davit::process
