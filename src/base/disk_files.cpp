#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/base/units.hpp"

namespace davit {
namespace {

Diagnostic cannot_read(const std::string& path, const std::string& why) {
  return Diagnostic::error("unreadable-file", "cannot read '" + path + "': " + why);
}

}  // namespace

Result<std::string> DiskFiles::read(const std::string& path, std::uint64_t limit) const {
  // O_NONBLOCK: a named pipe without a writer must not hang the load.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return cannot_read(path, system_error_text(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return cannot_read(path, system_error_text(errno));
  if (S_ISDIR(info.st_mode)) return cannot_read(path, system_error_text(EISDIR));
  std::string text;
  text.resize(std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), limit) + 1);
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) text.resize(text.size() * 2);
    const ssize_t got = ::read(fd.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, system_error_text(errno));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit)
      return cannot_read(path, "it is larger than " + format_bytes(static_cast<std::int64_t>(limit)));
  }
  text.resize(used);
  return text;
}

Files::Kind DiskFiles::kind(const std::string& path) const {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Kind::Absent;
  if (S_ISREG(info.st_mode)) return Kind::Regular;
  return S_ISDIR(info.st_mode) ? Kind::Directory : Kind::Other;
}

std::vector<std::string> DiskFiles::list(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace davit
