#include "davit/network/low_descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::network {
namespace {

/// As many as there may be firewall changes whose sockets are not closed yet.
constexpr std::size_t kKept = 32;
/// At a time, and not one: another thread may open something at the very moment.
constexpr std::size_t kLent = 4;

/// Of the process, as the numbers are.
struct Kept {
  std::mutex mutex;
  std::vector<Fd> descriptors;
  bool wanted = false;
};

Kept& kept() {
  static Kept made;
  return made;
}

Fd lowest() {
  return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void fill(Kept& all) {
  while (all.wanted && all.descriptors.size() < kKept) {
    Fd next = lowest();
    if (!next || next.get() >= FD_SETSIZE) return;
    all.descriptors.push_back(std::move(next));
  }
}

}  // namespace

void reserve_low_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= FD_SETSIZE) return;
  const std::lock_guard alone(kept().mutex);
  kept().wanted = true;
  fill(kept());
}

LowDescriptorLoan::LowDescriptorLoan() {
  const std::lock_guard alone(kept().mutex);
  auto& descriptors = kept().descriptors;
  descriptors.resize(descriptors.size() - std::min(kLent, descriptors.size()));
  const Fd next = lowest();
  if (next && next.get() >= FD_SETSIZE)
    throw Error(Diagnostic::error("too-many-descriptors", "cannot reach nftables: descriptors below " +
                                                              std::to_string(FD_SETSIZE) + " are used up"));
}

LowDescriptorLoan::~LowDescriptorLoan() {
  const std::lock_guard alone(kept().mutex);
  fill(kept());
}

}  // namespace davit::network
