#include "davit/network/interfaces.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace davit::network {
namespace {

Attachment to_attachment(const Scope& scope, const std::string& container, const Join& join) {
  Attachment attachment;
  attachment.bridge = join.bridge;
  attachment.host_link = host_link_name(scope, container, join.network);
  attachment.alias = link_alias(scope, join.network);
  attachment.addresses = join.addresses;
  attachment.mtu = join.mtu;
  if (join.mac) {
    attachment.mac = *join.mac;
  } else if (!join.addresses.empty()) {
    attachment.mac = MacAddress::from_address(join.addresses.front().address);
  }
  return attachment;
}

/// Those over which the host and the container reach each other, best first.
std::vector<const Join*> by_preference(const std::vector<Join>& joins) {
  std::vector<const Join*> order;
  const Join* const way_out = leading_out(joins);
  if (way_out != nullptr) order.push_back(way_out);
  for (const Join& join : joins)
    if (join.reach == Reach::Outside && &join != way_out) order.push_back(&join);
  if (order.empty())
    for (const Join& join : joins) order.push_back(&join);
  return order;
}

std::string next_free_name(const std::set<std::string>& taken) {
  for (unsigned i = 0;; ++i) {
    std::string name = "eth" + std::to_string(i);
    if (!taken.contains(name)) return name;
  }
}

}  // namespace

const Join* leading_out(const std::vector<Join>& joins) {
  const Join* best = nullptr;
  for (const Join& join : joins) {
    if (join.reach == Reach::Internal || join.gateways.empty()) continue;
    const auto rank = [](const Join& j) { return std::tuple(-j.gateway_priority, -j.priority, j.network); };
    if (best == nullptr || rank(join) < rank(*best)) best = &join;
  }
  return best;
}

std::optional<IpAddress> published_address(const std::vector<Join>& joins, Family family) {
  for (const Join* join : by_preference(joins))
    for (const auto& own : join->addresses)
      if (own.address.family() == family) return own.address;
  return std::nullopt;
}

std::optional<IpAddress> host_address(const std::vector<Join>& joins, Family family) {
  for (const Join* join : by_preference(joins))
    for (const auto& gateway : join->gateways)
      if (gateway.family() == family) return gateway;
  return std::nullopt;
}

std::vector<Attachment> plan_interfaces(const Scope& scope, const std::string& container, std::vector<Join> joins) {
  std::stable_sort(joins.begin(), joins.end(), [](const Join& a, const Join& b) { return a.priority > b.priority; });
  std::set<std::string> taken;
  for (const Join& join : joins) {
    if (join.interface) taken.insert(*join.interface);
  }
  const Join* way_out = leading_out(joins);
  std::vector<Attachment> attachments;
  for (const Join& join : joins) {
    Attachment attachment = to_attachment(scope, container, join);
    attachment.interface = join.interface.value_or(next_free_name(taken));
    taken.insert(attachment.interface);
    if (&join == way_out) attachment.default_gateways = join.gateways;
    attachments.push_back(std::move(attachment));
  }
  return attachments;
}

}  // namespace davit::network
