#pragma once
// The sockets of published ports: under which names the keeper holds them, and what the firewall is told of them.

#include <string>
#include <string_view>
#include <vector>

#include "davit/network/ports.hpp"
#include "davit/network/project_network.hpp"

namespace davit::embedded {

/// "port/8080/80/tcp/0.0.0.0": port of the host, port of the container, protocol, address of the socket.
[[nodiscard]] std::string held_port_name(const network::PortReservation& port, const network::IpAddress& ip);

/// Puts a socket back to the others of its port. A name that is none of held_port_name() is left out, and the socket
/// closed.
void add_held_port(std::vector<network::PortReservation>& ports, std::string_view name, Fd fd);

/// One publication a socket, with the address of that socket: what a socket does not hold, no rule takes. `targets`
/// are the container's addresses, at most one a family.
[[nodiscard]] std::vector<network::Publication> publications_of(const std::vector<network::PortReservation>& ports,
                                                                const std::vector<network::IpAddress>& targets);

}  // namespace davit::embedded
