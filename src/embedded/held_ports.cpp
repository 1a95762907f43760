#include "embedded/held_ports.hpp"

#include <charconv>
#include <optional>

namespace davit::embedded {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::vector<std::string_view> split(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    parts.push_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

std::string held_port_name(const network::PortReservation& port, const network::IpAddress& ip) {
  return "port/" + std::to_string(port.host_port) + "/" + std::to_string(port.container_port) + "/" +
         std::string(network::to_string(port.protocol)) + "/" + ip.to_string();
}

void add_held_port(std::vector<network::PortReservation>& ports, std::string_view name, Fd fd) {
  const std::vector<std::string_view> parts = split(name);
  if (parts.size() != 5 || parts[0] != "port" || (parts[3] != "tcp" && parts[3] != "udp")) return;
  const auto host_port = parse_port(parts[1]);
  const auto container_port = parse_port(parts[2]);
  const auto address = network::IpAddress::parse(std::string(parts[4]));
  if (!host_port || !container_port || !address) return;
  const auto protocol = parts[3] == "udp" ? network::Protocol::Udp : network::Protocol::Tcp;
  for (auto& port : ports) {
    if (port.host_port == *host_port && port.container_port == *container_port && port.protocol == protocol) {
      port.sockets.push_back({*address, std::move(fd)});
      return;
    }
  }
  network::PortReservation port{*host_port, *container_port, protocol, {}};
  port.sockets.push_back({*address, std::move(fd)});
  ports.push_back(std::move(port));
}

std::vector<network::Publication> publications_of(const std::vector<network::PortReservation>& ports,
                                                  const std::vector<network::IpAddress>& targets) {
  std::vector<network::Publication> publications;
  for (const auto& port : ports) {
    for (const auto& socket : port.sockets) {
      network::PortRequest request;
      request.host_ip = socket.host_ip;
      request.container = port.container_port;
      request.protocol = port.protocol;
      publications.push_back({request, port.host_port, targets});
    }
  }
  return publications;
}

}  // namespace davit::embedded
