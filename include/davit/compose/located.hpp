#pragma once
// The values of a loaded document one by one, each with its path and its place.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/compose/origin_render.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

/// A step from a mapping or a list to one of its values.
struct PathPart {
  std::string name;                     ///< in a mapping
  std::optional<std::size_t> position;  ///< in a list
  std::string key;                      ///< in a list: what tells the item from others, such as a volume's target
};
using Path = std::vector<PathPart>;

struct LocatedValue {
  Path path;
  yaml::Kind kind = yaml::Kind::Null;  ///< Map and List stand for an empty one
  std::string text;
  /// The value in the tree, for its place and origin; the tree must outlive it.
  const yaml::Node* node = nullptr;
};

/// Every scalar and every empty collection of a loaded document (Loaded::tree), in the order of `config`.
[[nodiscard]] std::vector<LocatedValue> located_values(const yaml::Node& tree, TreeForm form = TreeForm::Resolved);

enum class Items { ByPosition, ByKey };

/// "services.web.ports[0].target", or "services.web.volumes[/data].source" by key. Names that are no words are quoted.
[[nodiscard]] std::string to_string(const Path& path, Items items = Items::ByPosition);

/// A value as one line of YAML.
[[nodiscard]] std::string one_line(const LocatedValue& value);

}  // namespace davit::compose
