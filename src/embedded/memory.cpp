#include "embedded/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace davit::embedded {
namespace {

/// A line of /proc/self/maps: "from-to r-xp offset device inode path". Only code: it is never written to, so what is
/// dropped can be read again. Data that the dynamic linker has relocated is not like that.
void drop_if_code(const std::string& line) {
  std::istringstream in(line);
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
  char dash = 0;
  std::string access, offset, device;
  std::uint64_t inode = 0;
  if (!(in >> std::hex >> from >> dash >> to >> access >> offset >> device >> std::dec >> inode)) return;
  if (access != "r-xp" || inode == 0) return;
  // A refusal leaves the pages where they are.
  static_cast<void>(::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED));
}

}  // namespace

void give_back_memory() {
  ::malloc_trim(0);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) drop_if_code(line);
}

}  // namespace davit::embedded
