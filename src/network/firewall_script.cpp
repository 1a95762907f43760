// The rule set of a project as text. What the rules are for:
//   guard        what a container sends to 127.0.0.0/8 of the host is dropped before routing, because route_localnet on
//                our bridges would otherwise let it in (CVE-2020-8558)
//   published    DNAT of published ports, for packets from outside (prerouting) and from the host itself (output)
//   forward      a network is entered by its own containers, by answers, and by what DNAT let in; it leaves unless it
//                is internal, but never into another bridge of davit
//   postrouting  masquerade: on the way out, for the host's loopback, and for a container that reaches a published port
//                of its own network
#include <algorithm>
#include <map>

#include "davit/network/firewall.hpp"

namespace davit::network {
namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

/// At most 128 bytes (NFTNL_UDATA_COMMENT_MAXLEN).
std::string comment_of(const Scope& scope) {
  return scope_label(scope).substr(0, 120);
}

std::string_view family_word(Family family) {
  return family == Family::V4 ? "ip" : "ip6";
}

std::string chain(std::string_view name, std::string_view hook, const std::vector<std::string>& rules) {
  std::string text = "  chain " + std::string(name) + " {\n";
  if (!hook.empty()) text += "    type " + std::string(hook) + "; policy accept;\n";
  for (const auto& rule : rules) text += "    " + rule + "\n";
  return text + "  }\n";
}

/// One map for each host address and protocol, so that a lookup does not depend on the number of ports.
std::vector<std::string> published_rules(std::vector<FirewallPort> ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  // Ports bound to one address come before those of every address: more special first.
  std::map<std::tuple<bool, IpAddress, Protocol>, std::vector<FirewallPort>> groups;
  for (const auto& port : ports) groups[{port.host_ip.is_any(), port.host_ip, port.protocol}].push_back(port);
  std::vector<std::string> rules;
  for (const auto& [key, members] : groups) {
    const auto& [any, host_ip, protocol] = key;
    const std::string ip(family_word(host_ip.family()));
    std::string rule =
        any ? "meta nfproto " + std::string(host_ip.is_v4() ? "ipv4" : "ipv6") : ip + " daddr " + host_ip.to_string();
    rule += " dnat " + ip + " to " + std::string(to_string(protocol)) + " dport map { ";
    std::string elements;
    for (const auto& port : members) {
      elements += (elements.empty() ? "" : ", ") + std::to_string(port.host_port) + " : " + port.target.to_string() +
                  " . " + std::to_string(port.target_port);
    }
    rules.push_back(rule + elements + " }");
  }
  return rules;
}

std::vector<std::string> guard_rules(const std::vector<FirewallNetwork>& networks) {
  std::vector<std::string> rules;
  for (const auto& network : networks) {
    rules.push_back("iifname " + quoted(network.bridge) + " ip daddr 127.0.0.0/8 drop");
  }
  return rules;
}

// Containers are told at once that there is no way; strangers get no answer.
constexpr std::string_view kRefuse = "reject with icmpx admin-prohibited";

std::string interface(std::string_view direction, std::string_view name) {
  return std::string(direction) + " " + quoted(name) + " ";
}

void add_leaving_rules(const FirewallNetwork& network, std::vector<std::string>& rules) {
  const std::string from = interface("iifname", network.bridge);
  rules.push_back(from + interface("oifname", network.bridge) + "accept");
  if (network.reach == Reach::Internal) {
    rules.push_back(from + std::string(kRefuse));
    return;
  }
  const std::string to_others = from + interface("oifname", std::string(kBridgePrefix) + "*");
  rules.push_back(to_others + "ct status dnat accept");
  rules.push_back(to_others + std::string(kRefuse));
}

void add_entering_rules(const FirewallNetwork& network, std::vector<std::string>& rules) {
  const std::string to = interface("oifname", network.bridge);
  if (network.reach == Reach::Outside) rules.push_back(to + "ct status dnat accept");
  rules.push_back(interface("iifname", std::string(kBridgePrefix) + "*") + to + std::string(kRefuse));
  rules.push_back(to + "drop");
}

/// An accept ends the chain. So internal networks come first: nothing that another network may do lets a packet into or
/// out of them.
std::vector<std::string> forward_rules(const std::vector<FirewallNetwork>& networks) {
  std::vector<std::string> rules{"ct state established,related accept"};
  const auto each = [&](Reach reach, auto add) {
    for (const auto& network : networks) {
      if (network.reach == reach) add(network, rules);
    }
  };
  each(Reach::Internal, add_leaving_rules);
  each(Reach::Internal, add_entering_rules);
  each(Reach::Outside, add_leaving_rules);
  each(Reach::Outside, add_entering_rules);
  return rules;
}

std::vector<std::string> postrouting_rules(const std::vector<FirewallNetwork>& networks) {
  std::vector<std::string> rules;
  for (const auto& network : networks) {
    const std::string bridge = quoted(network.bridge);
    for (const auto& subnet : network.subnets) {
      const std::string source = std::string(family_word(subnet.family())) + " saddr " + subnet.to_string();
      if (subnet.family() == Family::V4) rules.push_back("oifname " + bridge + " ip saddr 127.0.0.0/8 masquerade");
      rules.push_back("oifname " + bridge + " " + source + " ct status dnat masquerade");
      if (network.reach == Reach::Outside) {
        rules.push_back("oifname != { \"lo\", " + bridge + " } " + source + " masquerade");
      }
    }
  }
  return rules;
}

}  // namespace

std::string firewall_script(const Scope& scope, const FirewallState& state, TableBefore before) {
  const std::string table = "table inet " + table_name(scope);
  // Naming the table before deleting it makes the script work whether it exists or not.
  std::string script = before == TableBefore::Absent ? "" : table + "\ndelete " + table + "\n";
  if (state.empty()) return script;
  auto networks = state.networks;
  std::sort(networks.begin(), networks.end(), [](const auto& a, const auto& b) { return a.bridge < b.bridge; });
  script += table + " {\n  comment " + quoted(comment_of(scope)) + "\n";
  script += chain("guard", "filter hook prerouting priority raw", guard_rules(networks));
  script += chain("published", "", published_rules(state.ports));
  const std::vector<std::string> to_published{"fib daddr type local jump published"};
  script += chain("prerouting", "nat hook prerouting priority dstnat", to_published);
  script += chain("output", "nat hook output priority -100", to_published);
  script += chain("forward", "filter hook forward priority filter", forward_rules(networks));
  script += chain("postrouting", "nat hook postrouting priority srcnat", postrouting_rules(networks));
  return script + "}\n";
}

std::string redirect_script(const std::vector<LoopbackRedirect>& redirects) {
  std::vector<std::string> rules;
  for (const auto& redirect : redirects)
    rules.push_back(std::string(family_word(redirect.address.family())) + " daddr " + redirect.address.to_string() +
                    " " + std::string(to_string(redirect.protocol)) + " dport " + std::to_string(redirect.from) +
                    " dnat to " + redirect.address.to_string() + ":" + std::to_string(redirect.to));
  return "table ip davit {\n" + chain("output", "nat hook output priority -100", rules) + "}\n";
}

}  // namespace davit::network
