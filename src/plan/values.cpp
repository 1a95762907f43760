#include "davit/engine/value_rules.hpp"
#include "refusals.hpp"

namespace davit::plan {
namespace {

using model::Service;

void check_names(const Service& s, Refusals& out) {
  if (!s.container_name.empty() && !engine::is_container_name(s.container_name))
    out.invalid("container_name", fmt::format("cannot be '{}'", s.container_name), s.where.of("container_name"),
                "allowed are letters, digits, '_', '.' and '-', at least two of them, the first a letter or digit");
  const auto length = [&](const char* attribute, const std::string& name) {
    if (name.size() > engine::kLongestHostname)
      out.invalid(attribute, fmt::format("has {} bytes; the most is {}", name.size(), engine::kLongestHostname),
                  s.where.of(attribute));
  };
  length("hostname", s.hostname);
  length("domainname", s.domainname);
}

void check_addresses(const Service& s, Refusals& out) {
  for (const std::string& server : s.dns)
    if (!engine::is_ip_address(server))
      out.invalid("dns", fmt::format("must be IP addresses, found '{}'", server), s.where.of("dns", server));
  for (const auto& [name, addresses] : s.extra_hosts)
    for (const std::string& address : addresses)
      if (address != "host-gateway" && !engine::is_ip_address(address))
        out.invalid(
            "extra_hosts", fmt::format("gives '{}' the address '{}', which is no IP address", name, address),
            s.where.of("extra_hosts", name + "=" + address),
            fmt::format("write '{}=192.0.2.1', for example, or '{}=host-gateway' for this machine", name, name));
}

void check_hardware_address(const std::string& mac, const std::string& attribute, const Span& where, Refusals& out) {
  if (!mac.empty() && !engine::is_mac_address(mac))
    out.invalid(attribute, fmt::format("is '{}', which is no hardware address of an interface", mac), where,
                "write six pairs of hex digits, such as '02:42:ac:11:00:02'; the last bit of the first pair must be 0");
}

void check_attachments(const Service& s, Refusals& out) {
  check_hardware_address(s.mac_address, "mac_address", s.where.of("mac_address"), out);
  for (const auto& [network, attachment] : s.networks) {
    const auto place = [&s, &network = network](const char* option) -> const Span& {
      return s.where.of("networks", network + "." + option);
    };
    const auto name = [&network = network](const char* option) {
      return fmt::format("networks.{}.{}", network, option);
    };
    if (!attachment.ipv4_address.empty() && !engine::is_ipv4_address(attachment.ipv4_address))
      out.invalid(name("ipv4_address"), fmt::format("is '{}', which is no IPv4 address", attachment.ipv4_address),
                  place("ipv4_address"));
    if (!attachment.ipv6_address.empty() && !engine::is_ipv6_address(attachment.ipv6_address))
      out.invalid(name("ipv6_address"), fmt::format("is '{}', which is no IPv6 address", attachment.ipv6_address),
                  place("ipv6_address"));
    if (!attachment.interface_name.empty() && !engine::is_interface_name(attachment.interface_name))
      out.invalid(name("interface_name"), fmt::format("cannot be '{}'", attachment.interface_name),
                  place("interface_name"), "an interface has up to 15 characters, without '/', ':' and blanks");
    check_hardware_address(attachment.mac_address, name("mac_address"), place("mac_address"), out);
  }
}

}  // namespace

/// Mounts stand at absolute paths, and none over the container's own root.
void check_targets(const Service& s, Refusals& out) {
  const auto is_root = [](const std::string& target) {
    return !target.empty() && target.find_first_not_of("/.") == std::string::npos &&
           target.find("..") == std::string::npos;
  };
  const auto check = [&](const char* attribute, const std::string& target, const Span& where) {
    if (is_root(target)) out.invalid(attribute, "cannot be mounted at '/'", where);
    if (target.empty() || target.front() == '/') return;
    // As docker compose: what could be a drive of Windows is none of a volume's name.
    const char* const hint = target.find(':') == 1
                                 ? "a volume with a name of one letter needs the long form: {type: volume, source: …}"
                                 : "";
    out.invalid(attribute, fmt::format("must be mounted at an absolute path, found '{}'", target), where, hint);
  };
  for (const model::Mount& mount : s.volumes) check("volumes", mount.target, mount.where);
  for (const model::TmpfsMount& mount : s.tmpfs) check("tmpfs", mount.target, mount.where);
}

void check_values(const Service& service, Refusals& out) {
  check_names(service, out);
  check_addresses(service, out);
  check_attachments(service, out);
  check_targets(service, out);
  if (!service.working_dir.empty() && !service.working_dir.starts_with('/'))
    out.invalid("working_dir", fmt::format("must be an absolute path, found '{}'", service.working_dir),
                service.where.of("working_dir"));
}

}  // namespace davit::plan
