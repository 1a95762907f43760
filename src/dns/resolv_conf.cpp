#include "davit/dns/resolv_conf.hpp"

#include <algorithm>
#include <sstream>

namespace davit::dns {
namespace {

constexpr std::string_view kOurServer = "127.0.0.11";

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find_first_of("#;")));
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

std::vector<std::string> search_of(const ResolvConf& host, const ServiceDns& service) {
  if (service.search == std::vector<std::string>{"."}) return {};
  return service.search.empty() ? host.search : service.search;
}

std::string line(std::string_view key, const std::vector<std::string>& values) {
  if (values.empty()) return {};
  std::string text(key);
  for (const auto& value : values) text += " " + value;
  return text + "\n";
}

bool sets_ndots(const std::vector<std::string>& options) {
  return std::any_of(options.begin(), options.end(), [](const auto& o) { return o.starts_with("ndots:"); });
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  std::istringstream lines{std::string(text)};
  for (std::string raw; std::getline(lines, raw);) {
    const auto parts = words(raw);
    if (parts.size() < 2) continue;
    const std::vector<std::string> values(parts.begin() + 1, parts.end());
    if (parts[0] == "nameserver") {
      if (const auto address = network::IpAddress::parse(parts[1])) conf.nameservers.push_back(*address);
    } else if (parts[0] == "search" || parts[0] == "domain") {
      conf.search = values;
    } else if (parts[0] == "options") {
      conf.options.insert(conf.options.end(), values.begin(), values.end());
    }
  }
  return conf;
}

std::string container_resolv_conf(const ResolvConf& host, const ServiceDns& service) {
  auto options = service.options.empty() ? host.options : service.options;
  // "edns0" and "trust-ad" of the host stay; with ndots:0 a service name is asked for as it is before any search
  // domain.
  if (!sets_ndots(options)) options.push_back("ndots:0");
  return "nameserver " + std::string(kOurServer) + "\n" + line("search", search_of(host, service)) +
         line("options", options);
}

std::string host_network_resolv_conf(const ResolvConf& host, const ServiceDns& service) {
  std::string text;
  for (const auto& server : upstream_servers(host, service)) text += "nameserver " + server.to_string() + "\n";
  return text + line("search", search_of(host, service)) +
         line("options", service.options.empty() ? host.options : service.options);
}

std::vector<network::IpAddress> upstream_servers(const ResolvConf& host, const ServiceDns& service) {
  if (!service.servers.empty()) return service.servers;
  if (!host.nameservers.empty()) return host.nameservers;
  return {network::IpAddress::v4(0x7F000001)};  // resolv.conf(5): without a server, the local one is asked
}

std::vector<network::IpAddress> upstream_servers_inside(const ServiceDns& service,
                                                        const std::vector<network::Subnet>& networks) {
  std::vector<network::IpAddress> servers = service.servers;
  std::erase_if(servers, [&](const auto& server) {
    return std::none_of(networks.begin(), networks.end(), [&](const auto& subnet) { return subnet.contains(server); });
  });
  return servers;
}

std::string container_hosts(const std::vector<std::pair<network::IpAddress, std::string>>& own,
                            const std::vector<std::pair<std::string, std::string>>& extra) {
  std::string text =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::\tip6-localnet\n"
      "ff00::\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\n"
      "ff02::2\tip6-allrouters\n";
  for (const auto& [name, address] : extra) text += address + "\t" + name + "\n";
  for (const auto& [address, name] : own) text += address.to_string() + "\t" + name + "\n";
  return text;
}

}  // namespace davit::dns
