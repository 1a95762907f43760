#pragma once
// Published ports: what is asked for, what was bound, and who stands in the way.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/base/result.hpp"
#include "davit/base/span.hpp"
#include "davit/network/address.hpp"

namespace davit::network {

enum class Protocol : std::uint8_t { Tcp, Udp };
[[nodiscard]] std::string_view to_string(Protocol protocol);

/// Inclusive.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// One container port to be reachable from the host.
struct PortRequest {
  std::optional<IpAddress> host_ip;  ///< absent: 0.0.0.0 and [::], as Docker
  std::optional<PortRange> host;     ///< absent: a port the kernel chooses; a range: the first free one in it
  std::uint16_t container = 0;
  Protocol protocol = Protocol::Tcp;
  std::optional<Span> where{};  ///< the line that asks for it, for messages

  friend bool operator==(const PortRequest&, const PortRequest&) = default;
};

/// A request that holds its port: the listening (TCP) or bound (UDP) sockets, one for each host address. Closing them
/// gives the port back.
struct PortReservation {
  struct Socket {
    IpAddress host_ip;
    Fd fd;  ///< non-blocking, close-on-exec
  };
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  Protocol protocol = Protocol::Tcp;
  std::vector<Socket> sockets;
};

/// A port that a container of the same project publishes.
struct NeighbourPort {
  IpAddress host_ip;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::Tcp;
  std::string container;  ///< its name
};

using Neighbours = std::function<std::vector<NeighbourPort>()>;

/// Binds every request, or none: the error says which port is taken and by which process, or, of `neighbours` (asked
/// only then), by which container; it points at the line that asked for it and is about item N of "ports", N being the
/// request's number from 0. Reservations are in the order of the requests. A host without IPv6 gets the IPv4 socket
/// alone.
[[nodiscard]] Result<std::vector<PortReservation>> reserve_ports(const std::vector<PortRequest>& requests,
                                                                 const Neighbours& neighbours = {});

/// A process that holds a port.
struct PortHolder {
  int pid = 0;
  std::string name;
  std::string project;  ///< of davit, if it is a keeper or supervisor: one of its containers publishes the port
  friend bool operator==(const PortHolder&, const PortHolder&) = default;
};

/// One socket of /proc/net/{tcp,tcp6,udp,udp6} that can take a port: listening (TCP) or bound (UDP).
struct BoundSocket {
  IpAddress address;
  std::uint16_t port = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const BoundSocket&, const BoundSocket&) = default;
};

/// Parses such a table; lines that are not understood are left out. Pure.
[[nodiscard]] std::vector<BoundSocket> parse_socket_table(std::string_view text, Protocol protocol);
/// Whether a socket on `held` keeps another one from `wanted` at the same port. Pure.
[[nodiscard]] bool addresses_clash(const IpAddress& held, const IpAddress& wanted);

/// The process that listens on the port in the calling thread's network namespace. nullopt when no process does, or
/// when it is not ours to see.
[[nodiscard]] std::optional<PortHolder> find_port_holder(Protocol protocol, const IpAddress& host_ip,
                                                         std::uint16_t port);

/// The davit project that a process serves, by its command line as /proc shows it; empty: none. Pure.
[[nodiscard]] std::string project_of_command_line(std::string_view command_line);

/// "port 8080/tcp is already published by container 'shop-web-1'"; of one that has no name, by this container itself.
/// Pure.
[[nodiscard]] Diagnostic port_in_use(const PortRequest& request, std::uint16_t port, const NeighbourPort& holder);
/// "port 8080/tcp is already in use by 'nginx' (pid 123)", "… by project 'shop' of davit (pid 123)". Pure.
[[nodiscard]] Diagnostic port_in_use(const PortRequest& request, std::uint16_t port,
                                     const std::optional<PortHolder>& holder);

}  // namespace davit::network
