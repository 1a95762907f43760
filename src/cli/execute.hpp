#pragma once
// From a plan to its end, as every command that changes something does it.

#include <memory>
#include <string>
#include <vector>

#include "davit/plan/make_plan.hpp"
#include "davit/runtime/runtime.hpp"
#include "session.hpp"

namespace davit::cli {

/// The plan, or its errors printed and ExitWith{1}. Warnings of the plan are printed.
[[nodiscard]] plan::Plan checked(const Context& context, Result<plan::Plan, Diagnostics> plan);

/// `--dry-run`: prints the plan, a line a step with its reason.
void print_plan(const plan::Plan& plan);

/// The progress display that --progress and the terminal ask for. `title` is the word of its header: "up".
[[nodiscard]] std::unique_ptr<runtime::ProgressSink> make_progress(Session& session, const std::string& title);

/// For plans in which no image is built, pulled or removed.
[[nodiscard]] runtime::ImageProvider& no_images();

/// Waits for the turn to change the project, and says whom it waits for.
Task<void> take_turn(Session& session, embedded::Turn kind);

struct ExecuteSettings {
  std::string title;
  runtime::ImageProvider* images = nullptr;  ///< none: no_images()
  std::optional<std::chrono::nanoseconds> wait_timeout;
  runtime::HookOutput hook_output{};  ///< none: not shown
  runtime::ContainerMade made{};      ///< none: nobody wants to know
};

/// Executes with progress; failures are thrown. In a turn, its end by a lowering command is one. The project must
/// outlive the call.
Task<runtime::Execution> execute_plan(Session& session, const model::Project& project, const plan::Plan& plan,
                                      ExecuteSettings settings);

/// The last lines of a container's log, for messages.
Task<std::vector<std::string>> tail_of_log(engine::ObservedContainer container, std::size_t lines);

}  // namespace davit::cli
