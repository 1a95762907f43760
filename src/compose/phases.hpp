#pragma once
// The phases of a load, each in a file of its own. They work on one tree in place and report through `Diagnostics`;
// what is wrong is reported once, then removed or marked faulty, so that the phases after it can go on.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/files.hpp"
#include "davit/compose/dotenv.hpp"
#include "davit/compose/load.hpp"
#include "davit/compose/origin.hpp"
#include "davit/yaml/node.hpp"
#include "interpolation.hpp"

namespace davit::compose {

using Environment = std::map<std::string, std::string>;

[[nodiscard]] Lookup lookup_in(const Environment& environment);

/// What a phase needs to record where values come from. A null pointer to it: nobody asks.
struct Tracking {
  Origins& origins;
  const VariablePlaces& places;  ///< of the environment that the phase looks variables up in

  /// Adds a step to the history of a value: it holds the value of a variable.
  void variable(yaml::Node& node, OriginStep::Kind kind, const std::string& name) const;
  /// The same for what interpolation did with a variable in the value's text.
  void replaced(yaml::Node& node, const ReplacedVariable& variable) const;
};

/// What interpolation did with a variable, as a step.
[[nodiscard]] OriginStep::Kind step_of(ReplacedVariable::By by);

/// Nothing when there are no origins to record.
[[nodiscard]] inline std::optional<Tracking> tracking_in(Origins* origins, const VariablePlaces& places) {
  return origins == nullptr ? std::nullopt : std::optional<Tracking>({*origins, places});
}

/// What it means that a variable is not set. MayBeSet: in an env file that has mistakes, which were reported; a value
/// that needs the variable is marked faulty, and nothing is said.
enum class Missing { IsUnset, MayBeSet };

// interpolate.cpp
/// Replaces variables in every string and casts attributes that are numbers or booleans.
void interpolate_tree(yaml::Node& document, const Lookup& lookup, Missing missing, Diagnostics& diagnostics,
                      const Tracking* tracking = nullptr);
/// "true", "yes", … as docker compose casts them; nullopt when it is no boolean.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

// reset.cpp
/// A value with a `!reset` or `!override` tag.
struct TaggedPath {
  std::vector<std::string> path;  ///< keys from the root; list positions as decimal numbers
  yaml::Tag tag = yaml::Tag::None;
  Span where;  ///< of the key, or of the list's item
};
using TaggedPaths = std::vector<TaggedPath>;
/// Removes `!reset` nodes from a document and lists them together with `!override` nodes.
[[nodiscard]] TaggedPaths take_tags(yaml::Node& document);
/// Called with a value before it is removed on behalf of a tag.
using OnRemoval = std::function<void(const TaggedPath& tag, const yaml::Node& removed)>;
/// Removes from `target`, which stands at `prefix`, what `paths` name.
void remove_tagged(yaml::Node& target, const TaggedPaths& paths, const std::vector<std::string>& prefix = {},
                   const OnRemoval& on_removal = {});

// merge.cpp
/// Merges `other` over `base` by the rules of the Compose specification. `path` is where both stand.
void merge_tree(yaml::Node& base, yaml::Node&& other, std::string_view path, Diagnostics& diagnostics,
                Origins* origins = nullptr);

// unique.cpp
/// In lists with keys (ports, volumes, environment, …) a later entry replaces an earlier one of the same key, in place.
void enforce_unique(yaml::Node& document, Origins* origins = nullptr);

/// What tells an item of a list from the others, such as a volume's target; nullopt in lists without such a rule.
/// `list` is the path of the list in the document.
[[nodiscard]] std::optional<std::string> key_in_list(const std::vector<std::string>& list, const yaml::Node& item);

// schema.cpp
/// Checks against schemas/compose-spec.json; removes what does not fit.
void validate_schema(yaml::Node& document, Diagnostics& diagnostics);

// canonical.cpp
/// Short forms become long ones. With `lenient`, short forms that cannot be read stay (they may hold variables).
void make_canonical(yaml::Node& document, bool lenient, Diagnostics& diagnostics, Origins* origins = nullptr);

// defaults.cpp
void set_defaults(yaml::Node& document);
/// Exclusive and missing attributes of single objects.
void check_objects(yaml::Node& document, Diagnostics& diagnostics);

// paths.cpp
/// Makes relative paths start at `base` (which may itself be relative to the folder of an including file). `home` is
/// the user's folder, which '~' stands for; empty when nobody knows it.
void resolve_paths(yaml::Node& document, const std::string& base, const std::string& home, Diagnostics& diagnostics,
                   Origins* origins = nullptr);
[[nodiscard]] std::string clean_path(std::string_view path);
[[nodiscard]] std::string join_path(std::string_view base, std::string_view path);
[[nodiscard]] std::string parent_path(std::string_view path);
/// `to` as seen from `from`, both absolute.
[[nodiscard]] std::string relative_path(const std::string& from, const std::string& to);
[[nodiscard]] std::string expand_home(std::string path, const std::string& home);

// environment.cpp
/// Bare names in `environment` lists, secrets and configs from variables.
void resolve_bare_variables(yaml::Node& document, const Environment& environment, const Tracking* tracking);
/// How env files and label files of services are read.
struct ServiceFiles {
  const Environment& environment;  ///< of the project
  const Files& files;
  Sources& sources;
  std::function<std::string(const std::string&)> display;  ///< a path as messages show it
  Diagnostics& diagnostics;
  const Tracking* tracking = nullptr;
};
/// Reads `env_file` of each service into its environment, and removes the attribute.
void resolve_env_files(yaml::Node& services, const ServiceFiles& from);
/// Reads `label_file` of each service into its labels; the attribute stays, as docker compose leaves it.
void resolve_label_files(yaml::Node& services, const ServiceFiles& from);

// normalize.cpp
void normalize(yaml::Node& document, const std::string& project_name, const Environment& environment,
               const Tracking* tracking = nullptr);

// decode.cpp
/// Gives every value its final type and form (durations, byte sizes, commands as lists, …).
void decode_types(yaml::Node& document, Diagnostics& diagnostics, Origins* origins = nullptr);

// consistency.cpp
/// A service that extends another one.
struct Extension {
  std::string service;
  std::string file;       ///< as messages show it, like `base_file`
  std::string base;       ///< the service that is extended
  std::string base_file;  ///< where that stands; mostly the same file
  Span where;             ///< of the `extends`
};
/// What the files of a load have brought.
struct Brought {
  bool everything = true;  ///< false: a file could not be read, and what seems missing may be in it
  std::vector<Extension> extensions;
};
/// References between services and to resources, conflicts between attributes, cycles.
void check_consistency(const yaml::Node& document, const yaml::Node& disabled, const Brought& brought,
                       Diagnostics& diagnostics);
/// The mistake of a service whose required dependency, `disabled`, has only inactive profiles.
[[nodiscard]] Diagnostic disabled_dependency(const yaml::Entry& service, const yaml::Entry& dependency,
                                             const yaml::Node& disabled);
/// `scale` is the `deploy.replicas` of services that have a `deploy`; both were checked to be the same.
void scale_to_replicas(yaml::Node& services);
void check_container_names(const yaml::Node& services, Diagnostics& diagnostics);

// select.cpp
/// Moves services that no active profile enables to `disabled`.
void apply_profiles(yaml::Node& document, yaml::Node& disabled, const std::vector<std::string>& profiles);
/// Enables named services, then keeps them and, if asked, what they depend on.
void select_services(yaml::Node& document, yaml::Node& disabled, const LoadRequest& request, Diagnostics& diagnostics);
/// Removes networks, volumes, secrets, configs and models that no service uses.
void prune_resources(yaml::Node& document);

// bind.cpp
void bind_project(const yaml::Node& document, const yaml::Node& disabled, model::Project& project,
                  Diagnostics& diagnostics);

/// Places for messages: the span of a key in a map, or the map's own.
[[nodiscard]] Span place_of(const yaml::Node& map, std::string_view key);

}  // namespace davit::compose
