#pragma once
// A named pipe through which a script, in a container or not, and a test wait for each other.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "davit/base/fd.hpp"
#include "support/patience.hpp"

namespace davit::test {

/// Both ends are open here, so that neither side's open() waits for the other's, and no write is lost.
class NamedPipe {
 public:
  /// Makes the pipe, everybody's to use, if it is not there.
  explicit NamedPipe(const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    if (::mkfifo(path.c_str(), 0666) != 0 && errno != EEXIST)
      throw std::system_error(errno, std::generic_category(), path.string());
    ::chmod(path.c_str(), 0666);
    fd_.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) throw std::system_error(errno, std::generic_category(), path.string());
  }

  [[nodiscard]] int get() const { return fd_.get(); }

  /// What the other side has written, up to the end of a line; "" when the limit passes first.
  [[nodiscard]] std::string line(std::chrono::seconds limit) const {
    const auto end = std::chrono::steady_clock::now() + patient(limit);
    std::string text;
    for (char c = 0; c != '\n';) {
      if (::read(fd_.get(), &c, 1) == 1) {
        text += c;
        continue;
      }
      pollfd wait{fd_.get(), POLLIN, 0};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) return {};
    }
    text.pop_back();
    return text;
  }

  /// Lets one `read` of the other side go on.
  void say(const std::string& text) const {
    const std::string line = text + "\n";
    if (::write(fd_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::system_error(errno, std::generic_category(), "named pipe");
  }

 private:
  Fd fd_;
};

}  // namespace davit::test
