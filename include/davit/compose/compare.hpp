#pragma once
// What differs between two loaded projects, part by part and value by value.

#include <optional>
#include <string>
#include <vector>

#include "davit/compose/load.hpp"
#include "davit/compose/located.hpp"

namespace davit::compose {

/// A value on one side of a comparison.
struct ComparedValue {
  yaml::Kind kind = yaml::Kind::Null;
  std::string text;    ///< as yaml::Node has it; "{}" and "[]" for empty collections
  std::string shown;   ///< one line of YAML
  Span where;          ///< unknown for values that nobody wrote
  std::string origin;  ///< in words, see describe()
};

/// A value that is not the same on both sides; absent where it is not set.
struct Difference {
  Path path;  ///< below the part
  std::optional<ComparedValue> a;
  std::optional<ComparedValue> b;
};

/// A service, network, … that is not the same on both sides.
struct PartDifference {
  enum class Change { Added, Removed, Changed };
  std::string section;  ///< "services", "networks", …; empty for the project's own values
  std::string name;
  Change change = Change::Changed;
  Span a;  ///< where it is declared; unknown where it is not, or by nobody
  Span b;
  /// Changed services, networks and volumes: the configuration hash differs, so that `up` makes them anew.
  bool made_anew = false;
  std::vector<Difference> values;  ///< of Changed
};

/// Compares what `config` prints of two projects: services first, parts by name, values in the order of `config`. The
/// order of keys does not count. Items of lists are matched by what identifies them (a volume by its target, a port by
/// its target and protocol), not by their position, except in command lines. Paths below the folder of each project
/// count as relative to it, and names after the project as the same, so that two copies of a folder do not differ.
/// Needs LoadOptions::origins for ComparedValue::origin.
[[nodiscard]] std::vector<PartDifference> compare(const Loaded& a, const Loaded& b);

}  // namespace davit::compose
