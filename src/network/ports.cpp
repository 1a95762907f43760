#include "davit/network/ports.hpp"

#include <charconv>
#include <sstream>

namespace davit::network {
namespace {

std::optional<std::uint64_t> parse_field(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The kernel prints each 32-bit word of an address as a number in its own byte order.
std::optional<IpAddress> parse_hex_address(std::string_view hex) {
  std::array<std::uint8_t, 16> bytes{};
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  for (std::size_t word = 0; word < hex.size() / 8; ++word) {
    const auto value = parse_field(hex.substr(word * 8, 8), 16);
    if (!value) return std::nullopt;
    for (std::size_t i = 0; i < 4; ++i) bytes[word * 4 + i] = static_cast<std::uint8_t>(*value >> (8 * i));
  }
  if (hex.size() == 32) return IpAddress::v6(bytes);
  return IpAddress::v4((std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) |
                       (std::uint32_t{bytes[2]} << 8U) | bytes[3]);
}

/// "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …"
std::optional<BoundSocket> parse_line(const std::string& line, Protocol protocol) {
  std::istringstream fields(line);
  std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
  if (!(fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode)) {
    return std::nullopt;
  }
  // Listening (TCP_LISTEN = 0A); an unconnected UDP socket is "closed" (07).
  if (state != (protocol == Protocol::Tcp ? "0A" : "07")) return std::nullopt;
  const auto colon = local.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto address = parse_hex_address(std::string_view(local).substr(0, colon));
  const auto port = parse_field(std::string_view(local).substr(colon + 1), 16);
  const auto number = parse_field(inode, 10);
  if (!address || !port || *port > 65535 || !number) return std::nullopt;
  return BoundSocket{*address, static_cast<std::uint16_t>(*port), *number};
}

/// "port 127.0.0.1:80/tcp"
std::string name_of(const PortRequest& request, std::uint16_t port) {
  std::string name = std::to_string(port) + "/" + std::string(to_string(request.protocol));
  if (request.host_ip) {
    const std::string ip = request.host_ip->to_string();
    name = (request.host_ip->is_v4() ? ip : "[" + ip + "]") + ":" + name;
  }
  return "port " + name;
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  return protocol == Protocol::Tcp ? "tcp" : "udp";
}

std::vector<BoundSocket> parse_socket_table(std::string_view text, Protocol protocol) {
  std::vector<BoundSocket> sockets;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (auto socket = parse_line(line, protocol)) sockets.push_back(*socket);
  }
  return sockets;
}

bool addresses_clash(const IpAddress& held, const IpAddress& wanted) {
  if (held.family() == wanted.family()) return held == wanted || held.is_any() || wanted.is_any();
  // [::] takes IPv4 as well unless it is IPv6-only, which the table does not show.
  return !held.is_v4() && held.is_any();
}

std::string project_of_command_line(std::string_view command_line) {
  // Both have the words of the supervisor: "davit … supervisor --project NAME", and the keeper those after "--".
  constexpr std::string_view kWords("\0supervisor\0--project\0", 22);
  const std::size_t found = command_line.find(kWords);
  if (found == std::string_view::npos) return "";
  const std::string_view rest = command_line.substr(found + kWords.size());
  return std::string(rest.substr(0, rest.find('\0')));
}

Diagnostic port_in_use(const PortRequest& request, std::uint16_t port, const NeighbourPort& holder) {
  const std::string who =
      holder.container.empty() ? "this container itself" : "container '" + holder.container + "' of this project";
  return Diagnostic::error("port-in-use", name_of(request, port) + " is already published by " + who, request.where)
      .with_hint("publish another port; without a host port, a free one is chosen");
}

Diagnostic port_in_use(const PortRequest& request, std::uint16_t port, const std::optional<PortHolder>& holder) {
  std::string message = name_of(request, port) + " is already in use";
  if (holder) {
    const std::string who =
        holder->project.empty() ? "'" + holder->name + "'" : "project '" + holder->project + "' of davit";
    message += " by " + who + " (pid " + std::to_string(holder->pid) + ")";
  }
  auto problem = Diagnostic::error("port-in-use", std::move(message), request.where);
  if (holder && !holder->project.empty())
    return std::move(problem).with_hint(
        "'davit -p " + holder->project +
        " down' lowers that project; or publish another port, without a host port a free one is chosen");
  return std::move(problem).with_hint(
      "stop the process that holds the port, or publish another one; without a host port, a free one is chosen");
}

}  // namespace davit::network
