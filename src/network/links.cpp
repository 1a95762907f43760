#include "davit/network/links.hpp"

#include <linux/rtnetlink.h>
#include <netlink/route/link.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <random>
#include <set>

#include "davit/base/error.hpp"
#include "davit/network/namespaces.hpp"
#include "network/link_messages.hpp"

namespace davit::network {
namespace {

struct FreeCache {
  void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
struct FreeLink {
  void operator()(rtnl_link* link) const { rtnl_link_put(link); }
};

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// Whether there is one already. Throws Error when it is not ours.
bool is_there(const NetlinkBatch& netlink, const BridgeDescription& bridge) {
  rtnl_link* found = nullptr;
  if (rtnl_link_get_kernel(netlink.socket(), 0, bridge.name.c_str(), &found) < 0) return false;
  const std::unique_ptr<rtnl_link, FreeLink> link(found);
  const std::string alias = text_or_empty(rtnl_link_get_ifalias(found));
  // Without an alias it is one that was cut off between making and naming it: ours by its name.
  if (alias.empty() || alias == bridge.alias) return true;
  throw Error("link '" + bridge.name + "' exists already and is '" + alias + "', not '" + bridge.alias + "'");
}

void make_pairs(const std::vector<NamespaceAttachments>& namespaces) {
  NetlinkBatch batch;
  for (const auto& ns : namespaces) {
    for (const Attachment& attachment : ns.attachments) {
      batch.add(new_pair(attachment, link_index(attachment.bridge), ns.netns), "create interface",
                attachment.interface);
      batch.add(finish_port(attachment.host_link, attachment.alias), "set up link", attachment.host_link);
    }
  }
  batch.execute();
}

/// Runs inside of the container's namespace.
void configure_interfaces(const std::vector<Attachment>& attachments) {
  NetlinkBatch batch;
  for (const Attachment& attachment : attachments) {
    const int index = link_index(attachment.interface);
    for (const auto& address : attachment.addresses) {
      batch.add(new_address(index, address), "add address", address.to_string());
    }
    batch.add(link_up(attachment.interface), "bring up interface", attachment.interface);
    for (const auto& gateway : attachment.default_gateways) {
      batch.add(default_route(index, gateway), "add a default route via", gateway.to_string());
    }
  }
  batch.execute();
}

void undo(const std::vector<std::string>& links) {
  try {
    remove_links(links);
  } catch (const std::exception&) {
    // The first error is the one to tell; what is left is found by its alias.
  }
}

/// A link group that is ours for one removal: random, so that two supervisors at once do not share it.
std::uint32_t random_group() {
  std::random_device random;
  return (random() & 0x3FFFFFFFU) | 0x40000000U;
}

void make_bridge(NetlinkBatch& batch, const BridgeDescription& bridge) {
  batch.add(new_bridge(bridge), "create bridge", bridge.name, {EEXIST});
  batch.add(finish_bridge(bridge.name, bridge.alias), "set up bridge", bridge.name);
  batch.execute();
  const int index = link_index(bridge.name);
  for (const auto& address : bridge.addresses) {
    batch.add(new_address(index, address), "add address", address.to_string(), {EEXIST});
  }
  batch.execute();
}

std::vector<std::string> host_links(const std::vector<NamespaceAttachments>& namespaces) {
  std::vector<std::string> names;
  for (const auto& ns : namespaces)
    for (const auto& attachment : ns.attachments) names.push_back(attachment.host_link);
  return names;
}

}  // namespace

void create_bridge(const BridgeDescription& bridge) {
  NetlinkBatch batch;
  const bool was_there = is_there(batch, bridge);
  try {
    make_bridge(batch, bridge);
  } catch (...) {
    if (!was_there) undo({bridge.name});
    throw;
  }
}

void attach(const std::vector<NamespaceAttachments>& namespaces) {
  try {
    make_pairs(namespaces);
    std::vector<std::pair<int, std::function<void()>>> work;
    for (const auto& ns : namespaces) {
      work.emplace_back(ns.netns, [&ns] { configure_interfaces(ns.attachments); });
    }
    run_in_namespaces(work);
  } catch (...) {
    undo(host_links(namespaces));
    throw;
  }
}

std::vector<Link> list_links() {
  const NetlinkBatch netlink;
  nl_cache* raw = nullptr;
  const int error = rtnl_link_alloc_cache(netlink.socket(), AF_UNSPEC, &raw);
  if (error < 0) throw Error(std::string("cannot list links: ") + nl_geterror(error));
  const std::unique_ptr<nl_cache, FreeCache> cache(raw);
  std::vector<Link> links;
  for (nl_object* object = nl_cache_get_first(raw); object != nullptr; object = nl_cache_get_next(object)) {
    auto* link = reinterpret_cast<rtnl_link*>(object);
    links.push_back({rtnl_link_get_ifindex(link), text_or_empty(rtnl_link_get_name(link)),
                     text_or_empty(rtnl_link_get_ifalias(link)), text_or_empty(rtnl_link_get_type(link))});
  }
  return links;
}

std::vector<Link> links_of(const Scope& scope) {
  auto links = list_links();
  std::erase_if(links, [&](const Link& link) {
    const auto alias = parse_link_alias(link.alias);
    return !alias || !(alias->scope == scope);
  });
  return links;
}

void remove_links(const std::vector<std::string>& names) {
  const std::set<std::string> wanted(names.begin(), names.end());
  if (wanted.empty()) return;
  auto links = list_links();
  std::erase_if(links, [&](const Link& link) { return !wanted.contains(link.name); });
  remove_links(links);
}

void remove_links(const std::vector<Link>& links) {
  if (links.empty()) return;
  NetlinkBatch batch;
  if (links.size() == 1) {
    batch.add(delete_link(links[0].index), "remove link", links[0].name, {ENODEV});
    batch.execute();
    return;
  }
  // The kernel waits for every processor each time it removes a link, but only once for a whole group.
  const std::uint32_t group = random_group();
  for (const Link& link : links) batch.add(set_group(link.index, group), "mark link", link.name, {ENODEV});
  batch.add(delete_group(group), "remove links of", parse_link_alias(links[0].alias) ? links[0].alias : links[0].name,
            {ENODEV});
  batch.execute();
}

}  // namespace davit::network
