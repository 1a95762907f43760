#pragma once
// What the row of a network means, and what becomes one. Pure.

#include <string>
#include <vector>

#include "davit/engine/resource_specs.hpp"
#include "davit/network/address.hpp"
#include "davit/network/pools.hpp"
#include "davit/network/project_network.hpp"
#include "davit/state/networks.hpp"

namespace davit::embedded {

// Throw Error for what is neither.
[[nodiscard]] network::Subnet parse_subnet(const std::string& text);
[[nodiscard]] network::IpAddress parse_address(const std::string& text);

/// The subnets of a network with gateway and range, IPv4 first.
[[nodiscard]] std::vector<network::SubnetPlan> plans_of(const state::Network& row);
/// How the bridge is made. Throws Error for an option that makes no sense.
[[nodiscard]] network::NetworkDescription description_of(const state::Network& row);

/// Fills in the subnets a specification names, and subnets of the pools that overlap none of `taken` for the families
/// it leaves open. Throws Error for what cannot be had.
void choose_subnets(state::Network& row, const engine::NetworkSpec& spec, const std::vector<network::Pool>& pools,
                    const std::vector<network::Subnet>& taken);

}  // namespace davit::embedded
