#include "pump_state.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <new>
#include <type_traits>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::logs {
namespace {

/// "davitlog" with the version of the layout in the last byte. A new layout gets a new one.
constexpr std::uint64_t kMagic = 0x64'61'76'69'74'6c'6f'01;

}  // namespace

PumpState::PumpState(const std::string& path) {
  static_assert(std::is_trivially_copyable_v<PumpSnapshot>);
  const Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!file) throw_system_error("open", path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw_system_error("read", path, errno);
  // Blocks are reserved now: a store to a hole on a full file system would be a SIGBUS.
  if (const int error = ::posix_fallocate(file.get(), 0, sizeof(Page)); error != 0)
    throw_system_error("reserve", path, error);
  void* const memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw_system_error("map", path, errno);
  page_ = static_cast<Page*>(memory);
  found_ = status.st_size >= static_cast<off_t>(sizeof(Page)) && page_->magic == kMagic;
  if (found_) return;
  page_ = new (memory) Page{};
  std::atomic_thread_fence(std::memory_order_release);
  page_->magic = kMagic;
}

PumpState::~PumpState() {
  ::munmap(page_, sizeof(Page));
}

const PumpSnapshot& PumpState::current() const {
  return page_->snapshots[page_->active.load(std::memory_order_acquire) % 2];
}

void PumpState::publish(const PumpSnapshot& snapshot) {
  const std::uint32_t next = (page_->active.load(std::memory_order_relaxed) + 1) % 2;
  page_->snapshots[next] = snapshot;
  page_->active.store(next, std::memory_order_release);
}

}  // namespace davit::logs
