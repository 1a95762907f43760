#include "network/sockets.hpp"

#include <netinet/in.h>

#include <cstring>

namespace davit::network {

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(address.v4_value());
    std::memcpy(&storage, &in, sizeof in);
    size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
    std::memcpy(&storage, &in, sizeof in);
    size = sizeof in;
  }
}

const sockaddr* SocketAddress::get() const {
  return reinterpret_cast<const sockaddr*>(&storage);
}
sockaddr* SocketAddress::get() {
  return reinterpret_cast<sockaddr*>(&storage);
}

std::uint16_t SocketAddress::port() const {
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
}

Fd open_socket(Family family, int type) {
  return Fd(::socket(family == Family::V4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace davit::network
