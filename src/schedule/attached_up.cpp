#include "davit/schedule/attached_up.hpp"

namespace davit::schedule {

AttachedUp::AttachedUp(Options options) : options_(std::move(options)) {
  for (const auto& [container, service] : options_.watched) alive_.insert(container);
}

std::vector<AttachedUp::Action> AttachedUp::resume(const Event& event) {
  std::vector<Action> actions;
  if (phase_ == Phase::Done) return actions;
  if (const auto* exit = std::get_if<ContainerExited>(&event)) exited(*exit, actions);
  if (const auto* start = std::get_if<ContainerStarted>(&event)) {
    if (options_.watched.contains(start->container)) alive_.insert(start->container);
  }
  if (std::holds_alternative<Signal>(event)) signalled(actions);
  if (std::holds_alternative<NobodyLeft>(event) && phase_ == Phase::Running) finish(actions);
  if (std::holds_alternative<StopEnded>(event)) finish(actions);
  return actions;
}

bool AttachedUp::ends_everything(const ContainerExited& event) const {
  switch (options_.abort) {
    case Abort::No:
      return false;
    case Abort::OnExit:
      return true;
    case Abort::OnFailure:
      return event.code != 0;
  }
  return false;
}

void AttachedUp::exited(const ContainerExited& event, std::vector<Action>& actions) {
  if (event.restarting == Restarting::Yes || !options_.watched.contains(event.container)) return;
  alive_.erase(event.container);
  if (event.service == options_.exit_code_from && !code_from_) code_from_ = event.code;
  if (phase_ != Phase::Running) return;
  if (ends_everything(event)) {
    first_code_ = event.code;
    phase_ = Phase::Stopping;
    actions.emplace_back(Say{"Aborting on container exit..."});
    actions.emplace_back(StopAll{});
  } else if (alive_.empty()) {
    finish(actions);
  }
}

void AttachedUp::signalled(std::vector<Action>& actions) {
  interrupted_ = true;
  if (phase_ == Phase::Running) {
    phase_ = Phase::Stopping;
    actions.emplace_back(Say{"Gracefully Stopping... press Ctrl+C again to force"});
    actions.emplace_back(StopAll{});
  } else if (phase_ == Phase::Stopping) {
    phase_ = Phase::Killing;
    actions.emplace_back(KillAll{});
  }
}

void AttachedUp::finish(std::vector<Action>& actions) {
  phase_ = Phase::Done;
  int code = first_code_.value_or(0);
  if (!options_.exit_code_from.empty()) code = code_from_.value_or(code);
  actions.emplace_back(Finish{interrupted_ ? 130 : code});
}

}  // namespace davit::schedule
