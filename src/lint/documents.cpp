#include "documents.hpp"

#include <array>

namespace davit::lint {
namespace {

using yaml::Entry;
using yaml::Node;

constexpr std::array<std::string_view, 6> kSections{"services", "networks", "volumes", "secrets", "configs", "models"};

}  // namespace

void for_each_entry(const Subject& subject, const std::function<void(const DocumentEntry&)>& visit) {
  for (const compose::ParsedFile& file : subject.documents())
    for (const Node& document : file.documents)
      for (const std::string_view section : kSections)
        if (const Node* entries = document.find(section))
          for (const Entry& entry : entries->entries) visit({{std::string(section), entry.key}, entry.value});
}

void for_each_scalar(const Node& node, const std::function<void(const Node&)>& visit) {
  for (const Entry& entry : node.entries)
    if (!entry.key.starts_with("x-")) for_each_scalar(entry.value, visit);
  for (const Node& item : node.items) for_each_scalar(item, visit);
  if (node.is_scalar()) visit(node);
}

void for_each_at(const Node& node, std::string_view path, const std::function<void(const Node&)>& visit) {
  if (path.empty()) return visit(node);
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view step = path.substr(0, dot);
  path.remove_prefix(std::min(dot + 1, path.size()));
  if (step == "[]") {
    for (const Node& item : node.items) for_each_at(item, path, visit);
  } else if (const Node* child = node.find(step)) {
    for_each_at(*child, path, visit);
  }
}

Place place_at(const Subject& subject, const Span& where) {
  Place best;
  Position nearest;
  const auto consider = [&](const Span& key, const Place& place) {
    if (!key.known() || !where.known() || *key.file != *where.file) return;
    if (key.begin > where.begin || key.begin < nearest) return;
    nearest = key.begin;
    best = place;
  };
  for (const compose::ParsedFile& file : subject.documents())
    for (const Node& document : file.documents)
      for (const Entry& section : document.entries) {
        consider(section.key_span, {});
        for (const std::string_view name : kSections)
          if (section.key == name)
            for (const Entry& entry : section.value.entries) consider(entry.key_span, {section.key, entry.key});
      }
  return best;
}

}  // namespace davit::lint
