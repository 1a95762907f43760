#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/dns/server.hpp"
#include "davit/network/namespaces.hpp"

namespace davit::dns {
namespace {

constexpr std::uint32_t kServerAddress = 0x7F00000B;  // 127.0.0.11, where programs look for Docker's resolver
constexpr std::uint16_t kDnsPort = 53;
constexpr int kBacklog = 128;

Fd bind_server_socket(int type) {
  Fd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_system_error("open", "a DNS socket", errno);
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kDnsPort);
  name.sin_addr.s_addr = htonl(kServerAddress);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    throw_system_error("bind the DNS server to", "127.0.0.11:53", errno);
  }
  if (type == SOCK_STREAM && ::listen(fd.get(), kBacklog) != 0) throw_system_error("listen on", "127.0.0.11:53", errno);
  return fd;
}

}  // namespace

ServerSockets open_server_sockets(int netns) {
  auto sockets = open_server_sockets(std::vector<int>{netns});
  return std::move(sockets.front());
}

std::vector<ServerSockets> open_server_sockets(const std::vector<int>& namespaces) {
  std::vector<ServerSockets> sockets(namespaces.size());
  std::vector<std::pair<int, std::function<void()>>> work;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    work.emplace_back(namespaces[i], [&pair = sockets[i]] {
      pair.udp = bind_server_socket(SOCK_DGRAM);
      pair.tcp = bind_server_socket(SOCK_STREAM);
    });
  }
  network::run_in_namespaces(work);
  return sockets;
}

}  // namespace davit::dns
