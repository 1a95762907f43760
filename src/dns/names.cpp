#include "davit/dns/names.hpp"

#include <algorithm>

#include "dns/wire.hpp"

namespace davit::dns {
namespace {

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(lower(static_cast<std::uint8_t>(c)));
  return result;
}

bool same_name(std::string_view a, std::string_view lower_b) {
  return a.size() == lower_b.size() && std::equal(a.begin(), a.end(), lower_b.begin(), [](char x, char y) {
           return lower(static_cast<std::uint8_t>(x)) == static_cast<std::uint8_t>(y);
         });
}

/// The name a link stands for, or the name itself.
std::string_view follow_link(const Asker& asker, std::string_view name) {
  for (const auto& [alias, target] : asker.links) {
    if (same_name(alias, name)) return target;
  }
  return name;
}

}  // namespace

NameTable::NameTable(const std::vector<Endpoint>& endpoints) {
  for (const auto& endpoint : endpoints) {
    Network& network = networks_[endpoint.network];
    for (const auto& name : endpoint.names) {
      Addresses& addresses = network.names[lower_case(name)];
      for (const auto& address : endpoint.addresses) {
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
      }
    }
    for (const auto& address : endpoint.addresses) {
      network.reverse.emplace_back(address, endpoint.container + "." + endpoint.network);
    }
  }
  for (auto& [name, network] : networks_) std::sort(network.reverse.begin(), network.reverse.end());
}

const NameTable::Addresses* NameTable::lookup(const Asker& asker, std::string_view name) const {
  for (const auto& network_name : asker.networks) {
    const auto network = networks_.find(network_name);
    if (network == networks_.end()) continue;
    const auto found = network->second.names.find(name);
    if (found != network->second.names.end()) return &found->second;
  }
  if (name.find('.') == std::string_view::npos) return nullptr;
  for (const auto& network_name : asker.networks) {
    if (name.size() <= network_name.size() + 1) continue;
    const std::size_t dot = name.size() - network_name.size() - 1;
    if (name[dot] != '.' || !same_name(network_name, name.substr(dot + 1))) continue;
    const auto network = networks_.find(network_name);
    if (network == networks_.end()) continue;
    const auto found = network->second.names.find(name.substr(0, dot));
    if (found != network->second.names.end()) return &found->second;
  }
  return nullptr;
}

void NameTable::find(const Asker& asker, std::string_view name, network::Family family, std::uint32_t rotation,
                     Lookup& result) const {
  result.addresses.clear();
  result.name.clear();
  const std::string_view target = follow_link(asker, name);
  // A link is written by the user, in any case.
  const auto* addresses = target.data() == name.data() ? lookup(asker, name) : lookup(asker, lower_case(target));
  result.outcome = addresses == nullptr ? Lookup::Outcome::Unknown : Lookup::Outcome::Found;
  if (addresses == nullptr) return;
  for (const auto& address : *addresses) {
    if (address.family() == family) result.addresses.push_back(address);
  }
  if (result.addresses.size() < 2) return;
  const auto first = static_cast<std::ptrdiff_t>(rotation % result.addresses.size());
  std::rotate(result.addresses.begin(), result.addresses.begin() + first, result.addresses.end());
}

void NameTable::find_name(const Asker& asker, const network::IpAddress& address, Lookup& result) const {
  result.addresses.clear();
  result.name.clear();
  result.outcome = Lookup::Outcome::Unknown;
  for (const auto& network_name : asker.networks) {
    const auto network = networks_.find(network_name);
    if (network == networks_.end()) continue;
    const auto& reverse = network->second.reverse;
    const auto found = std::lower_bound(reverse.begin(), reverse.end(), address,
                                        [](const auto& entry, const auto& wanted) { return entry.first < wanted; });
    if (found == reverse.end() || found->first != address) continue;
    result.outcome = Lookup::Outcome::Found;
    result.name = found->second;
    return;
  }
}

}  // namespace davit::dns
