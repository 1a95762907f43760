#include "embedded/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "davit/base/error.hpp"

namespace davit::embedded {

Fd memory_file(const std::string& name, const std::string& content) {
  Fd fd(::memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!fd) throw_system_error("make", "a memory file", errno);
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t put = ::write(fd.get(), content.data() + done, content.size() - done);
    if (put < 0 && errno != EINTR) throw_system_error("write", "a memory file", errno);
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  return fd;
}

std::string read_all(int fd) {
  std::string out;
  std::array<char, 4096> chunk{};
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, chunk.data(), chunk.size(), at);
    if (got <= 0) return out;
    out.append(chunk.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace davit::embedded
