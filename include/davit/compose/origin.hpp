#pragma once
// The history of values: which steps of a load gave each its final form.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "davit/base/span.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

/// One thing that happened to a value.
struct OriginStep {
  enum class Kind {
    Default,       ///< nobody wrote it; `detail` says why it has this value
    Interpolated,  ///< `detail` is the variable, `where` its line in an env file
    Unset,         ///< `detail` is a variable that is not set: its default, or nothing, took its place
    Overrides,     ///< replaced the value at `where`
    Extended,      ///< came by the `extends` at `where`; `detail` is the service that was extended
    Included,      ///< came by the `include` at `where`
    EnvFile,       ///< came by the `env_file` or `label_file` at `where`
    Environment,   ///< a name without a value took it from a variable; like Interpolated
    CommandLine,   ///< `detail` is the flag or variable
  };
  Kind kind = Kind::Default;
  std::string detail;
  Span where;
  std::uint32_t before = 0;  ///< the step before this one; 0: none
  friend bool operator==(const OriginStep&, const OriginStep&) = default;
};

/// Steps that need no record: phases put these numbers into Node::origin whether or not anybody asks.
enum class KnownOrigin : std::uint32_t {
  Default = 1,        ///< the specification's default
  NamedAfterProject,  ///< the name of a resource on the machine
  Implied,            ///< follows from what stands at the value's place, as a dependency follows from a link
};

/// The value as one that nobody wrote.
[[nodiscard]] yaml::Node by_default(yaml::Node node, KnownOrigin why = KnownOrigin::Default);

/// All steps of a load. Node::origin is a number of one of them, the last that happened to the value.
class Origins {
 public:
  Origins();
  /// Adds a step after `step.before`, and gives its number. The same step is stored once.
  std::uint32_t add(OriginStep step);
  /// The steps of a value, first to last; empty when it stands in a file as it is.
  [[nodiscard]] std::vector<const OriginStep*> steps(std::uint32_t last) const;
  /// Adds a step to a value and to all in it.
  void mark(yaml::Node& node, const OriginStep& step);

 private:
  std::vector<OriginStep> steps_;
  std::map<std::string, std::uint32_t> known_;  ///< by what makes a step different from others
};

/// Where a value comes from, in words: "compose.yaml:4:12, TAG from .env:2:1, overrides base.yaml:7:12".
[[nodiscard]] std::string describe(const yaml::Node& value, const Origins& origins);

/// Marks around comments, such as escape sequences of a terminal.
struct CommentStyle {
  std::string before;
  std::string after;
};
/// A loaded document as YAML in which every value is followed by a comment that says where it comes from. It loads like
/// what `config` prints.
[[nodiscard]] std::string render_with_origins(const yaml::Node& tree, const Origins& origins,
                                              const CommentStyle& style = {});
/// The same as JSON: a list of objects with "path", "value", "file", "line", "column" (left out for values that nobody
/// wrote) and "steps". Ends with a newline.
[[nodiscard]] std::string render_origins_json(const yaml::Node& tree, const Origins& origins);

/// "default", "interpolated", … as JSON output names them.
[[nodiscard]] std::string_view to_string(OriginStep::Kind kind);

}  // namespace davit::compose
