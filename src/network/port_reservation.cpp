#include <netinet/in.h>

#include <cerrno>

#include "davit/network/ports.hpp"
#include "network/sockets.hpp"

namespace davit::network {
namespace {

constexpr int kBacklog = 4096;
constexpr int kEphemeralTries = 64;

std::vector<IpAddress> host_addresses(const PortRequest& request) {
  if (request.host_ip) return {*request.host_ip};
  return {IpAddress(), IpAddress::v6({})};
}

/// Bound and listening; an errno value when it cannot be had.
Result<Fd, int> bind_socket(const IpAddress& address, std::uint16_t port, Protocol protocol) {
  const int type = protocol == Protocol::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd fd = open_socket(address.family(), type);
  if (!fd) return errno;
  const int on = 1;
  // A port in TIME_WAIT is free for us. UDP has no such state, and there the option would let two sockets share a port.
  if (protocol == Protocol::Tcp) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!address.is_v4()) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const SocketAddress name(address, port);
  if (::bind(fd.get(), name.get(), name.size) != 0) return errno;
  if (protocol == Protocol::Tcp && ::listen(fd.get(), kBacklog) != 0) return errno;
  return fd;
}

std::uint16_t local_port(const Fd& fd) {
  SocketAddress name;
  name.size = sizeof name.storage;
  if (::getsockname(fd.get(), name.get(), &name.size) != 0) throw_system_error("read the port of", "a socket", errno);
  return name.port();
}

bool is_missing_ipv6(const IpAddress& address, int error) {
  return !address.is_v4() && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

struct Failure {
  int error = 0;
  IpAddress address;
  std::uint16_t port = 0;
};

/// Every host address at the same port. Port 0 takes what the kernel gives to the first one.
Result<PortReservation, Failure> reserve_at(const PortRequest& request, std::uint16_t port) {
  PortReservation reservation;
  reservation.host_port = port;
  reservation.container_port = request.container;
  reservation.protocol = request.protocol;
  for (const IpAddress& address : host_addresses(request)) {
    auto fd = bind_socket(address, reservation.host_port, request.protocol);
    if (!fd && !request.host_ip && is_missing_ipv6(address, fd.error())) continue;
    if (!fd) return Failure{fd.error(), address, reservation.host_port};
    if (reservation.host_port == 0) reservation.host_port = local_port(*fd);
    reservation.sockets.push_back({address, std::move(*fd)});
  }
  return reservation;
}

/// Where the IPv4 port that the kernel chose is taken for IPv6, another one is tried.
Result<PortReservation, Failure> reserve_ephemeral(const PortRequest& request) {
  auto reservation = reserve_at(request, 0);
  for (int i = 1; i < kEphemeralTries && !reservation && reservation.error().error == EADDRINUSE; ++i) {
    reservation = reserve_at(request, 0);
  }
  return reservation;
}

Result<PortReservation, Failure> reserve_one(const PortRequest& request) {
  if (!request.host) return reserve_ephemeral(request);
  std::optional<Failure> first;
  for (unsigned port = request.host->first; port <= request.host->last; ++port) {
    auto reservation = reserve_at(request, static_cast<std::uint16_t>(port));
    if (reservation || reservation.error().error != EADDRINUSE) return reservation;
    if (!first) first = reservation.error();
  }
  return first.value_or(Failure{EINVAL, {}, request.host->first});
}

Diagnostic taken(const PortRequest& request, const Failure& failure, const std::vector<NeighbourPort>& neighbours) {
  for (const NeighbourPort& held : neighbours)
    if (held.port == failure.port && held.protocol == request.protocol &&
        addresses_clash(held.host_ip, failure.address))
      return port_in_use(request, failure.port, held);
  return port_in_use(request, failure.port, find_port_holder(request.protocol, failure.address, failure.port));
}

Diagnostic describe(const PortRequest& request, const Failure& failure, const std::vector<NeighbourPort>& neighbours) {
  if (failure.error == EADDRINUSE) {
    auto problem = taken(request, failure, neighbours);
    if (request.host && request.host->first != request.host->last) {
      problem.note("no port from " + std::to_string(request.host->first) + " to " + std::to_string(request.host->last) +
                   " is free");
    }
    return problem;
  }
  auto problem = Diagnostic::error("port-refused",
                                   "cannot bind port " + std::to_string(failure.port) + "/" +
                                       std::string(to_string(request.protocol)) + " on '" +
                                       failure.address.to_string() + "': " + system_error_text(failure.error),
                                   request.where);
  if (failure.error == EADDRNOTAVAIL) problem.with_hint("publish on an address that this host has");
  if (failure.error == EACCES) problem.with_hint("ports below 1024 need more rights; publish a higher one");
  return problem;
}

std::vector<NeighbourPort> all_held(const std::vector<PortReservation>& own, const Neighbours& neighbours) {
  std::vector<NeighbourPort> held = neighbours ? neighbours() : std::vector<NeighbourPort>();
  for (const PortReservation& reservation : own)
    for (const auto& socket : reservation.sockets)
      held.push_back({socket.host_ip, reservation.host_port, reservation.protocol, ""});
  return held;
}

}  // namespace

Result<std::vector<PortReservation>> reserve_ports(const std::vector<PortRequest>& requests,
                                                   const Neighbours& neighbours) {
  std::vector<PortReservation> reservations;
  for (const PortRequest& request : requests) {
    auto reservation = reserve_one(request);
    if (!reservation)
      return describe(request, reservation.error(), all_held(reservations, neighbours))
          .about("ports", std::to_string(reservations.size()));
    reservations.push_back(std::move(*reservation));
  }
  return reservations;
}

}  // namespace davit::network
