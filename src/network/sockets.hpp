#pragma once
// Addresses of the socket interface, and sockets bound to them.

#include <sys/socket.h>

#include "davit/base/fd.hpp"
#include "davit/network/address.hpp"

namespace davit::network {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  SocketAddress() = default;
  SocketAddress(const IpAddress& address, std::uint16_t port);
  [[nodiscard]] const sockaddr* get() const;
  [[nodiscard]] sockaddr* get();
  [[nodiscard]] std::uint16_t port() const;
};

/// A non-blocking, close-on-exec socket. `type` is SOCK_STREAM or SOCK_DGRAM. Empty on failure, errno says why.
[[nodiscard]] Fd open_socket(Family family, int type);

}  // namespace davit::network
