// Lists whose entries have a key: the later entry of a key takes the place of the earlier one.

#include <unordered_map>

#include "path_rules.hpp"
#include "phases.hpp"
#include "short_forms.hpp"

namespace davit::compose {
namespace {

using yaml::Node;

using KeyOf = std::string (*)(const Node&);

std::string text_of(const Node* node, std::string fallback = {}) {
  return node == nullptr ? std::move(fallback) : node->text;
}

std::string key_value(const Node& item) {
  return item.text.substr(0, item.text.find('='));
}
std::string whole(const Node& item) {
  return item.text;
}
std::string env_file(const Node& item) {
  return item.is_map() ? text_of(item.find("path")) : item.text;
}

std::string volume(const Node& item) {
  if (item.is_map()) return text_of(item.find("target"));
  const auto parsed = parse_short_volume(item.text);
  return parsed ? parsed->target : item.text;
}

std::string device(const Node& item) {
  if (item.is_map()) return text_of(item.find("target"));
  const std::size_t colon = item.text.find(':');
  if (colon == std::string::npos) return item.text;
  return item.text.substr(colon + 1, item.text.find(':', colon + 1) - colon - 1);
}

std::string grant(const Node& item, std::string_view folder) {
  if (!item.is_map()) return std::string(folder) + "/" + item.text;
  if (const Node* target = item.find("target")) return target->text;
  return std::string(folder) + "/" + text_of(item.find("source"));
}
std::string config(const Node& item) {
  return grant(item, "");
}
std::string secret(const Node& item) {
  return grant(item, "/run/secrets");
}

std::string port(const Node& item) {
  if (!item.is_map()) return item.text;
  // A published port that is a number differs from one that is a string, as docker compose has it.
  const Node* published = item.find("published");
  const std::string kind = published == nullptr ? "-" : published->is_string() ? "s" : "n";
  return text_of(item.find("host_ip"), "0.0.0.0") + "|" + kind + text_of(published) + "|" +
         text_of(item.find("target")) + "/" + text_of(item.find("protocol"), "tcp");
}

const PathRules<KeyOf>& rules() {
  static const PathRules<KeyOf> kRules{
      {"networks.*.labels", key_value},
      {"networks.*.ipam.options", key_value},
      {"services.*.annotations", key_value},
      {"services.*.build.args", key_value},
      {"services.*.build.additional_contexts", key_value},
      {"services.*.build.platform", key_value},
      {"services.*.build.tags", key_value},
      {"services.*.build.labels", key_value},
      {"services.*.cap_add", key_value},
      {"services.*.cap_drop", key_value},
      {"services.*.devices", device},
      {"services.*.configs", config},
      {"services.*.deploy.labels", key_value},
      {"services.*.dns", key_value},
      {"services.*.dns_opt", key_value},
      {"services.*.dns_search", key_value},
      {"services.*.environment", key_value},
      {"services.*.env_file", env_file},
      {"services.*.expose", whole},
      {"services.*.labels", key_value},
      {"services.*.links", key_value},
      {"services.*.networks.*.aliases", key_value},
      {"services.*.networks.*.link_local_ips", key_value},
      {"services.*.ports", port},
      {"services.*.profiles", key_value},
      {"services.*.secrets", secret},
      {"services.*.sysctls", key_value},
      {"services.*.tmpfs", key_value},
      {"services.*.volumes", volume},
  };
  return kRules;
}

}  // namespace

std::optional<std::string> key_in_list(const std::vector<std::string>& list, const Node& item) {
  const PathRules<KeyOf>::Step* step = rules().root();
  for (const std::string& name : list) step = below(step, name);
  if (step == nullptr || !step->rule()) return std::nullopt;
  return (*step->rule())(item);
}

namespace {

void unique_items(Node& list, KeyOf key_of, Origins* origins) {
  if (list.items.size() < 2) return;
  std::unordered_map<std::string, std::size_t> places;
  std::vector<Node> kept;
  kept.reserve(list.items.size());
  for (Node& item : list.items) {
    const auto [place, fresh] = places.emplace(key_of(item), kept.size());
    if (fresh) {
      kept.push_back(std::move(item));
      continue;
    }
    Node& earlier = kept[place->second];
    if (origins != nullptr && !(earlier.span == item.span)) origins->mark_replaced(earlier, item);
    earlier = std::move(item);
  }
  list.items = std::move(kept);
}

void walk(Node& node, const PathRules<KeyOf>::Step* step, Origins* origins) {
  if (step == nullptr) return;
  if (node.is_list()) {
    if (step->rule()) unique_items(node, *step->rule(), origins);
    return;
  }
  for (yaml::Entry& entry : node.entries) walk(entry.value, step->next(entry.key), origins);
}

}  // namespace

void enforce_unique(Node& document, Origins* origins) {
  walk(document, rules().root(), origins);
}

}  // namespace davit::compose
