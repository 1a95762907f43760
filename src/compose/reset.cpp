// `!reset` and `!override`: both remove what earlier files set at their path; `!reset` removes itself as well.

#include <algorithm>

#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;
using yaml::Tag;

void collect(Node& node, std::vector<std::string>& path, TaggedPaths& found) {
  std::erase_if(node.entries, [&](Entry& entry) {
    path.push_back(entry.key);
    const Tag tag = entry.value.tag;
    if (tag != Tag::None) found.push_back({path, tag, entry.key_span});
    if (tag == Tag::None) collect(entry.value, path, found);
    path.pop_back();
    return tag == Tag::Reset;
  });
  std::size_t position = 0;
  std::erase_if(node.items, [&](Node& item) {
    path.push_back(std::to_string(position++));
    if (item.tag != Tag::None) found.push_back({path, item.tag, item.span});
    if (item.tag == Tag::None) collect(item, path, found);
    path.pop_back();
    return item.tag == Tag::Reset;
  });
}

void remove_at(Node& target, const TaggedPath& tag, std::size_t depth, const OnRemoval& on_removal) {
  Node* child = target.find(tag.path[depth]);
  if (child == nullptr) return;
  if (depth + 1 < tag.path.size()) return remove_at(*child, tag, depth + 1, on_removal);
  if (on_removal) on_removal(tag, *child);
  target.erase(tag.path[depth]);
}

}  // namespace

TaggedPaths take_tags(Node& document) {
  TaggedPaths found;
  std::vector<std::string> path;
  collect(document, path, found);
  return found;
}

void remove_tagged(Node& target, const TaggedPaths& paths, const std::vector<std::string>& prefix,
                   const OnRemoval& on_removal) {
  for (const TaggedPath& tag : paths)
    if (tag.path.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), tag.path.begin()))
      remove_at(target, tag, prefix.size(), on_removal);
}

}  // namespace davit::compose
