#pragma once
// One run of one plan.

#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "davit/async/event.hpp"
#include "davit/async/task_group.hpp"
#include "davit/runtime/runtime.hpp"
#include "davit/schedule/crash_loop.hpp"
#include "davit/schedule/scheduler.hpp"
#include "progress_words.hpp"

namespace davit::runtime {

class Executor {
 public:
  Executor(Context context, const plan::Plan& plan, ExecuteOptions options, const asio::any_io_executor& executor);

  /// To the end of the plan; see runtime::execute().
  Task<Execution> run();

 private:
  using Scheduler = schedule::Scheduler;
  using Facts = schedule::ContainerFacts;
  using ContainerState = engine::ContainerState;
  using SlotId = plan::SlotId;

  /// What is known of the container in a slot, as the events tell it.
  struct Place {
    std::optional<ContainerId> id;
    Facts facts;
    /// It is being started: events until its `start` are about its last run.
    bool awaiting_start = false;
    const plan::WaitFor* wait = nullptr;  ///< of `up --wait`: without a probe, its readiness is asked for
    bool asking = false;                  ///< the engine is asked whether it is ready
    int starts = 0;                       ///< seen while the plan runs
    schedule::CrashLoop loop;
  };

  // The loop.
  Task<void> drive();
  void perform(const std::vector<Scheduler::Action>& actions);
  void perform_one(const Scheduler::Action& action);
  void report(Scheduler::Event event);
  void announce_kept();

  // Steps.
  Task<void> run_step(const plan::Step& step);
  Task<void> act(const plan::Step& step);
  Task<void> perform_operation(const plan::BuildImage& operation);
  Task<void> perform_operation(const plan::PullImage& operation);
  Task<void> perform_operation(const plan::RemoveImage& operation);
  Task<void> perform_operation(const plan::CreateNetwork& operation);
  Task<void> perform_operation(const plan::RemoveNetwork& operation);
  Task<void> perform_operation(const plan::CreateVolume& operation);
  Task<void> perform_operation(const plan::RemoveVolume& operation);
  Task<void> perform_operation(const plan::CreateContainer& operation);
  Task<void> perform_operation(const plan::StartContainer& operation);
  Task<void> perform_operation(const plan::StopContainer& operation);
  Task<void> perform_operation(const plan::KillContainer& operation);
  Task<void> perform_operation(const plan::RestartContainer& operation);
  Task<void> perform_operation(const plan::PauseContainer& operation);
  Task<void> perform_operation(const plan::UnpauseContainer& operation);
  Task<void> perform_operation(const plan::RemoveContainer& operation);
  Task<void> perform_operation(const plan::RenameContainer& operation);
  Task<void> perform_operation(const plan::WaitFor& operation);
  [[nodiscard]] ContainerId id_of(const plan::Target& target) const;
  [[nodiscard]] ContainerId id_in(plan::SlotId slot) const;
  [[nodiscard]] engine::ContainerSpec spec_of(const plan::CreateContainer& operation) const;
  [[nodiscard]] std::vector<engine::VolumesFrom> volumes_from(const plan::CreateContainer& operation) const;
  void image_known(const std::string& image, plan::ImageInfo info);

  // Lifecycle hooks.
  Task<void> run_hooks(const model::Service& service, const std::vector<model::Hook>& hooks, plan::SlotId slot,
                       ContainerId id);
  Task<void> run_hook(const model::Service& service, const model::Hook& hook, plan::SlotId slot, ContainerId id);
  Task<void> run_pre_stop(const model::Service& service, plan::SlotId slot, ContainerId id);

  // What containers do meanwhile.
  Task<void> follow_events(std::int64_t since);
  Task<void> refresh_facts();
  void learn(const engine::Observed& observed);
  void take(const engine::Event& event);
  void count_end(plan::SlotId slot, Facts& facts);
  void put(plan::SlotId slot, const ContainerId& id, Facts facts);
  void set_facts(plan::SlotId slot, Facts facts);
  void started(plan::SlotId slot);

  // Waiting and what went wrong with it.
  void begin_waiting(const plan::Step& step);
  void end_waiting(const plan::Step& step);
  void ask_if_ready(plan::SlotId slot);
  Task<void> await_ready(plan::SlotId slot);
  void note_silence(plan::SlotId slot, const std::vector<std::uint16_t>& ports);
  Task<void> look_again();
  void wait_failed(const Scheduler::WaitFailed& failure);
  Task<void> explain(Scheduler::WaitFailed failure, std::size_t index);
  Task<void> add_evidence(Diagnostic& diagnostic, plan::SlotId slot);
  void start_time_limit();
  Task<void> time_limit();

  void say(const std::string& id, const std::string& text, ProgressEvent::Status status, std::string details = "");
  void failed(const plan::Step& step, Diagnostic diagnostic);
  [[nodiscard]] bool has_waits() const;

  Context context_;
  const plan::Plan& plan_;
  ExecuteOptions options_;
  Scheduler scheduler_;
  std::set<plan::SlotId> swapped_;
  std::vector<Place> places_;  ///< by slot
  std::map<ContainerId, plan::SlotId> slot_of_;
  std::map<std::string, plan::ImageInfo> images_;  ///< by name
  std::deque<Scheduler::Event> reports_;
  Event reported_;
  TaskGroup group_;
  Execution result_;
  std::exception_ptr broken_;  ///< the events cannot be followed any more
  std::size_t image_steps_open_ = 0;
  std::size_t explaining_ = 0;
  bool looking_again_ = false;
  bool time_limit_runs_ = false;
};

}  // namespace davit::runtime
