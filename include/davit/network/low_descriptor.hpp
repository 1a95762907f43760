#pragma once
// Descriptors for libraries that wait with select(2): it takes those below FD_SETSIZE only, and glibc ends the program
// for any other. libnftables (libmnl) is one of them, and opens its socket itself, with the lowest number that is free.

namespace davit::network {

/// Keeps some low numbers for later: at the start of a program that will hold many descriptors, before it does. Nothing
/// when its limit of descriptors is not above FD_SETSIZE.
void reserve_low_descriptors();

/// While it lives some of the numbers that are kept are free; then numbers are kept again, as far as there are any.
/// Throws Error when the lowest free number is too high: nothing was kept, or all is lent.
class LowDescriptorLoan {
 public:
  LowDescriptorLoan();
  ~LowDescriptorLoan();
  LowDescriptorLoan(const LowDescriptorLoan&) = delete;
  LowDescriptorLoan& operator=(const LowDescriptorLoan&) = delete;
};

}  // namespace davit::network
