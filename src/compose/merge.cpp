// Phase: merge (Compose specification, "Merge"). Mappings merge, lists append, scalars override; an explicit null keeps
// what is there. The exceptions are in the table.

#include <algorithm>
#include <set>
#include <utility>

#include "entries.hpp"
#include "limits.hpp"
#include "path_rules.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

enum class Rule { Sequence, Replace, Build, DependsOn, Names, Hosts, Logging, Ulimit, Ipam };

const PathRules<Rule>& rules() {
  static const PathRules<Rule> kRules{
      {"networks.*.ipam.config", Rule::Ipam},
      {"networks.*.labels", Rule::Sequence},
      {"volumes.*.labels", Rule::Sequence},
      {"services.*.annotations", Rule::Sequence},
      {"services.*.build", Rule::Build},
      {"services.*.build.args", Rule::Sequence},
      {"services.*.build.additional_contexts", Rule::Sequence},
      {"services.*.build.extra_hosts", Rule::Hosts},
      {"services.*.build.labels", Rule::Sequence},
      {"services.*.command", Rule::Replace},
      {"services.*.depends_on", Rule::DependsOn},
      {"services.*.deploy.labels", Rule::Sequence},
      {"services.*.dns", Rule::Sequence},
      {"services.*.dns_opt", Rule::Sequence},
      {"services.*.dns_search", Rule::Sequence},
      {"services.*.entrypoint", Rule::Replace},
      {"services.*.env_file", Rule::Sequence},
      {"services.*.label_file", Rule::Sequence},
      {"services.*.environment", Rule::Sequence},
      {"services.*.extra_hosts", Rule::Hosts},
      {"services.*.healthcheck.test", Rule::Replace},
      {"services.*.labels", Rule::Sequence},
      {"services.*.logging", Rule::Logging},
      {"services.*.models", Rule::Names},
      {"services.*.networks", Rule::Names},
      {"services.*.sysctls", Rule::Sequence},
      {"services.*.tmpfs", Rule::Sequence},
      {"services.*.ulimits.*", Rule::Ulimit},
  };
  return kRules;
}

using Step = PathRules<Rule>::Step;

/// A mapping as "key=value" strings, which are sorted then; a list as it is; a string as a list of one.
std::vector<Node> as_sequence(Node&& node, Diagnostics& diagnostics) {
  std::vector<Node> items;
  if (node.is_list()) return std::move(node.items);
  if (node.is_string()) {
    items.push_back(std::move(node));
    return items;
  }
  const auto add = [&](const Entry& entry, const Node& value) {
    if (!value.is_scalar())
      return diagnostics.add(Diagnostic::error(
          "type", "'" + entry.key + "' must have a single value, found " + std::string(value.kind_name()), value.span));
    Node item = Node::string(value.is_null() ? entry.key : entry.key + "=" + value.as_text(), value);
    if (entry.key_span.known() && entry.key_span.begin.line == value.span.end.line) {
      item.span = entry.key_span;
      item.span.end = value.span.end;
    }
    item.faulty = value.faulty;
    items.push_back(std::move(item));
  };
  for (const Entry& entry : node.entries) {
    if (entry.value.is_list())
      for (const Node& item : entry.value.items) add(entry, item);
    else
      add(entry, entry.value);
  }
  std::sort(items.begin(), items.end(), [](const Node& a, const Node& b) { return a.text < b.text; });
  return items;
}

/// A list of names as a mapping to copies of `value`; a mapping as it is.
Node as_mapping(Node&& node, const Node& value) {
  if (!node.is_list()) return std::move(node);
  std::vector<Entry> entries;
  for (const Node& item : node.items) {
    Node copy = value;
    copy.span = item.span;
    for (Entry& entry : copy.entries) entry.value.span = item.span;
    entries.push_back({item.text, item.span, std::move(copy)});
  }
  std::reverse(entries.begin(), entries.end());  // the first of several counts
  return map_of(node, std::move(entries));
}

class Merger {
 public:
  Merger(Diagnostics& diagnostics, Origins* origins) : diagnostics_(diagnostics), origins_(origins) {}

  void merge(Node& base, Node&& other, const Step* step) {
    if (step != nullptr && step->rule() && special(base, std::move(other), *step->rule(), step)) return;
    if (other.is_null()) return;
    if (base.is_map() || base.is_list()) {
      if (base.kind != other.kind) return mismatch(base, other);
      if (base.is_map()) return merge_mappings(base, std::move(other), step);
      std::move(other.items.begin(), other.items.end(), std::back_inserter(base.items));
      base.faulty |= other.faulty;
      return;
    }
    replace(base, std::move(other));
  }

 private:
  void replace(Node& base, Node&& other) {
    if (origins_ != nullptr) origins_->mark_replaced(base, other);
    base = std::move(other);
  }

  void mismatch(Node& base, const Node& other) {
    base.faulty = true;
    diagnostics_.add(
        Diagnostic::error("merge-type",
                          "cannot merge " + std::string(other.kind_name()) + " over " + std::string(base.kind_name()),
                          other.span)
            .note("set here before", base.span)
            .with_hint("use the same form in both, or replace it with '!override'"));
  }

  void merge_mappings(Node& base, Node&& other, const Step* step) {
    std::vector<Entry> fresh;
    for (Entry& entry : other.entries) {
      if (Node* mine = base.find(entry.key))
        merge(*mine, std::move(entry.value), below(step, entry.key));
      else
        fresh.push_back(std::move(entry));
    }
    base.add_missing(std::move(fresh));
    base.faulty |= other.faulty;
  }

