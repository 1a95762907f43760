#pragma once
// A host of its own for a test: the test process moves into a fresh network namespace, so that nothing touches the
// machine's, and everything is gone with the process. Sockets and containers in it.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/network/links.hpp"
#include "davit/network/namespaces.hpp"
#include "davit/network/ports.hpp"
#include "network/link_messages.hpp"
#include "network/sockets.hpp"
#include "support/patience.hpp"

namespace davit::network::testing {

constexpr int kLimitMs = davit::test::patient(5000);

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
inline Subnet net(std::string_view text) {
  return Subnet::parse(text).value();
}

inline void move_to_fresh_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("these tests need root: unshare failed");
  NetlinkBatch batch;
  batch.add(link_up("lo"), "bring up", "lo");
  batch.execute();
}

/// A fixture that runs each test in a host of its own.
class TestHost : public ::testing::Test {
 protected:
  TestHost() { move_to_fresh_namespace(); }
};

/// A bound (and for TCP listening) socket in this thread's namespace, blocking with a limit.
inline Fd listen_at(const std::string& address, std::uint16_t port, Protocol protocol = Protocol::Tcp) {
  const auto where = ip(address);
  const int type = protocol == Protocol::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd fd(::socket(where.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const SocketAddress name(where, port);
  if (::bind(fd.get(), name.get(), name.size) != 0)
    throw std::runtime_error(std::string("bind: ") + std::strerror(errno));
  if (protocol == Protocol::Tcp && ::listen(fd.get(), 16) != 0) throw std::runtime_error("listen");
  return fd;
}

inline Fd listen_in(int netns, const std::string& address, std::uint16_t port, Protocol protocol = Protocol::Tcp) {
  Fd fd;
  run_in_namespace(netns, [&] { fd = listen_at(address, port, protocol); });
  return fd;
}

/// Connects from this thread's namespace; 0 or the errno value (ETIMEDOUT after `limit_ms` without an answer).
inline int connect_to(Fd& fd, const std::string& address, std::uint16_t port, int limit_ms = kLimitMs) {
  const SocketAddress name(ip(address), port);
  fd = open_socket(ip(address).family(), SOCK_STREAM);
  if (::connect(fd.get(), name.get(), name.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{fd.get(), POLLOUT, 0};
  if (::poll(&wait, 1, limit_ms) == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

inline int connect_from(int netns, const std::string& address, std::uint16_t port, int limit_ms = kLimitMs) {
  int error = 0;
  run_in_namespace(netns, [&] {
    Fd fd;
    error = connect_to(fd, address, port, limit_ms);
  });
  return error;
}

/// What arrives first, within the limit; empty otherwise.
inline std::string read_some(const Fd& fd) {
  pollfd wait{fd.get(), POLLIN, 0};
  if (::poll(&wait, 1, kLimitMs) <= 0) return {};
  char buffer[2048];
  const auto size = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
}

inline void write_all(const Fd& fd, std::string_view text) {
  if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error(std::string("send: ") + std::strerror(errno));
  }
}

inline Fd accept_one(const Fd& listener) {
  pollfd wait{listener.get(), POLLIN, 0};
  if (::poll(&wait, 1, kLimitMs) <= 0) return Fd();
  return Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

/// Sends a datagram from a namespace and gives the socket, so that the answer can be read from it.
inline Fd send_datagram(int netns, const std::string& address, std::uint16_t port, std::string_view text) {
  Fd fd;
  run_in_namespace(netns, [&] {
    fd = open_socket(ip(address).family(), SOCK_DGRAM);
    const SocketAddress name(ip(address), port);
    ::sendto(fd.get(), text.data(), text.size(), 0, name.get(), name.size);
  });
  return fd;
}

}  // namespace davit::network::testing
