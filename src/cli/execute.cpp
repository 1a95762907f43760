#include "execute.hpp"

#include <cstdio>

#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/logs/reader.hpp"
#include "davit/plan/take_back.hpp"

namespace davit::cli {
namespace {

class NoImages final : public runtime::ImageProvider {
 public:
  Task<plan::ImageInfo> build(const model::Project&, const model::Service& service) override {
    return refuse(service.name);
  }
  Task<plan::ImageInfo> pull(const model::Project&, const model::Service& service) override {
    return refuse(service.name);
  }
  Task<void> remove(const std::string& image) override {
    throw Error("this command removes no image, but its plan wants to remove '" + image + "'");
    co_return;
  }

 private:
  static Task<plan::ImageInfo> refuse(std::string service) {
    throw Error("this command makes no image, but its plan needs one for service '" + service + "'");
    co_return plan::ImageInfo{};
  }
};

Task<void> store(Task<runtime::Execution> work, std::optional<runtime::Execution>& out) {
  out = co_await std::move(work);
}

/// The work, cut short when another command lowers the project.
Task<runtime::Execution> while_it_is_our_turn(embedded::EmbeddedEngine& engine, Task<runtime::Execution> work) {
  if (!engine.has_turn()) co_return co_await std::move(work);
  std::optional<runtime::Execution> done;
  std::vector<Task<void>> watchers;
  watchers.push_back(engine.until_lowered());
  Task<void> storing = store(std::move(work), done);
  Task<void> both = run_beside(std::move(storing), std::move(watchers));
  co_await std::move(both);
  co_return *std::move(done);
}

bool is_turn_over(const Error& error) {
  const std::string& code = error.diagnostic().code;
  return code == "lowered" || code == "turn-lost";
}

void say(runtime::ProgressSink& progress, const std::string& network, const char* word,
         runtime::ProgressEvent::Status status) {
  progress.progress({.id = "Network " + network, .text = word, .status = status, .details = ""});
}

/// After a failure, so that a command which could make nothing leaves nothing. What fails here is the smaller evil: the
/// cause has a message of its own.
Task<void> take_back(Session& session, const plan::Plan& plan, runtime::ProgressSink& progress) {
  std::string problem;
  try {
    const engine::Observed observed = co_await session.engine().observe();
    for (const std::string& network : plan::networks_to_take_back(plan, observed)) {
      say(progress, network, "Removing", runtime::ProgressEvent::Status::Working);
      std::string name = network;
      co_await session.engine().remove_network(std::move(name));
      say(progress, network, "Removed", runtime::ProgressEvent::Status::Done);
    }
  } catch (const Error& error) {
    if (!is_turn_over(error)) problem = error.what();  // else it is another command's to take away
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty())
    print(session.context(), Diagnostic::warning("left", "cannot take back the network that was made: " + problem)
                                 .with_hint("'davit down' removes it"));
}

}  // namespace

Task<void> take_turn(Session& session, embedded::Turn kind) {
  std::function<void(const std::string&)> say = [&session](const std::string& other) {
    print(session.context(), Diagnostic::warning("waiting", "another command changes project '" + session.project() +
                                                                "'; waiting for its end: " + other));
  };
  co_await session.engine().take_turn(kind, std::move(say));
}

plan::Plan checked(const Context& context, Result<plan::Plan, Diagnostics> plan) {
  if (!plan) {
    print(context, plan.error());
    throw ExitWith{1};
  }
  for (const auto& warning : plan->warnings) print(context, warning);
  return *std::move(plan);
}

void print_plan(const plan::Plan& plan) {
  const std::string text = plan.empty() ? "nothing to do\n" : plan.to_string();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

runtime::ImageProvider& no_images() {
  static NoImages none;
  return none;
}

Task<std::vector<std::string>> tail_of_log(engine::ObservedContainer container, std::size_t lines) {
  co_return logs::last_lines(container.log_path, lines);
}

Task<runtime::Execution> execute_plan(Session& session, const model::Project& project, const plan::Plan& plan,
                                      ExecuteSettings settings) {
  const Context& context = session.context();
  if (!plan.empty()) co_await session.engine().ensure_running();
  const auto progress = make_progress(session, settings.title);
  runtime::ExecuteOptions options;
  if (context.global.parallel > 0) options.parallel = static_cast<std::size_t>(context.global.parallel);
  options.wait_timeout = settings.wait_timeout;
  options.log_tail = tail_of_log;
  options.hook_output = std::move(settings.hook_output);
  options.made = std::move(settings.made);
  runtime::Context with{project, session.engine(), settings.images != nullptr ? *settings.images : no_images(),
                        session.timers(), *progress};
  Task<runtime::Execution> work = runtime::execute(with, plan, std::move(options));
  runtime::Execution execution;
  std::exception_ptr failure;
  try {
    execution = co_await while_it_is_our_turn(session.engine(), std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure || !execution.ok()) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await take_back(session, plan, *progress);
  }
  if (failure) std::rethrow_exception(failure);
  for (const auto& warning : execution.warnings) print(context, warning);
  execution.throw_if_failed();
  co_return execution;
}

}  // namespace davit::cli
