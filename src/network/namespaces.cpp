#include "davit/network/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>

#include "davit/base/error.hpp"
#include "network/link_messages.hpp"
#include "network/sysctl.hpp"

namespace davit::network {
namespace {

/// Namespaces belong to threads: a helper thread changes its own and ends, and ours never leaves the host's.
void run_in_thread(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread thread([&work, &failure] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  thread.join();
  if (failure) std::rethrow_exception(failure);
}

void enter(int netns) {
  if (::setns(netns, CLONE_NEWNET) != 0) throw_system_error("enter", "network namespace", errno);
}

void apply_settings(const NamespaceSettings& settings) {
  write_sysctl("net.ipv4.ip_unprivileged_port_start", "0");
  write_sysctl("net.ipv4.ping_group_range", "0 2147483647");
  if (has_sysctl("net.ipv6.conf.default.disable_ipv6")) {
    write_sysctl("net.ipv6.conf.default.disable_ipv6", settings.ipv6 == NamespaceSettings::Ipv6::On ? "0" : "1");
    write_sysctl("net.ipv6.conf.default.accept_ra", "0");
    write_sysctl("net.ipv6.conf.default.accept_dad", "0");
  }
  for (const auto& [name, value] : settings.sysctls) write_sysctl(name, value);
}

}  // namespace

Fd create_namespace(const NamespaceSettings& settings) {
  Fd netns;
  run_in_thread([&settings, &netns] {
    if (::unshare(CLONE_NEWNET) != 0) throw_system_error("create", "network namespace", errno);
    netns = open_namespace("/proc/thread-self/ns/net");
    NetlinkBatch batch;
    batch.add(link_up("lo"), "bring up interface", "lo");
    batch.execute();
    apply_settings(settings);
  });
  return netns;
}

Fd open_namespace(const std::string& path) {
  Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns) throw_system_error("open network namespace", path, errno);
  return netns;
}

void pin_namespace(int netns, const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) throw_system_error("create", path, errno);
  if (::mount(descriptor_path(netns).c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    throw_system_error("bind the network namespace to", path, errno);
  }
}

void run_in_namespace(int netns, const std::function<void()>& work) {
  run_in_namespaces({{netns, work}});
}

void run_in_namespaces(const std::vector<std::pair<int, std::function<void()>>>& work) {
  run_in_thread([&work] {
    for (const auto& [netns, act] : work) {
      enter(netns);
      act();
    }
  });
}

std::string descriptor_path(int fd) {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd);
}

}  // namespace davit::network
