#pragma once
// Under which names the keeper holds the sockets of published ports.

#include <string>
#include <string_view>
#include <vector>

#include "davit/network/ports.hpp"

namespace davit::embedded {

/// "port/8080/80/tcp/0.0.0.0": port of the host, port of the container, protocol, address of the socket.
[[nodiscard]] std::string held_port_name(const network::PortReservation& port, const network::IpAddress& ip);

/// Puts a socket back to the others of its port. A name that is none of held_port_name() is left out, and the socket
/// closed.
void add_held_port(std::vector<network::PortReservation>& ports, std::string_view name, Fd fd);

}  // namespace davit::embedded
