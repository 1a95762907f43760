#pragma once
// What a build will do, decided before anything is done: the stages the target needs, their steps with all variables
// expanded, and the image config at the end. Pure: base images come through a lookup.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "davit/base/result.hpp"
#include "davit/base/strong.hpp"
#include "davit/dockerfile/instruction.hpp"
#include "davit/image/image_config.hpp"

namespace davit::build {

/// An image a stage begins with, or that COPY --from names.
struct BaseImage {
  ImageId id;
  std::string name;  ///< as the Dockerfile says it, expanded
  image::ImageConfig config;
};

/// The image of that name; nullopt when there is none.
using BaseLookup = std::function<std::optional<BaseImage>(const std::string& name)>;

/// Where the files of COPY or of a mount come from.
struct FromContext {
  std::string name;  ///< of an additional context; empty: the build context itself
};
struct FromStage {
  std::size_t stage = 0;  ///< index in BuildPlan::stages
};
struct FromImage {
  BaseImage image;
};
using Origin = std::variant<FromContext, FromStage, FromImage>;

struct Mount {
  dockerfile::RunMount options;  ///< target absolute
  Origin origin;
  Span where;
};

struct RunStep {
  std::vector<std::string> args;
  std::vector<std::string> env;  ///< "NAME=value": the image's, then declared build arguments
  std::string working_dir;
  std::string user;
  dockerfile::Run::Network network = dockerfile::Run::Network::Default;
  std::vector<Mount> mounts;
  /// A `#!` script of a heredoc: mounted at this path, executable.
  std::optional<std::pair<std::string, std::string>> script;
  std::set<std::string> unkeyed_env;  ///< names that are not in the cache key: undeclared proxy variables
};

struct CopyStep {
  struct File {
    std::string name;
    std::string content;
  };
  dockerfile::Copy::Kind kind = dockerfile::Copy::Kind::Copy;
  Origin origin;
  std::vector<dockerfile::Word> sources;  ///< expanded
  std::vector<File> files;                ///< from heredocs
  std::string destination;                ///< absolute; a trailing slash means a folder
  std::string chown;
  std::string chmod;
  std::vector<std::string> excludes;
  bool parents = false;
  bool unpack = false;
};

struct WorkdirStep {
  std::string path;
  std::string user;
};

/// One instruction that makes a layer.
struct Step {
  std::size_t number = 0;  ///< place in its stage, from 1
  std::string title;       ///< "[build 2/4] RUN make"
  std::string text;        ///< "RUN make"
  Span where;
  std::variant<RunStep, CopyStep, WorkdirStep> action;
};

/// A line of the image's history, and whether a step's layer belongs to it.
struct HistoryLine {
  std::string created_by;
  std::optional<std::size_t> step;  ///< index in StagePlan::steps
};

struct StagePlan {
  std::size_t index = 0;  ///< in the Dockerfile
  std::string name;       ///< given, or "stage-N"
  Span where;
  std::string base_title;             ///< "[build 1/4] FROM gcc:12"
  std::optional<BaseImage> base;      ///< none for scratch and for another stage
  std::optional<std::size_t> parent;  ///< index in BuildPlan::stages
  std::vector<Step> steps;
  image::ImageConfig config;  ///< without layers and history of its own steps
  std::vector<HistoryLine> history;
};

struct BuildPlan {
  std::vector<StagePlan> stages;  ///< only what the target needs; each after those it needs; the target last
  std::vector<Diagnostic> warnings;
};

/// What a RUN without --network has: a namespace of its own with a way out, loopback alone, the host's.
enum class RunNetworkMode { Sandbox, None, Host };
enum class HostNetwork { Refused, Allowed };

/// An additional context, as FROM, COPY --from and mounts may name it. It hides a stage or image of that name
/// (BuildKit).
struct NamedContext {
  std::string image;  ///< the image that it is; empty: a folder
};

struct PlanOptions {
  std::map<std::string, std::string> args;  ///< --build-arg
  std::string target;                       ///< empty: the last stage
  std::map<std::string, std::string> labels;
  RunNetworkMode network = RunNetworkMode::Sandbox;
  HostNetwork host_network = HostNetwork::Refused;  ///< whether RUN --network=host may be used
  std::map<std::string, NamedContext> contexts;     ///< by name, lower case
};

/// Decides the build. The errors: an unknown target, stage or image, a bad expansion, a platform that is not this
/// machine's, the host's network where it is refused.
[[nodiscard]] Result<BuildPlan, Diagnostics> make_plan(const dockerfile::Dockerfile& file, const PlanOptions& options,
                                                       const BaseLookup& images);

/// The stages that `stage` reads, ascending: its base, COPY --from, mounts.
[[nodiscard]] std::set<std::size_t> inputs_of(const StagePlan& stage);
/// The stages that one step reads beside the state it stands on.
[[nodiscard]] std::set<std::size_t> inputs_of(const Step& step);

}  // namespace davit::build
