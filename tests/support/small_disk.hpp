#pragma once
// A small file system of its own that can be full. For root.

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "davit/base/fd.hpp"

namespace davit::test {

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes) {
    std::string pattern = "/var/tmp/davit-disk-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = pattern;
    if (::mount("davit-test", path_.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0) return;
    const int error = errno;
    ::rmdir(path_.c_str());
    throw std::system_error(error, std::generic_category(), "mount a tmpfs");
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    ::umount2(path_.c_str(), MNT_DETACH);
    ::rmdir(path_.c_str());
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Takes all that is left, with a file of its own.
  void fill() const {
    const Fd file(::open((path_ / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file) throw std::system_error(errno, std::generic_category(), "open the filler");
    static constexpr std::array<char, 4096> kPage{};
    while (::write(file.get(), kPage.data(), kPage.size()) > 0) {
    }
    if (errno != ENOSPC) throw std::system_error(errno, std::generic_category(), "fill the disk");
  }
  /// Gives it back.
  void make_room() const { std::filesystem::remove(path_ / "filler"); }

 private:
  std::filesystem::path path_;
};

}  // namespace davit::test
