// What other programs' rules do to forwarded packets.
#include <boost/json.hpp>

#include <algorithm>

#include "davit/network/firewall.hpp"

namespace davit::network {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<json::object> chains_of(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  std::vector<json::object> chains;
  if (error || !document.is_object()) return chains;
  const auto* list = document.get_object().if_contains("nftables");
  if (list == nullptr || !list->is_array()) return chains;
  for (const auto& item : list->get_array()) {
    const auto* chain = item.is_object() ? item.get_object().if_contains("chain") : nullptr;
    if (chain != nullptr && chain->is_object()) chains.push_back(chain->get_object());
  }
  return chains;
}

/// iptables-nft keeps its rules in tables "filter" of family ip and ip6, where programs share the FORWARD chain by
/// custom; Docker keeps DOCKER-USER there for rules of others.
std::string entry_point(const json::object& base, const std::vector<json::object>& chains) {
  const std::string family = text_of(base, "family");
  if (family == "inet" || text_of(base, "table") != "filter" || text_of(base, "name") != "FORWARD") return {};
  const bool docker = std::any_of(chains.begin(), chains.end(), [&](const json::object& chain) {
    return text_of(chain, "family") == family && text_of(chain, "table") == "filter" &&
           text_of(chain, "name") == "DOCKER-USER";
  });
  return docker ? "DOCKER-USER" : "FORWARD";
}

}  // namespace

std::vector<DroppingChain> find_dropping_chains(std::string_view chains_json) {
  std::vector<DroppingChain> found;
  const auto chains = chains_of(chains_json);
  for (const auto& chain : chains) {
    if (text_of(chain, "hook") != "forward" || text_of(chain, "policy") != "drop") continue;
    found.push_back(
        {text_of(chain, "family"), text_of(chain, "table"), text_of(chain, "name"), entry_point(chain, chains)});
  }
  return found;
}

}  // namespace davit::network
