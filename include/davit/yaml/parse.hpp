#pragma once
// From text to trees.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/yaml/node.hpp"

namespace davit::yaml {

/// Bounds on what a file may make of memory and time.
struct Limits {
  std::size_t bytes = 6U << 20U;  ///< of the text
  std::size_t depth = 200;        ///< of nesting
  std::size_t nodes = 600'000;    ///< keys and values in all documents, copies by aliases too
  std::size_t brackets = 20'000;  ///< `[` and `{` that are open at once, be it in a text: they are kept until closed
  std::size_t alias_nodes = 300'000;  ///< copied by aliases and merge keys; anchored values may hold twice as many
};

/// How a value came to its place from another one.
struct Reuse {
  enum class By : std::uint8_t { Alias, MergeKey } by = By::Alias;
  std::string anchor;        ///< its name
  Span where;                ///< of the alias
  Span anchored;             ///< of the value that has the anchor
  std::uint32_t before = 0;  ///< how it came into that value, as Node::origin; 0: it is written there
};

/// Whether the tree says which values were copied by aliases.
enum class Reuses { Forget, Record };

/// All documents of a file.
struct Parsed {
  std::vector<Node> documents;
  Diagnostics diagnostics;
  /// Whether everything was read: other errors than those of syntax and limits leave the rest of the file as it is. A
  /// scalar key that is no string is then taken as the text that it is written with, and of doubled keys the first one
  /// counts.
  bool complete = true;
  /// With Reuses::Record: Node::origin of a copied value is its position in here, from 1 on.
  std::vector<Reuse> reuses;
  std::size_t nodes = 0;  ///< as Limits::nodes counts them
};

/// Parses a text. `file` is its name in spans. Aliases are replaced by copies and `<<` merge keys resolved (explicit
/// keys win, then earlier mappings). Reports syntax errors (the first only, after which nothing is known), duplicate
/// keys, keys that are no strings, NUL bytes, invalid UTF-8 and exceeded limits. Never throws on any input.
[[nodiscard]] Parsed parse(std::string_view text, const std::shared_ptr<const std::string>& file,
                           const Limits& limits = {}, Reuses reuses = Reuses::Forget);

/// Types a plain scalar as YAML 1.2 does (plus 0-prefixed octal and underscores, as docker compose reads them).
void type_plain_scalar(Node& node, std::string_view text);

}  // namespace davit::yaml
