#pragma once
// How davit's links and firewall tables are called, so that leftovers are found by name and alias without any state
// file. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace davit::network {

/// Whose network things these are: one project below one run root.
struct Scope {
  std::string run_root_hash;  ///< hex digits derived from the run root's path; no ':' in it
  std::string project;

  friend bool operator==(const Scope&, const Scope&) = default;
};

/// Every bridge starts with this; no other interface of davit that packets are forwarded through does.
inline constexpr std::string_view kBridgePrefix = "dv";

/// "dv" and 10 hex digits: 12 of the 15 characters a link name may have.
[[nodiscard]] std::string bridge_name(const Scope& scope, std::string_view network);
/// "dvh" and 10 hex digits: the host's end of the pair between a container and a network.
[[nodiscard]] std::string host_link_name(const Scope& scope, std::string_view container, std::string_view network);
/// "davit_" and 10 hex digits: the nftables table of a project (family inet). One table for each project makes its
/// removal one atomic act that cannot touch another project.
[[nodiscard]] std::string table_name(const Scope& scope);
/// The comment of the table and of each rule that davit adds to another table: "davit:<hash>:<project>".
[[nodiscard]] std::string scope_label(const Scope& scope);

/// The alias of a link: "davit:<run-root-hash>:<project>:<network>". At most 255 bytes (IFALIASZ), cut at the end.
[[nodiscard]] std::string link_alias(const Scope& scope, std::string_view network);

struct LinkAlias {
  Scope scope;
  std::string network;
  friend bool operator==(const LinkAlias&, const LinkAlias&) = default;
};
/// nullopt when the alias is not one of davit's.
[[nodiscard]] std::optional<LinkAlias> parse_link_alias(std::string_view alias);

}  // namespace davit::network
