#pragma once
// The history of values: which steps of a load gave each its final form.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/span.hpp"
#include "davit/compose/variables.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

/// One thing that happened to a value.
struct OriginStep {
  enum class Kind {
    Default,          ///< nobody wrote it; `detail` says why it has this value
    Interpolated,     ///< holds the variable `detail`; `where` is its line in an env file, unknown for the environment
    VariableDefault,  ///< holds the default that `${…:-…}` gives the variable `detail`
    Unset,            ///< holds nothing for the variable `detail`, which is not set
    Alias,            ///< copied to the alias at `where` from `source`, which has the anchor `detail`
    MergeKey,         ///< the same, by `<<`
    Overrides,        ///< replaced what an earlier file says at `source`; `detail` is the earlier value if it is short
    OverrideTag,      ///< the same, because of the `!override` at `where`
    Extended,         ///< came by the `extends` at `where` from the service `detail` at `source`
    Included,         ///< came by the `include` at `where`
    EnvFile,          ///< came by the `env_file` or `label_file` at `where`
    Environment,      ///< a name without a value took it from a variable; like Interpolated
    CommandLine,      ///< `detail` is the flag
    Normalised,       ///< written otherwise: a path made absolute, a size in bytes; `detail` is how it was before
  };
  Kind kind = Kind::Default;
  std::string detail;
  Span where;
  Span source;
  std::uint32_t before = 0;  ///< the step before this one; 0: none
  TextPart part = {};        ///< of the text, where the value of a variable stands in it
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

/// A value that a `!reset` took out of the project.
struct Removal {
  std::vector<std::string> path;
  Span where;        ///< of the key with the tag
  std::string was;   ///< its value, if that is short
  Span was_written;  ///< its place
};

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
  /// The steps of a part of the text of a value: those of the variables in other parts are left out.
  [[nodiscard]] std::uint32_t of_part(std::uint32_t last, const TextPart& part);
  /// Notes that a value had another text before, if it had.
  void mark_normalised(yaml::Node& node, const std::string& before);
  /// Notes that `later` takes the place of `earlier`, and of all that `earlier` had replaced.
  void mark_replaced(const yaml::Node& earlier, yaml::Node& later);

  void add_removal(Removal removal) { removals_.push_back(std::move(removal)); }
  /// In the order of the load.
  [[nodiscard]] const std::vector<Removal>& removals() const { return removals_; }

 private:
  std::vector<OriginStep> steps_;
  std::map<std::string, std::uint32_t> known_;  ///< by what makes a step different from others
  std::vector<Removal> removals_;
};

/// Where a value comes from, in words: "compose.yaml:4", ".env:2 through compose.yaml:4, replaces 'a' of base.yaml:7".
[[nodiscard]] std::string describe(const yaml::Node& value, const Origins& origins);

/// The place where a value is written; unknown for one that nobody wrote.
[[nodiscard]] Span written_at(const yaml::Node& value, const Origins& origins);

/// A place by its line, which is what one looks for: "compose.yaml:4"; empty when it is unknown.
[[nodiscard]] std::string line_of(const Span& where);

/// The text of a scalar on one line, cut when it is long; empty for mappings and lists.
[[nodiscard]] std::string summary(const yaml::Node& value);

/// "default", "interpolated", … as JSON output names them.
[[nodiscard]] std::string_view to_string(OriginStep::Kind kind);

}  // namespace davit::compose
