#include "davit/build/plan.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "build/scope.hpp"
#include "build/stage_planner.hpp"
#include "build/step_error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/dockerfile/parser.hpp"

namespace davit::build {
namespace {

using dockerfile::Dockerfile;
using dockerfile::Instruction;
using dockerfile::Stage;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::optional<std::size_t> as_index(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> stage_names(const Dockerfile& file) {
  std::vector<std::string> names;
  for (const Stage& stage : file.stages)
    if (!stage.name.empty()) names.push_back(stage.name);
  return names;
}

constexpr const char* kChecksArgument = "BUILDKIT_DOCKERFILE_CHECK";

/// Plans the target and, before it, every stage it needs. Works by the Dockerfile's indices and maps them to the
/// plan's.
class Planner {
 public:
  Planner(const Dockerfile& file, const PlanOptions& options, const BaseLookup& images)
      : file_(file), options_(options), images_(images), global_(file, options.args, options.target) {}

  BuildPlan run() {
    const std::size_t target = find_target();
    plan_stage(target);
    StagePlan& last = plan_.stages.back();
    for (const auto& [name, value] : options_.labels) last.config.labels[name] = value;
    warn_unused_arguments();
    for (StagePlan& stage : plan_.stages) number(stage);
    plan_.warnings.insert(plan_.warnings.begin(), file_.warnings.begin(), file_.warnings.end());
    dockerfile::apply_checks(checks(), plan_.warnings);
    return std::move(plan_);
  }

 private:
  /// The build argument counts, then the file.
  dockerfile::Checks checks() const {
    const auto argument = options_.args.find(kChecksArgument);
    if (argument == options_.args.end()) return file_.checks;
    auto given = dockerfile::parse_checks(argument->second, std::nullopt);
    if (!given)
      throw PlanMistake{Diagnostic(given.error()).note(std::string("it is the build argument ") + kChecksArgument)};
    return *std::move(given);
  }

  std::size_t find_target() const {
    if (options_.target.empty()) return file_.stages.size() - 1;
    const std::string wanted = lower(options_.target);
    for (std::size_t i = file_.stages.size(); i-- > 0;)
      if (file_.stages[i].name == wanted) return i;
    auto diagnostic = Diagnostic::error("unknown-target", "target stage '" + options_.target + "' is not in this file",
                                        Span{file_.stages[0].where.file, {}, {}});
    const auto names = stage_names(file_);
    if (!names.empty()) diagnostic.note("stages: " + join_names(names));
    if (const auto best = nearest(wanted, names)) {
      const auto stage =
          std::find_if(file_.stages.begin(), file_.stages.end(), [&](const auto& s) { return s.name == *best; });
      diagnostic.note("stage '" + *best + "' begins here", stage->name_where);
      diagnostic.with_hint("did you mean '" + *best + "'?");
    }
    throw PlanMistake{std::move(diagnostic)};
  }

  /// A stage of that name before `before`; the last one when there are several.
  std::optional<std::size_t> earlier_stage(const std::string& name, std::size_t before) const {
    const std::string wanted = lower(name);
    for (std::size_t i = before; i-- > 0;)
      if (file_.stages[i].name == wanted) return i;
    return std::nullopt;
  }

  /// Plans the stage if it is not yet, and returns its index in the plan.
  std::size_t plan_stage(std::size_t index) {
    if (const auto found = planned_.find(index); found != planned_.end()) return found->second;
    const Stage& stage = file_.stages[index];
    StagePlan plan;
    plan.index = index;
    plan.name = stage.name.empty() ? "stage-" + std::to_string(index) : stage.name;
    plan.where = stage.where;
    StageScope scope(global_, plan_.warnings);
    std::vector<Instruction> triggers = set_base(stage, index, plan, scope);
    const auto from = [this, index](const std::string& name, const Span& where) { return origin(name, where, index); };
    StagePlanner planner(plan, scope, options_, from, consumed_);
    planner.run(triggers);
    planner.run(stage.instructions);
    scopes_.emplace(index, scope);
    plan_.stages.push_back(std::move(plan));
    planned_[index] = plan_.stages.size() - 1;
    return plan_.stages.size() - 1;
  }

  std::vector<Instruction> set_base(const Stage& stage, std::size_t index, StagePlan& plan, StageScope& scope) {
    const std::string name = expand_global(stage.image);
    if (name.empty())
      fail("empty-base", "the image of FROM is empty after expansion of '" + stage.image.text + "'", stage.image.where);
    if (stage.platform) check_platform(*stage.platform);
    plan.base_title = "FROM " + name;
    const NamedContext* const named = context(name);
    if (named != nullptr && named->image.empty())
      throw PlanMistake{Diagnostic::error("not-supported",
                                          "FROM cannot begin with the folder of the context '" + name + "' yet",
                                          stage.image.where)
                            .with_hint("write 'FROM scratch' and 'COPY --from=" + name + " . /'")};
    if (const auto parent = named == nullptr ? earlier_stage(name, index) : std::nullopt) {
      plan.parent = plan_stage(*parent);
      const StagePlan& base = plan_.stages[*plan.parent];
      plan.config = base.config;
      plan.config.on_build.clear();
      scope = scopes_.at(*parent);
      return {};
    }
    if (named == nullptr && name == "scratch") {
      plan.config.architecture = image::host_architecture();
      return {};
    }
    plan.base = need_image(named != nullptr ? named->image : name, stage.image.where, index);
    plan.config = plan.base->config;
    for (const std::string& variable : plan.config.env) {
      const std::size_t equals = variable.find('=');
      if (equals != std::string::npos) scope.set_env(variable.substr(0, equals), variable.substr(equals + 1));
    }
    return read_triggers(std::exchange(plan.config.on_build, {}), name, stage.where);
  }

  /// A failing trigger is about the FROM line: the base's Dockerfile is not here.
  static std::vector<Instruction> read_triggers(const std::vector<std::string>& texts, const std::string& base,
                                                const Span& where) {
    std::vector<Instruction> triggers;
    for (const std::string& text : texts) {
      auto trigger = dockerfile::parse_trigger(text, "ONBUILD of " + base);
      if (!trigger) throw PlanMistake{trigger.error().items().front()};
      trigger->where = where;
      triggers.push_back(*std::move(trigger));
    }
    return triggers;
  }

  std::string expand_global(const dockerfile::Word& word) {
    std::vector<std::string> unset;
    const auto lookup = [this](std::string_view name) { return global_.value(name); };
    auto expanded = dockerfile::expand(word.text, lookup, file_.escape);
    if (!expanded) fail("bad-substitution", expanded.error().message, word.where);
    for (const std::string& name : expanded->unset) {
      if (global_.declared(name)) continue;
      plan_.warnings.push_back(
          Diagnostic::warning("undefined-variable-in-from", "variable '" + name + "' has no value in FROM", word.where)
              .with_hint("declare it with ARG before the first FROM"));
    }
    for (const auto& [name, value] : options_.args)
      if (word.text.find(name) != std::string::npos) consumed_.insert(name);
    return std::move(expanded->text);
  }

  void check_platform(const dockerfile::Word& word) {
    const std::string platform = lower(expand_global(word));
    const std::string own = "linux/" + image::host_architecture();
    if (platform.empty() || platform == own || own.starts_with(platform + "/") || platform.starts_with(own + "/"))
      return;
    fail("not-supported", "platform '" + platform + "' is not supported: this machine is '" + own + "'", word.where);
  }

  BaseImage need_image(const std::string& name, const Span& where, std::size_t before) {
    try {
      if (auto found = images_(name)) return *std::move(found);
    } catch (const Error& malformed) {
      throw PlanMistake{placed_at(malformed, where).diagnostic()};
    }
    auto diagnostic = Diagnostic::error("unknown-image", "image '" + name + "' is not in the store", where);
    std::vector<std::string> earlier;
    for (std::size_t i = 0; i < before; ++i)
      if (!file_.stages[i].name.empty()) earlier.push_back(file_.stages[i].name);
    for (std::size_t i = before; i < file_.stages.size(); ++i)
      if (file_.stages[i].name == lower(name))
        diagnostic.note("stage '" + name + "' is defined later; a stage can use only those before it",
                        file_.stages[i].name_where);
    if (const auto best = nearest(name, earlier)) {
      diagnostic.with_hint("did you mean stage '" + *best + "'?");
    } else if (diagnostic.notes.empty()) {
      diagnostic.with_hint(
          "'davit image ls' shows what is there; 'davit image import' and 'davit image load' add images");
    }
    throw PlanMistake{std::move(diagnostic)};
  }

  const NamedContext* context(const std::string& name) const {
    const auto found = options_.contexts.find(lower(name));
    return found == options_.contexts.end() ? nullptr : &found->second;
  }

  Origin origin(const std::string& name, const Span& where, std::size_t before) {
    if (const NamedContext* named = context(name)) {
      if (named->image.empty()) return FromContext{lower(name)};
      return FromImage{need_image(named->image, where, before)};
    }
    if (const auto stage = earlier_stage(name, before)) return FromStage{plan_stage(*stage)};
    if (const auto index = as_index(name)) {
      if (*index < before) return FromStage{plan_stage(*index)};
      if (*index < file_.stages.size())
        fail("bad-stage", "stage " + name + " cannot be used here: only stages before this one can", where);
      fail("bad-stage", "there is no stage " + name + "; stages count from 0 and this one is " + std::to_string(before),
           where);
    }
    if (lower(name) == file_.stages[before].name)
      fail("bad-stage", "stage '" + name + "' cannot copy from itself", where);
    return FromImage{need_image(name, where, before)};
  }

  void warn_unused_arguments() {
    std::vector<std::string> declared;
    for (const auto& [name, where] : global_.declared()) declared.push_back(name);
    for (const auto& stage : file_.stages)
      for (const auto& instruction : stage.instructions)
        if (const auto* arg = std::get_if<dockerfile::Arg>(&instruction.body))
          for (const auto& name : arg->names) declared.push_back(name.name.text);
    for (const auto& [name, value] : options_.args) {
      if (consumed_.contains(name) || is_proxy_argument(name) || name == kChecksArgument || global_.value(name))
        continue;
      // An argument of a stage that is not built is not a mistake.
      if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
      auto warning = Diagnostic::warning("unused-build-arg", "build argument '" + name + "' is not used by any ARG");
      if (const auto best = nearest(name, declared)) warning.with_hint("did you mean '" + *best + "'?");
      plan_.warnings.push_back(std::move(warning));
    }
  }

  void number(StagePlan& stage) const {
    const std::string total = std::to_string(stage.steps.size() + 1);
    const bool named = plan_.stages.size() > 1 || !file_.stages[stage.index].name.empty();
    const std::string name = named ? stage.name + " " : "";
    stage.base_title = "[" + name + "1/" + total + "] " + stage.base_title;
    for (std::size_t i = 0; i < stage.steps.size(); ++i) {
      Step& step = stage.steps[i];
      step.number = i + 1;
      step.title = "[" + name + std::to_string(i + 2) + "/" + total + "] " + step.text;
    }
  }

  const Dockerfile& file_;
  const PlanOptions& options_;
  const BaseLookup& images_;
  GlobalScope global_;
  BuildPlan plan_;
  std::map<std::size_t, std::size_t> planned_;
  std::map<std::size_t, StageScope> scopes_;
  std::set<std::string> consumed_;
};

void add_stage(const Origin& origin, std::set<std::size_t>& out) {
  if (const auto* stage = std::get_if<FromStage>(&origin)) out.insert(stage->stage);
}

}  // namespace

Result<BuildPlan, Diagnostics> make_plan(const Dockerfile& file, const PlanOptions& options, const BaseLookup& images) {
  try {
    BuildPlan plan = Planner(file, options, images).run();
    Diagnostics all;
    for (const Diagnostic& warning : plan.warnings) all.add(warning);
    if (all.has_errors()) return all;
    return plan;
  } catch (PlanMistake& mistake) {
    Diagnostics diagnostics;
    diagnostics.add(std::move(mistake.diagnostic));
    return diagnostics;
  }
}

std::set<std::size_t> inputs_of(const Step& step) {
  std::set<std::size_t> out;
  if (const auto* copy = std::get_if<CopyStep>(&step.action)) add_stage(copy->origin, out);
  if (const auto* run = std::get_if<RunStep>(&step.action))
    for (const Mount& mount : run->mounts) add_stage(mount.origin, out);
  return out;
}

std::set<std::size_t> inputs_of(const StagePlan& stage) {
  std::set<std::size_t> out;
  if (stage.parent) out.insert(*stage.parent);
  for (const Step& step : stage.steps) out.merge(inputs_of(step));
  return out;
}

}  // namespace davit::build
