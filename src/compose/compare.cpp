#include "davit/compose/compare.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "davit/compose/origin.hpp"
#include "davit/compose/render.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Kind;
using yaml::Node;

constexpr std::array<const char*, 6> kSections{"services", "networks", "volumes", "secrets", "configs", "models"};

/// A section and a name in it; both are empty for the project's own values.
using PartName = std::pair<std::string, std::string>;

/// A value of one side under the name that finds it on the other one.
struct Named {
  std::string name;
  LocatedValue value;
};

std::string in_folder(const std::string& text, const std::string& folder) {
  if (text == folder) return ".";
  const std::string prefix = folder + "/";
  return text.starts_with(prefix) ? "./" + text.substr(prefix.size()) : text;
}

/// A copy in which paths below the project's folder are relative, and nothing is named after the project.
Node without_place(const Node& node, const Loaded& loaded) {
  Node copy = node;
  const auto adapt = [&](auto& self, Node& value) -> void {
    if (value.origin == static_cast<std::uint32_t>(KnownOrigin::NamedAfterProject) &&
        value.text.starts_with(loaded.project.name + "_"))
      value.text = "<project>" + value.text.substr(loaded.project.name.size());
    if (value.is_string()) value.text = in_folder(value.text, loaded.project.working_dir);
    for (Node& item : value.items) self(self, item);
    for (yaml::Entry& entry : value.entries) self(self, entry.value);
  };
  adapt(adapt, copy);
  return copy;
}

/// One project, its values by part.
class Side {
 public:
  explicit Side(const Loaded& loaded) : loaded_(loaded), tree_(without_place(loaded.tree, loaded)) {
    for (LocatedValue& value : located_values(tree_)) add(std::move(value));
  }

  [[nodiscard]] const std::vector<Named>& values(const PartName& part) const {
    static const std::vector<Named> kNone;
    const auto found = parts_.find(part);
    return found == parts_.end() ? kNone : found->second;
  }
  [[nodiscard]] const yaml::Entry* part(const PartName& name) const {
    const Node* section = tree_.find(name.first);
    return section == nullptr ? nullptr : section->find_entry(name.second);
  }
  void names_in(const std::string& section, std::set<std::string>& names) const {
    if (const Node* found = tree_.find(section))
      for (const yaml::Entry& entry : found->entries) names.insert(entry.key);
  }
  [[nodiscard]] ComparedValue compared(const LocatedValue& value) const {
    return {value.kind, value.text, one_line(value), written_at(*value.node, loaded_.origins),
            describe(*value.node, loaded_.origins)};
  }

 private:
  void add(LocatedValue value) {
    PartName part;
    const bool in_section = value.path.size() > 1 &&
                            std::find(kSections.begin(), kSections.end(), value.path.front().name) != kSections.end();
    if (in_section) {
      part = {value.path[0].name, value.path[1].name};
      value.path.erase(value.path.begin(), value.path.begin() + 2);
    } else if (value.path.size() == 1 && value.path[0].name == "services") {
      return;  // there are none
    }
    std::string name = to_string(value.path, Items::ByKey);
    // Repeated items of a list are told apart by counting.
    if (const std::size_t before = seen_[part][name]++; before > 0) name += "#" + std::to_string(before + 1);
    parts_[part].push_back({std::move(name), std::move(value)});
  }

  const Loaded& loaded_;
  Node tree_;
  std::map<PartName, std::vector<Named>> parts_;
  std::map<PartName, std::map<std::string, std::size_t>> seen_;
};

/// The values of a part that differ. Both sides have the order of `config`: what only b has comes behind what it
/// follows there.
class ValueComparison {
 public:
  ValueComparison(const Side& a, const Side& b, const PartName& part)
      : a_(a), b_(b), values_a_(a.values(part)), values_b_(b.values(part)) {
    for (const Named& item : values_a_) by_name_a_.emplace(item.name, &item.value);
    for (const Named& item : values_b_) by_name_b_.emplace(item.name, &item.value);
  }

  std::vector<Difference> run() {
    auto next = values_b_.begin();
    for (const Named& item : values_a_) {
      const auto same = by_name_b_.find(item.name);
      if (same == by_name_b_.end()) {
        add(item.value.path, &item.value, nullptr);
        continue;
      }
      next = added_until(item.name, next);
      if (item.value.kind != same->second->kind || item.value.text != same->second->text)
        add(item.value.path, &item.value, same->second);
    }
    added_until({}, next);
    return std::move(differences_);
  }

 private:
  using Position = std::vector<Named>::const_iterator;

  /// Adds what only b has up to a name; nothing when the name was passed before.
  Position added_until(const std::string& name, Position from) {
    const auto end = std::find_if(from, values_b_.end(), [&](const Named& item) { return item.name == name; });
    if (end == values_b_.end() && !name.empty()) return from;
    for (; from != end; ++from)
      if (!by_name_a_.contains(from->name)) add(from->value.path, nullptr, &from->value);
    return from;
  }

  void add(const Path& path, const LocatedValue* a, const LocatedValue* b) {
    Difference& item = differences_.emplace_back();
    item.path = path;
    if (a != nullptr) item.a = a_.compared(*a);
    if (b != nullptr) item.b = b_.compared(*b);
  }

  const Side& a_;
  const Side& b_;
  const std::vector<Named>& values_a_;
  const std::vector<Named>& values_b_;
  std::map<std::string, const LocatedValue*> by_name_a_;
  std::map<std::string, const LocatedValue*> by_name_b_;
  std::vector<Difference> differences_;
};

/// What the configuration hash of a part is made from; empty for parts that have none.
std::string hashed(const std::string& section, const Node& part) {
  if (section == "services") return render_service_config(part);
  if (section == "networks") return render_network_config(part);
  if (section == "volumes") return render_volume_config(part);
  return {};
}

class Comparison {
 public:
  Comparison(const Loaded& a, const Loaded& b) : a_(a), b_(b) {}

  std::vector<PartDifference> run() {
    changed({}, {}, {});
    for (const char* section : kSections) {
      std::set<std::string> names;
      a_.names_in(section, names);
      b_.names_in(section, names);
      for (const std::string& name : names) part({section, name});
    }
    return std::move(differences_);
  }

 private:
  void part(const PartName& name) {
    using Change = PartDifference::Change;
    const yaml::Entry* a = a_.part(name);
    const yaml::Entry* b = b_.part(name);
    if (a == nullptr)
      differences_.push_back({name.first, name.second, Change::Added, {}, b->key_span, false, {}});
    else if (b == nullptr)
      differences_.push_back({name.first, name.second, Change::Removed, a->key_span, {}, false, {}});
    else
      changed(name, a->key_span, b->key_span, hashed(name.first, a->value) != hashed(name.first, b->value));
  }

  void changed(const PartName& name, const Span& a, const Span& b, bool made_anew = false) {
    auto values = ValueComparison(a_, b_, name).run();
    if (values.empty()) return;
    differences_.push_back(
        {name.first, name.second, PartDifference::Change::Changed, a, b, made_anew, std::move(values)});
  }

  Side a_;
  Side b_;
  std::vector<PartDifference> differences_;
};

}  // namespace

std::vector<PartDifference> compare(const Loaded& a, const Loaded& b) {
  return Comparison(a, b).run();
}

}  // namespace davit::compose
