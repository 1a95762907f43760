#pragma once
// resolv.conf: reading the host's, and writing the container's. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "davit/network/address.hpp"

namespace davit::dns {

struct ResolvConf {
  std::vector<network::IpAddress> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
  friend bool operator==(const ResolvConf&, const ResolvConf&) = default;
};

/// Reads a resolv.conf(5). Comments, unknown lines and addresses with a zone are left out; the last search line counts.
[[nodiscard]] ResolvConf parse_resolv_conf(std::string_view text);

/// `dns`, `dns_search`, `dns_opt` of a service.
struct ServiceDns {
  std::vector<network::IpAddress> servers;
  std::vector<std::string> search;  ///< "." alone: no search domains
  std::vector<std::string> options;
};

/// The file a container on a network gets: our server at 127.0.0.11, the service's search and options or else the
/// host's, and ndots:0 unless ndots is set, as Docker writes it.
[[nodiscard]] std::string container_resolv_conf(const ResolvConf& host, const ServiceDns& service);

/// The file for a container that shares the host's network: the host's own, with the service's settings in its place.
[[nodiscard]] std::string host_network_resolv_conf(const ResolvConf& host, const ServiceDns& service);

/// Where questions that are not ours go for such a container: its own `dns`, else the host's servers. Loopback servers
/// are fine, since questions are sent from the host's namespace.
[[nodiscard]] std::vector<network::IpAddress> upstream_servers(const ResolvConf& host, const ServiceDns& service);

/// The same for a container that is on internal networks alone: those of its own `dns` that are on one of these
/// networks, which it could ask itself. Never the host's, nor any other server: questions are sent from the host's
/// namespace, and would carry out what the network keeps in (CVE-2024-29018).
[[nodiscard]] std::vector<network::IpAddress> upstream_servers_inside(const ServiceDns& service,
                                                                      const std::vector<network::Subnet>& networks);

/// /etc/hosts of a container: localhost, the container's own addresses with its hostname, and `extra_hosts`.
[[nodiscard]] std::string container_hosts(const std::vector<std::pair<network::IpAddress, std::string>>& own,
                                          const std::vector<std::pair<std::string, std::string>>& extra);

}  // namespace davit::dns
