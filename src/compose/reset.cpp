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
    if (tag != Tag::None) found.push_back(path);
    if (tag == Tag::None) collect(entry.value, path, found);
    path.pop_back();
    return tag == Tag::Reset;
  });
  std::size_t position = 0;
  std::erase_if(node.items, [&](Node& item) {
    path.push_back(std::to_string(position++));
    if (item.tag != Tag::None) found.push_back(path);
    if (item.tag == Tag::None) collect(item, path, found);
    path.pop_back();
    return item.tag == Tag::Reset;
  });
}

void remove_at(Node& target, const std::vector<std::string>& path, std::size_t depth) {
  if (depth + 1 == path.size()) {
    target.erase(path[depth]);
  } else if (Node* child = target.find(path[depth])) {
    remove_at(*child, path, depth + 1);
  }
}

}  // namespace

TaggedPaths take_tags(Node& document) {
  TaggedPaths found;
  std::vector<std::string> path;
  collect(document, path, found);
  return found;
}

void remove_tagged(Node& target, const TaggedPaths& paths, const std::vector<std::string>& prefix) {
  for (const auto& path : paths)
    if (path.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin()))
      remove_at(target, path, prefix.size());
}

}  // namespace davit::compose
