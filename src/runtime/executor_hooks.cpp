// Lifecycle hooks: programs run in a container after its start and before its stop.

#include <fmt/format.h>

#include "davit/plan/hooks.hpp"
#include "executor.hpp"
#include "hook_report.hpp"

namespace davit::runtime {

/// One after another; the first that fails ends it.
Task<void> Executor::run_hooks(const model::Service& service, const std::vector<model::Hook>& hooks, SlotId slot,
                               ContainerId id) {
  for (const model::Hook& hook : hooks) co_await run_hook(service, hook, slot, id);
}

Task<void> Executor::run_hook(const model::Service& service, const model::Hook& hook, SlotId slot, ContainerId id) {
  HookReport::Line line;
  if (options_.hook_output)
    line = [this, slot](const std::string& text) { options_.hook_output(plan_.slots[slot].name, text); };
  HookReport report(std::move(line));
  engine::ProgramOutput output = [&report](engine::ProgramStream stream, std::string_view bytes) {
    report.write(stream, bytes);
  };
  engine::Program program = plan::hook_program(hook);
  int code = 0;
  std::optional<Error> failure;
  try {
    code = co_await context_.engine.run_program(id, std::move(program), std::move(output));
  } catch (const Error& error) {
    failure = error;
  }
  report.finish();
  std::string message;
  if (failure && failure->diagnostic().code == "not-running")
    message = fmt::format("{} hook cannot run: {}", service.name, failure->what());
  else if (failure)
    message = fmt::format("{} hook exited with status {}: {}", service.name, failure->exit_code(), failure->what());
  else if (code != 0)
    message = report.failure(service.name, code);
  if (message.empty()) co_return;
  Diagnostic diagnostic = Diagnostic::error("hook-failed", std::move(message));
  if (hook.where.known()) diagnostic.where = hook.where;
  throw Error(std::move(diagnostic));
}

/// A hook that fails because the container has ended meanwhile is no failure: there is nothing left to stop.
Task<void> Executor::run_pre_stop(const model::Service& service, SlotId slot, ContainerId id) {
  std::exception_ptr failure;
  try {
    co_await run_hooks(service, service.pre_stop, slot, id);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  const engine::Observed observed = co_await context_.engine.observe();
  for (const auto& container : observed.containers)
    if (container.id == id && container.state == ContainerState::Running) std::rethrow_exception(failure);
}

}  // namespace davit::runtime
