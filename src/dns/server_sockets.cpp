#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/dns/server.hpp"
#include "davit/network/firewall.hpp"
#include "davit/network/namespaces.hpp"

namespace davit::dns {
namespace {

constexpr std::uint32_t kServerAddress = 0x7F00000B;  // 127.0.0.11, where programs look for Docker's resolver
constexpr std::uint16_t kDnsPort = 53;
constexpr int kBacklog = 128;

sockaddr_in server_name(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(kServerAddress);
  return name;
}

Fd bind_server_socket(int type, std::uint16_t port) {
  Fd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw_system_error("open", "a DNS socket", errno);
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in name = server_name(port);
  const std::string place = "127.0.0.11:" + std::to_string(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    throw_system_error("bind the DNS server to", place, errno);
  if (type == SOCK_STREAM && ::listen(fd.get(), kBacklog) != 0) throw_system_error("listen on", place, errno);
  return fd;
}

std::uint16_t port_of(const Fd& fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw_system_error("read the port of", "a DNS socket", errno);
  return ntohs(name.sin_port);
}

ServerSockets bind_here(Entrance entrance) {
  const std::uint16_t port = entrance == Entrance::Direct ? kDnsPort : 0;
  ServerSockets sockets{bind_server_socket(SOCK_DGRAM, port), bind_server_socket(SOCK_STREAM, port)};
  if (entrance == Entrance::Redirected) {
    const network::IpAddress address = network::IpAddress::parse("127.0.0.11").value();
    network::redirect_loopback({{network::Protocol::Udp, address, kDnsPort, port_of(sockets.udp)},
                                {network::Protocol::Tcp, address, kDnsPort, port_of(sockets.tcp)}});
  }
  return sockets;
}

}  // namespace

ServerSockets open_server_sockets(ServerPlace place) {
  auto sockets = open_server_sockets(std::vector<ServerPlace>{place});
  return std::move(sockets.front());
}

std::vector<ServerSockets> open_server_sockets(const std::vector<ServerPlace>& places) {
  std::vector<ServerSockets> sockets(places.size());
  std::vector<std::pair<int, std::function<void()>>> work;
  for (std::size_t i = 0; i < places.size(); ++i)
    work.emplace_back(places[i].netns,
                      [&pair = sockets[i], entrance = places[i].entrance] { pair = bind_here(entrance); });
  network::run_in_namespaces(work);
  return sockets;
}

}  // namespace davit::dns
