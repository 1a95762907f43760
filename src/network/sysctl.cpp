#include "network/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::network {
namespace {

/// A name with a slash has the dots of an interface name in it ("net/ipv4/conf/eth0.1/forwarding").
std::string path_of(std::string_view name) {
  std::string path(name);
  if (path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
  if (("/" + path + "/").find("/../") != std::string::npos) throw Error("'" + std::string(name) + "' is no sysctl");
  return "/proc/sys/" + path;
}

void set_sysctl(std::string_view name, std::string_view value) {
  const Fd file(::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) throw_system_error("set sysctl", name, errno);
  if (::write(file.get(), value.data(), value.size()) < 0) {
    throw_system_error("set sysctl", std::string(name) + "=" + std::string(value), errno);
  }
}

}  // namespace

void write_sysctl(std::string_view name, std::string_view value) {
  concerning("sysctls", std::string(name), [&] { set_sysctl(name, value); });
}

std::string read_sysctl(std::string_view name) {
  const Fd file(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_system_error("read sysctl", name, errno);
  std::array<char, 256> buffer{};
  const auto size = ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) throw_system_error("read sysctl", name, errno);
  std::string value(buffer.data(), static_cast<std::size_t>(size));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

bool has_sysctl(std::string_view name) {
  return ::access(path_of(name).c_str(), F_OK) == 0;
}

}  // namespace davit::network
