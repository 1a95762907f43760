// What the host has: routes that new networks must keep clear of, and whether it forwards.
#include <netlink/addr.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/network/links.hpp"
#include "network/netlink.hpp"
#include "network/sysctl.hpp"

namespace davit::network {
namespace {

struct FreeCache {
  void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
using Cache = std::unique_ptr<nl_cache, FreeCache>;

std::optional<Subnet> to_subnet(const nl_addr* address) {
  if (address == nullptr) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
  const int prefix = static_cast<int>(nl_addr_get_prefixlen(address));
  std::array<std::uint8_t, 16> copy{};
  std::copy_n(bytes, std::min<std::size_t>(nl_addr_get_len(address), copy.size()), copy.begin());
  if (nl_addr_get_family(address) == AF_INET && nl_addr_get_len(address) == 4) {
    const std::uint32_t value =
        (std::uint32_t{copy[0]} << 24U) | (std::uint32_t{copy[1]} << 16U) | (std::uint32_t{copy[2]} << 8U) | copy[3];
    return Subnet(IpAddress::v4(value), prefix);
  }
  if (nl_addr_get_family(address) == AF_INET6 && nl_addr_get_len(address) == 16)
    return Subnet(IpAddress::v6(copy), prefix);
  return std::nullopt;
}

/// A route to (nearly) everything keeps no network out: a default route, or the two halves that VPN programs set in its
/// place.
bool is_way_out(const Subnet& subnet) {
  return subnet.prefix() <= (subnet.family() == Family::V4 ? 1 : 3);
}

template <class Object, class Read>
void collect(const Cache& cache, Read read, std::vector<Subnet>& subnets) {
  for (nl_object* object = nl_cache_get_first(cache.get()); object != nullptr; object = nl_cache_get_next(object)) {
    const auto subnet = to_subnet(read(reinterpret_cast<Object*>(object)));
    if (subnet && !is_way_out(*subnet)) subnets.push_back(*subnet);
  }
}

Cache routes(nl_sock* socket) {
  nl_cache* cache = nullptr;
  const int error = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &cache);
  if (error < 0) throw Error(std::string("cannot list routes: ") + nl_geterror(error));
  return Cache(cache);
}

Cache addresses(nl_sock* socket) {
  nl_cache* cache = nullptr;
  const int error = rtnl_addr_alloc_cache(socket, &cache);
  if (error < 0) throw Error(std::string("cannot list addresses: ") + nl_geterror(error));
  return Cache(cache);
}

/// A router does not listen to other routers unless told to (accept_ra=2): without this, a host that got its IPv6
/// default route by an advertisement would lose it.
void keep_router_advertisements(std::vector<std::string>& changed) {
  for (const auto& link : DiskFiles().list("/proc/sys/net/ipv6/conf")) {
    const std::string name = "net/ipv6/conf/" + link + "/accept_ra";
    if (link == "all" || link == "default" || read_sysctl(name) != "1") continue;
    write_sysctl(name, "2");
    changed.push_back("set " + name + " to 2, so that '" + link + "' keeps its IPv6 routes");
  }
}

}  // namespace

std::vector<Subnet> host_subnets() {
  const NetlinkBatch netlink;
  std::vector<Subnet> subnets;
  collect<rtnl_route>(routes(netlink.socket()), rtnl_route_get_dst, subnets);
  collect<rtnl_addr>(addresses(netlink.socket()), rtnl_addr_get_local, subnets);
  std::sort(subnets.begin(), subnets.end());
  subnets.erase(std::unique(subnets.begin(), subnets.end()), subnets.end());
  return subnets;
}

std::vector<Subnet> taken_subnets(const std::vector<std::string>& of_networks) {
  std::vector<Subnet> taken = host_subnets();
  for (const std::string& text : of_networks) {
    const auto subnet = Subnet::parse(text);
    if (!subnet) throw Error("'" + text + "' is not a subnet");
    taken.push_back(*subnet);
  }
  return taken;
}

std::vector<std::string> enable_forwarding(Family family) {
  std::vector<std::string> changed;
  const std::string name = family == Family::V4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
  if (read_sysctl(name) == "1") return changed;
  if (family == Family::V6) keep_router_advertisements(changed);
  write_sysctl(name, "1");
  changed.push_back("turned on " + name + ", so that containers reach other networks");
  return changed;
}

}  // namespace davit::network
