#pragma once
// Which subnet a new network gets, and which address a new attachment gets. Pure: the used sets come from the caller
// (the database for leases, host_subnets() for what the host already reaches).

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"
#include "davit/network/address.hpp"

namespace davit::network {

/// A range that new networks are carved from, each with `prefix` bits.
struct Pool {
  Subnet range;
  int prefix = 24;
};

/// The pools when nothing is configured: /24s of private IPv4 space, and /64s of one unique local IPv6 range (RFC 4193)
/// whose 40 random bits are derived from `seed` (any string that is stable on this host, such as the machine id).
[[nodiscard]] std::vector<Pool> default_pools(std::string_view seed);

/// The first subnet of the pools of this family that overlaps nothing taken. An error when every pool is full.
[[nodiscard]] Result<Subnet> choose_subnet(const std::vector<Pool>& pools, Family family,
                                           const std::vector<Subnet>& taken);

/// One subnet of a network, as `ipam.config` describes it.
struct SubnetPlan {
  Subnet subnet;
  IpAddress gateway;
  std::optional<Subnet> range;     ///< `ip_range`: where dynamic addresses come from; the whole subnet otherwise
  std::set<IpAddress> reserved{};  ///< `aux_addresses`

  friend bool operator==(const SubnetPlan&, const SubnetPlan&) = default;
};

/// Completes a plan: the gateway is the first usable address unless given. An error names a gateway, range or reserved
/// address outside of the subnet, or a subnet without room for a gateway and one container.
[[nodiscard]] Result<SubnetPlan> plan_subnet(const Subnet& subnet, std::optional<IpAddress> gateway = {},
                                             std::optional<Subnet> range = {}, std::set<IpAddress> reserved = {});

/// The address for a new attachment: `wanted` if it is given and free, else the lowest free one in the range. Network,
/// broadcast, gateway and reserved addresses are never given out (a reserved one may be wanted).
[[nodiscard]] Result<IpAddress> allocate_address(const SubnetPlan& plan, const std::set<IpAddress>& used,
                                                 std::optional<IpAddress> wanted = {});

}  // namespace davit::network
