#include <dirent.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <memory>

#include "davit/base/files.hpp"
#include "davit/network/ports.hpp"

namespace davit::network {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// The socket's inode, of the sockets in this thread's namespace.
std::optional<std::uint64_t> find_inode(Protocol protocol, const IpAddress& host_ip, std::uint16_t port) {
  const DiskFiles files;
  const std::string base = "/proc/thread-self/net/" + std::string(to_string(protocol));
  for (const std::string& path : {base, base + "6"}) {
    const auto table = files.read(path);
    if (!table) continue;
    for (const auto& socket : parse_socket_table(*table, protocol)) {
      if (socket.port == port && socket.inode != 0 && addresses_clash(socket.address, host_ip)) return socket.inode;
    }
  }
  return std::nullopt;
}

std::optional<int> parse_pid(const char* name) {
  int pid = 0;
  const auto [end, error] = std::from_chars(name, name + std::strlen(name), pid);
  if (error != std::errc{} || *end != '\0') return std::nullopt;
  return pid;
}

bool holds_socket(int pid, const std::string& wanted) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  const Directory directory(::opendir(folder.c_str()));
  if (!directory) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
    if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted) return true;
  }
  return false;
}

std::string process_name(int pid) {
  auto name = DiskFiles().read("/proc/" + std::to_string(pid) + "/comm");
  if (!name) return "?";
  std::string text = *std::move(name);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string davit_project(int pid) {
  const auto command_line = DiskFiles().read("/proc/" + std::to_string(pid) + "/cmdline");
  return command_line ? project_of_command_line(*command_line) : std::string();
}

}  // namespace

std::optional<PortHolder> find_port_holder(Protocol protocol, const IpAddress& host_ip, std::uint16_t port) {
  const auto inode = find_inode(protocol, host_ip, port);
  if (!inode) return std::nullopt;
  const std::string wanted = "socket:[" + std::to_string(*inode) + "]";
  const Directory processes(::opendir("/proc"));
  if (!processes) return std::nullopt;
  while (const dirent* entry = ::readdir(processes.get())) {
    const auto pid = parse_pid(entry->d_name);
    if (pid && holds_socket(*pid, wanted)) return PortHolder{*pid, process_name(*pid), davit_project(*pid)};
  }
  return std::nullopt;
}

}  // namespace davit::network
