#include "davit/network/pools.hpp"

#include <algorithm>

#include "davit/base/sha256.hpp"

namespace davit::network {
namespace {

Subnet v4_range(std::uint32_t a, std::uint32_t b, int prefix) {
  return {IpAddress::v4((a << 24U) | (b << 16U)), prefix};
}

Subnet unique_local_range(std::string_view seed) {
  const auto digest = sha256(seed);
  std::array<std::uint8_t, 16> bytes{0xFD};
  std::copy_n(digest.begin(), 5, bytes.begin() + 1);
  return {IpAddress::v6(bytes), 48};
}

/// The first subnet behind `other`, at our size; nullopt at the end of the address space.
std::optional<Subnet> next_after(const Subnet& other, int prefix) {
  const IpAddress next = other.last().plus(1);
  if (next < other.base()) return std::nullopt;
  return Subnet(next, prefix);
}

std::optional<Subnet> first_free(const Pool& pool, const std::vector<Subnet>& taken) {
  const int prefix = std::max(pool.prefix, pool.range.prefix());
  std::optional<Subnet> candidate = Subnet(pool.range.base(), prefix);
  while (candidate && pool.range.contains(*candidate)) {
    const auto clash =
        std::find_if(taken.begin(), taken.end(), [&](const Subnet& t) { return t.overlaps(*candidate); });
    if (clash == taken.end()) return candidate;
    // Jump over the larger of the two, so that a taken /8 does not cost 65536 steps.
    candidate = next_after(clash->prefix() < prefix ? *clash : *candidate, prefix);
  }
  return std::nullopt;
}

/// IPv4 keeps the first address for the network and the last for broadcast, unless the subnet is a /31 or /32 (RFC
/// 3021).
bool is_usable(const Subnet& subnet, const IpAddress& address) {
  if (!subnet.contains(address)) return false;
  if (subnet.prefix() >= subnet.base().bits() - 1) return true;
  if (address == subnet.base()) return false;
  return subnet.family() == Family::V6 || address != subnet.last();
}

Diagnostic outside(std::string_view what, const std::string& value, const Subnet& subnet) {
  return Diagnostic::error("network-address",
                           std::string(what) + " '" + value + "' is not in the subnet '" + subnet.to_string() + "'");
}

Result<IpAddress> check_wanted(const SubnetPlan& plan, const std::set<IpAddress>& used, const IpAddress& wanted) {
  if (!is_usable(plan.subnet, wanted)) return outside("address", wanted.to_string(), plan.subnet);
  if (wanted == plan.gateway) {
    return Diagnostic::error("network-address", "address '" + wanted.to_string() + "' is the gateway of the network");
  }
  if (used.contains(wanted)) {
    return Diagnostic::error("network-address",
                             "address '" + wanted.to_string() + "' is already in use on the network");
  }
  return wanted;
}

}  // namespace

std::vector<Pool> default_pools(std::string_view seed) {
  // Docker hands out 172.17/16 to 172.31/16 from the bottom; starting near its top keeps both out of each other's way.
  return {{v4_range(172, 28, 14), 24},
          {v4_range(172, 20, 14), 24},
          {v4_range(10, 204, 14), 24},
          {unique_local_range(seed), 64}};
}

Result<Subnet> choose_subnet(const std::vector<Pool>& pools, Family family, const std::vector<Subnet>& taken) {
  std::string tried;
  for (const Pool& pool : pools) {
    if (pool.range.family() != family) continue;
    if (auto free = first_free(pool, taken)) return *free;
    tried += (tried.empty() ? "" : ", ") + pool.range.to_string();
  }
  const std::string kind = family == Family::V4 ? "IPv4" : "IPv6";
  auto problem = Diagnostic::error("network-pool-empty", "no free " + kind + " subnet is left for a new network");
  if (!tried.empty()) problem.note("every subnet of " + tried + " overlaps another network or a route of this host");
  return std::move(problem).with_hint("remove networks that are no longer needed, or set 'ipam.config.subnet'");
}

Result<SubnetPlan> plan_subnet(const Subnet& subnet, std::optional<IpAddress> gateway, std::optional<Subnet> range,
                               std::set<IpAddress> reserved) {
  if (subnet.prefix() > subnet.base().bits() - 2) {
    return Diagnostic::error("network-subnet",
                             "subnet '" + subnet.to_string() + "' has no room for a gateway and a container");
  }
  if (gateway && !is_usable(subnet, *gateway)) return outside("gateway", gateway->to_string(), subnet);
  if (range && !subnet.contains(*range)) return outside("ip_range", range->to_string(), subnet);
  for (const auto& address : reserved) {
    if (!subnet.contains(address)) return outside("reserved address", address.to_string(), subnet);
  }
  return SubnetPlan{subnet, gateway.value_or(subnet.base().plus(1)), range, std::move(reserved)};
}

Result<IpAddress> allocate_address(const SubnetPlan& plan, const std::set<IpAddress>& used,
                                   std::optional<IpAddress> wanted) {
  if (wanted) return check_wanted(plan, used, *wanted);
  const Subnet range = plan.range.value_or(plan.subnet);
  const IpAddress last = range.last();
  for (IpAddress candidate = range.base();; candidate = candidate.plus(1)) {
    const bool free = is_usable(plan.subnet, candidate) && candidate != plan.gateway && !used.contains(candidate) &&
                      !plan.reserved.contains(candidate);
    if (free) return candidate;
    if (candidate == last) break;
  }
  return Diagnostic::error("network-full", "no free address is left in '" + range.to_string() + "'")
      .with_hint("give the network a larger subnet with 'ipam.config.subnet'");
}

}  // namespace davit::network
