#pragma once
// Goes through the instructions of one stage, with all that came before known, and writes down its steps and its
// config.

#include <functional>
#include <set>
#include <string>

#include "build/scope.hpp"
#include "davit/build/plan.hpp"

namespace davit::build {

/// Where `--from=NAME` leads; throws PlanMistake.
using FromResolver = std::function<Origin(const std::string& name, const Span& where)>;

class StagePlanner {
 public:
  /// `plan` has its base, its name and the base's config.
  StagePlanner(StagePlan& plan, StageScope& scope, const PlanOptions& options, FromResolver from,
               std::set<std::string>& consumed_args)
      : plan_(plan), scope_(scope), options_(options), from_(std::move(from)), consumed_(consumed_args) {}

  void run(const std::vector<dockerfile::Instruction>& instructions);

 private:
  void apply(const dockerfile::Instruction& instruction);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Arg& arg);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Env& env);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Label& label);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Run& run);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Copy& copy);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Workdir& workdir);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::User& user);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Cmd& cmd);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Entrypoint& entrypoint);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Expose& expose);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Volume& volume);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Shell& shell);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::StopSignal& signal);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::Maintainer& maintainer);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::HealthCheck& check);
  void apply(const dockerfile::Instruction& instruction, const dockerfile::OnBuild& trigger);

  void add_step(const dockerfile::Instruction& instruction, decltype(Step::action) action, std::string created_by,
                std::string shown);
  void add_history(std::string created_by) { plan_.history.push_back({std::move(created_by), std::nullopt}); }
  /// As the image room does it for `import --change`, so that both mean the same.
  template <class Change>
  void change(const dockerfile::Instruction& instruction, Change change);

  [[nodiscard]] std::vector<std::string> shell() const;
  [[nodiscard]] std::string absolute(const std::string& path) const;
  void add_proxies(RunStep& step) const;
  void set_run_environment(RunStep& step) const;
  [[nodiscard]] dockerfile::Run::Network network_of(const dockerfile::Instruction& instruction,
                                                    const dockerfile::Run& run) const;
  [[nodiscard]] Mount plan_mount(const dockerfile::Word& word);
  [[nodiscard]] std::string run_history(const RunStep& step) const;

  StagePlan& plan_;
  StageScope& scope_;
  const PlanOptions& options_;
  FromResolver from_;
  std::set<std::string>& consumed_;
  bool cmd_set_ = false;
};

}  // namespace davit::build
