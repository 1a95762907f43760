#include "embedded/network_rows.hpp"

#include <charconv>

#include "davit/base/error.hpp"

namespace davit::embedded {
namespace {

constexpr const char* kRangeOption = "io.davit.ip_range";
constexpr const char* kMtuOption = "com.docker.network.driver.mtu";
// What the kernel takes for a bridge (linux/if_ether.h: ETH_MIN_MTU, ETH_MAX_MTU).
constexpr std::uint32_t kSmallestMtu = 68;
constexpr std::uint32_t kLargestMtu = 65535;

network::SubnetPlan plan_of(const state::Network& row, const std::string& subnet,
                            const std::optional<std::string>& gateway) {
  const network::Subnet parsed = parse_subnet(subnet);
  std::optional<network::IpAddress> gateway_address;
  if (gateway) gateway_address = parse_address(*gateway);
  std::optional<network::Subnet> range;
  if (const auto found = row.options.find(kRangeOption); found != row.options.end()) {
    range = parse_subnet(found->second);
    if (range->family() != parsed.family()) range.reset();
  }
  return network::plan_subnet(parsed, gateway_address, range).value();
}

void set_subnet(state::Network& row, const network::SubnetPlan& plan) {
  const bool v4 = plan.subnet.family() == network::Family::V4;
  (v4 ? row.subnet_v4 : row.subnet_v6) = plan.subnet.to_string();
  (v4 ? row.gateway_v4 : row.gateway_v6) = plan.gateway.to_string();
}

std::uint32_t parse_mtu(const std::string& network, const std::string& text) {
  std::uint32_t mtu = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mtu);
  if (error != std::errc{} || end != text.data() + text.size() || mtu < kSmallestMtu || mtu > kLargestMtu)
    throw Error(Diagnostic::error(
        "mtu", "the MTU '" + text + "' of network '" + network + "' is not a number from 68 to 65535"));
  return mtu;
}

}  // namespace

network::Subnet parse_subnet(const std::string& text) {
  const auto subnet = network::Subnet::parse(text);
  if (!subnet) throw Error("'" + text + "' is not a subnet");
  return *subnet;
}

network::IpAddress parse_address(const std::string& text) {
  const auto address = network::IpAddress::parse(text);
  if (!address) throw Error("'" + text + "' is not an IP address");
  return *address;
}

std::vector<network::SubnetPlan> plans_of(const state::Network& row) {
  std::vector<network::SubnetPlan> plans;
  if (row.subnet_v4) plans.push_back(plan_of(row, *row.subnet_v4, row.gateway_v4));
  if (row.subnet_v6) plans.push_back(plan_of(row, *row.subnet_v6, row.gateway_v6));
  return plans;
}

network::NetworkDescription description_of(const state::Network& row) {
  network::NetworkDescription description;
  description.name = row.name;
  description.subnets = plans_of(row);
  description.reach = row.internal ? network::Reach::Internal : network::Reach::Outside;
  if (const auto mtu = row.options.find(kMtuOption); mtu != row.options.end())
    description.mtu = parse_mtu(row.name, mtu->second);
  return description;
}

void choose_subnets(state::Network& row, const engine::NetworkSpec& spec, const std::vector<network::Pool>& pools,
                    const std::vector<network::Subnet>& taken) {
  for (const auto& pool : spec.ipam) {
    if (pool.subnet.empty()) continue;
    std::optional<network::IpAddress> gateway;
    std::optional<network::Subnet> range;
    if (!pool.gateway.empty()) gateway = parse_address(pool.gateway);
    if (!pool.ip_range.empty()) range = parse_subnet(pool.ip_range);
    set_subnet(row, network::plan_subnet(parse_subnet(pool.subnet), gateway, range).value());
    if (!pool.ip_range.empty()) row.options[kRangeOption] = pool.ip_range;
  }
  const auto from_pool = [&](network::Family family) {
    set_subnet(row, network::plan_subnet(network::choose_subnet(pools, family, taken).value()).value());
  };
  if (!row.subnet_v4) from_pool(network::Family::V4);
  if (spec.enable_ipv6 && !row.subnet_v6) from_pool(network::Family::V6);
}

}  // namespace davit::embedded
