#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/base/units.hpp"
#include "davit/base/write_all.hpp"

namespace davit {
namespace {

Diagnostic cannot_read(const std::string& path, const std::string& why) {
  return Diagnostic::error("unreadable-file", "cannot read '" + path + "': " + why);
}

/// Waits until a pipe has more, or its end has come. False: neither within the limit.
bool wait_for_more(int fd) {
  constexpr int kLimitMs = 10'000;
  pollfd wanted{fd, POLLIN, 0};
  int ready = -1;
  do ready = ::poll(&wanted, 1, kLimitMs);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

Result<std::string> DiskFiles::read(const std::string& path, std::uint64_t limit) const {
  // O_NONBLOCK: a named pipe without a writer must not hang the load. O_NOCTTY: nor a terminal become ours.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return cannot_read(path, system_error_text(errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return cannot_read(path, system_error_text(errno));
  if (S_ISDIR(info.st_mode)) return cannot_read(path, system_error_text(EISDIR));
  const auto too_large = [&] {
    return cannot_read(path, "it is larger than " + format_bytes(static_cast<std::int64_t>(limit)));
  };
  std::string text;
  if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > limit) return too_large();
  text.resize(std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), limit) + 1);
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) text.resize(std::min<std::uint64_t>(text.size() * 2, limit + 1));
    const ssize_t got = ::read(fd.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    // The writer of a pipe may take its time; whoever would have to type into a terminal is not waited for.
    if (got < 0 && errno == EAGAIN && S_ISFIFO(info.st_mode)) {
      if (!wait_for_more(fd.get())) return cannot_read(path, "nothing came through it for ten seconds");
      continue;
    }
    if (got < 0) return cannot_read(path, system_error_text(errno));
    if (got == 0 && used == 0 && S_ISFIFO(info.st_mode)) return cannot_read(path, "it is a pipe that nobody writes to");
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) return too_large();
  }
  text.resize(used);
  return text;
}

Files::Kind DiskFiles::kind(const std::string& path) const {
  struct stat info{};
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

int replace_file(const std::string& path, const std::string& text) {
  std::string partial = path + ".XXXXXX";
  const Fd file(::mkostemp(partial.data(), O_CLOEXEC));
  if (!file) return errno;
  int error = write_all(file.get(), text) ? 0 : errno;
  if (error == 0 && ::rename(partial.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(partial.c_str());
  return error;
}

}  // namespace davit
