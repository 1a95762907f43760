#pragma once
// Waiting for what the kernel tells, with a limit. A condition is looked at once in the beginning and then once after
// each event of what is watched, never because time has gone by.

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "davit/base/fd.hpp"
#include "support/patience.hpp"

namespace davit::test {

/// What can wake a waiting test. A condition may add to the watch that waits for it, as long as it adds before it
/// looks: then nothing that happens in between is missed.
class Watch {
 public:
  Watch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!inotify_) throw std::system_error(errno, std::generic_category(), "inotify");
  }

  /// Entries that come and go or change in a folder, and its own end. Nothing if there is no such folder.
  void folder(const std::filesystem::path& path) {
    ::inotify_add_watch(inotify_.get(), path.c_str(),
                        IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_ONLYDIR);
  }

  /// The end of a process, child or not. Nothing if it has ended and been collected.
  void process(pid_t pid) {
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (fd) sources_.push_back({.fd = std::move(fd), .events = POLLIN, .lasts = Lasts::Once});
  }

  /// Network links that come and go in this namespace.
  void links() {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl name{};
    name.nl_family = AF_NETLINK;
    name.nl_groups = RTMGRP_LINK;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
      throw std::system_error(errno, std::generic_category(), "netlink");
    sources_.push_back({.fd = std::move(fd), .events = POLLIN, .lasts = Lasts::UntilRead});
  }

  /// Mounts of this mount namespace.
  void mounts() {
    Fd fd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    sources_.push_back({.fd = std::move(fd), .events = POLLPRI, .lasts = Lasts::UntilPolled});
  }

  /// Waits until `check` holds; false when the limit passes first. Limits are stretched for sanitized builds.
  template <class Check>
  bool until(Check check, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + patient(limit);
    while (!check())
      if (!next_event(end)) return check();
    return true;
  }

 private:
  enum class Lasts { Once, UntilRead, UntilPolled };
  struct Source {
    Fd fd;
    short events;
    Lasts lasts;
  };

  bool next_event(std::chrono::steady_clock::time_point end) {
    std::vector<pollfd> fds{{inotify_.get(), POLLIN, 0}};
    for (const Source& source : sources_) fds.push_back({source.fd.get(), source.events, 0});
    int ready = -1;
    do {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      ready = left <= 0 ? 0 : ::poll(fds.data(), fds.size(), static_cast<int>(left));
    } while (ready < 0 && errno == EINTR);
    if (fds[0].revents != 0) drain(inotify_);
    for (std::size_t i = sources_.size(); i-- > 0;) {
      if (fds[i + 1].revents == 0) continue;
      if (sources_[i].lasts == Lasts::Once)
        sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(i));
      else if (sources_[i].lasts == Lasts::UntilRead)
        drain(sources_[i].fd);
    }
    return ready > 0;
  }

  static void drain(const Fd& fd) {
    char buffer[16384];
    while (::read(fd.get(), buffer, sizeof buffer) > 0) {
    }
  }

  Fd inotify_;
  std::vector<Source> sources_;
};

}  // namespace davit::test
