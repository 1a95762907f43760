#include "davit/state/change_counter.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::state {

ChangeCounter::ChangeCounter(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_system_error("open", file.string(), errno);
  // Bytes that are there stay, new ones are zero, and their block is reserved: a store to a hole on a full disk would
  // be a SIGBUS.
  if (const int error = ::posix_fallocate(fd.get(), 0, sizeof(Count)); error != 0)
    throw_system_error("reserve", file.string(), error);
  void* const memory = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) throw_system_error("map", file.string(), errno);
  count_ = static_cast<Count*>(memory);
}

ChangeCounter::~ChangeCounter() {
  ::munmap(count_, sizeof(Count));
}

}  // namespace davit::state
