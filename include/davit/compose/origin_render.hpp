#pragma once
// A loaded document with the origins of its values, for people and for programs.

#include <string>

#include "davit/compose/origin.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

/// Marks around comments, such as escape sequences of a terminal.
struct CommentStyle {
  std::string before;
  std::string after;
};

/// What a tree is: Resolved loads again with its `$` doubled, AsWritten (`--no-interpolate`) as it is.
enum class TreeForm { Resolved, AsWritten };

/// A loaded document as YAML in which every value is followed by a comment that says where it comes from, and in which
/// comments of their own say what a `!reset` took out. It loads like what `config` prints.
[[nodiscard]] std::string render_with_origins(const yaml::Node& tree, const Origins& origins, TreeForm form,
                                              const CommentStyle& style = {});

/// The same as JSON, an object with two lists. "values": objects with "path", "value", "file", "line", "column" (left
/// out for values that nobody wrote) and "steps". "removed": objects with "path", "file", "line", "column" of the tag,
/// and "was". Ends with a newline.
[[nodiscard]] std::string render_origins_json(const yaml::Node& tree, const Origins& origins, TreeForm form);

}  // namespace davit::compose
