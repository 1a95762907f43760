#include "davit/network/names.hpp"

#include "davit/base/sha256.hpp"

namespace davit::network {
namespace {

constexpr std::string_view kAliasHead = "davit:";
constexpr std::size_t kMaxAlias = 254;  // and the NUL that netlink adds: some kernels count it
constexpr std::size_t kDigits = 10;

// The separator cannot stand in any of the parts, so that ("a", "bc") and ("ab", "c") differ.
std::string joined(const Scope& scope, std::string_view first, std::string_view second = {}) {
  std::string text = scope.run_root_hash;
  for (const std::string_view part : {std::string_view(scope.project), first, second}) {
    text += '\0';
    text += part;
  }
  return text;
}

/// Stable, and too wide for two networks to meet.
std::string short_hash(std::string_view text) {
  return sha256_hex(text).substr(0, kDigits);
}

}  // namespace

std::string bridge_name(const Scope& scope, std::string_view network) {
  return std::string(kBridgePrefix) + short_hash(joined(scope, network));
}

std::string host_link_name(const Scope& scope, std::string_view container, std::string_view network) {
  return "dvh" + short_hash(joined(scope, container, network));
}

std::string table_name(const Scope& scope) {
  return "davit_" + short_hash(joined(scope, {}));
}

std::string scope_label(const Scope& scope) {
  return std::string(kAliasHead) + scope.run_root_hash + ":" + scope.project;
}

std::string link_alias(const Scope& scope, std::string_view network) {
  std::string alias = scope_label(scope) + ":" + std::string(network);
  if (alias.size() > kMaxAlias) alias.resize(kMaxAlias);
  return alias;
}

std::optional<LinkAlias> parse_link_alias(std::string_view alias) {
  if (!alias.starts_with(kAliasHead)) return std::nullopt;
  alias.remove_prefix(kAliasHead.size());
  const auto first = alias.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = alias.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return LinkAlias{{std::string(alias.substr(0, first)), std::string(alias.substr(first + 1, second - first - 1))},
                   std::string(alias.substr(second + 1))};
}

}  // namespace davit::network
