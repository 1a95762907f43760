#pragma once
// Mappings from lists, many entries at once.

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "davit/yaml/node.hpp"

namespace davit::compose {

/// A mapping at the place of `like`; of several entries with one key the last counts. Node::set() one by one would take
/// the square of their number.
inline yaml::Node map_of(const yaml::Node& like, std::vector<yaml::Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const yaml::Entry& a, const yaml::Entry& b) { return a.key < b.key; });
  yaml::Node map = yaml::Node::map(like);
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    const auto next = std::next(entry);
    if (next == entries.end() || next->key != entry->key) map.entries.push_back(std::move(*entry));
  }
  return map;
}

}  // namespace davit::compose
