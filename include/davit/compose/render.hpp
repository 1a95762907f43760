#pragma once
// The canonical document as text: what `config` prints, and what configuration hashes are made from.

#include <map>
#include <string>

#include "davit/compose/variables.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

enum class Format { Json, Yaml };

/// What happens with `$`: Escaped prints `$$`, so that the text can be loaded again with the same meaning.
enum class Dollars { Plain, Escaped };

/// Prints a loaded document (Loaded::tree) in docker compose's order of keys, with its rules of what is left out. JSON
/// has two blanks of indentation and no newline at the end; YAML ends with one.
[[nodiscard]] std::string render_document(const yaml::Node& tree, Format format, Dollars dollars = Dollars::Escaped);

/// Prints any tree as it is, keys sorted; for documents that were not loaded completely.
[[nodiscard]] std::string render_tree(const yaml::Node& tree, Format format);

/// A service of a loaded document as one line of JSON without build, pull_policy, scale, deploy.replicas, depends_on
/// and profiles: what docker compose makes its configuration hash from.
[[nodiscard]] std::string render_service_config(const yaml::Node& service);
/// A network or a volume likewise.
[[nodiscard]] std::string render_network_config(const yaml::Node& network);
[[nodiscard]] std::string render_volume_config(const yaml::Node& volume);

/// What variables_in() found, as `config --variables --format …` prints it.
[[nodiscard]] std::string render_variables(const std::map<std::string, VariableUse>& variables, Format format);

}  // namespace davit::compose