  /// False: the general rule applies.
  bool special(Node& base, Node&& other, Rule rule, const Step* step) {
    switch (rule) {
      case Rule::Replace:
        replace(base, std::move(other));
        return true;
      case Rule::Sequence:
        append(base, std::move(other));
        return true;
      case Rule::Hosts:
        append_missing(base, std::move(other));
        return true;
      case Rule::Build:
        return build(base, std::move(other), step);
      case Rule::DependsOn:
        return depends_on(base, std::move(other), step);
      case Rule::Names:
        return names(base, std::move(other), Node::null(), step);
      case Rule::Logging:
        return logging(base, std::move(other), step);
      case Rule::Ulimit:
        if (!other.is_null()) replace(base, std::move(other));
        return true;
      case Rule::Ipam:
        return ipam(base, std::move(other));
    }
    return false;
  }

  void append(Node& base, Node&& other) {
    const Span span = base.is_null() ? other.span : base.span;
    const bool faulty = base.faulty || other.faulty;
    std::vector<Node> items = as_sequence(std::move(base), diagnostics_);
    std::vector<Node> more = as_sequence(std::move(other), diagnostics_);
    std::move(more.begin(), more.end(), std::back_inserter(items));
    base = Node::list(span);
    base.items = std::move(items);
    base.faulty = faulty;
  }

  void append_missing(Node& base, Node&& other) {
    std::vector<Node> more = as_sequence(std::move(other), diagnostics_);
    append(base, Node::list());
    const auto is_scalar = [](const Node& item) { return !item.is_map() && !item.is_list(); };
    std::set<std::pair<yaml::Kind, std::string>> scalars;
    for (const Node& have : base.items)
      if (is_scalar(have)) scalars.emplace(have.kind, have.text);
    for (Node& item : more) {
      const auto same = [&](const Node& have) { return yaml::same_value(have, item); };
      const bool is_new = is_scalar(item) ? scalars.emplace(item.kind, item.text).second
                                          : std::none_of(base.items.begin(), base.items.end(), same);
      if (is_new) base.items.push_back(std::move(item));
    }
  }

  bool build(Node& base, Node&& other, const Step* step) {
    const auto as_object = [](Node&& node) {
      if (!node.is_string()) return std::move(node);
      Node object = Node::map(node);
      const Span span = node.span;
      object.set("context", std::move(node), span);
      return object;
    };
    if (other.is_null()) return true;
    base = as_object(std::move(base));
    other = as_object(std::move(other));
    if (!base.is_map() || !other.is_map()) return false;
    merge_mappings(base, std::move(other), step);
    return true;
  }

  bool depends_on(Node& base, Node&& other, const Step* step) {
    Node started = Node::map();
    started.set("condition", by_default(Node::string("service_started"), KnownOrigin::Implied));
    started.set("required", by_default(Node::boolean(true), KnownOrigin::Implied));
    return names(base, std::move(other), started, step);
  }

  bool names(Node& base, Node&& other, const Node& value, const Step* step) {
    if (other.is_null()) return true;
    if (base.is_null()) {
      base = std::move(other);
      return true;
    }
    base = as_mapping(std::move(base), value);
    other = as_mapping(std::move(other), value);
    if (!base.is_map() || !other.is_map()) return false;
    merge_mappings(base, std::move(other), step);
    return true;
  }

  /// Options merge only between equal drivers, or when one side names none.
  bool logging(Node& base, Node&& other, const Step* step) {
    if (!base.is_map() || !other.is_map()) return false;
    const Node* mine = base.find("driver");
    const Node* theirs = other.find("driver");
    if (mine == nullptr || theirs == nullptr || mine->text == theirs->text)
      merge_mappings(base, std::move(other), step);
    else
      replace(base, std::move(other));
    return true;
  }

  /// Pools merge by subnet, in docker compose's way, which is odd with several pools: a pool that only the earlier file
  /// has is dropped or takes a later one's fields. Whoever names all pools in the later file gets what it says.
  bool ipam(Node& base, Node&& other) {
    if (!base.is_list() || !other.is_list()) return false;
    if (base.items.size() * other.items.size() > kMostPoolPairs) {
      diagnostics_.add(Diagnostic::error("load-limit",
                                         "too many address pools of one network in two documents: " +
                                             std::to_string(base.items.size()) + " and " +
                                             std::to_string(other.items.size()),
                                         other.span)
                           .with_hint("name them in one of the files alone"));
      return true;
    }
    const auto subnet = [](const Node& pool) {
      const Node* text = pool.find("subnet");
      return text == nullptr ? std::string() : text->text;
    };
    // Pools of both files, in the order of the result; one of the earlier file may stand in it and change later on.
    std::vector<Node*> pools;
    const auto with_subnet = [&](const std::string& wanted) {
      return std::find_if(pools.begin(), pools.end(), [&](const Node* have) { return subnet(*have) == wanted; });
    };
    for (Node& mine : base.items) {
      for (Node& theirs : other.items) {
        if (subnet(mine) != subnet(theirs) && with_subnet(subnet(theirs)) == pools.end()) {
          pools.push_back(&theirs);
          continue;
        }
        merge_mappings(mine, Node(theirs), nullptr);
        const auto same = with_subnet(subnet(mine));
        if (same == pools.end())
          pools.push_back(&mine);
        else
          *same = &mine;
      }
    }
    std::vector<Node> merged;
    merged.reserve(pools.size());
    for (const Node* pool : pools) merged.push_back(*pool);
    base.items = std::move(merged);
    return true;
  }

  Diagnostics& diagnostics_;
  Origins* origins_;
};

}  // namespace

void merge_tree(Node& base, Node&& other, std::string_view path, Diagnostics& diagnostics, Origins* origins) {
  const Step* step = rules().root();
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    step = below(step, path.substr(from, dot - from));
    from = dot + 1;
  }
  Merger(diagnostics, origins).merge(base, std::move(other), step);
}

}  // namespace davit::compose
