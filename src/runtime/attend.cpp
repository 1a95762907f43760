// The attached `up` between its start and its end: events, signals and stops in, acts out. The rules are AttachedUp's.

#include <algorithm>
#include <deque>

#include "davit/async/cancellation.hpp"
#include "davit/async/event.hpp"
#include "davit/async/run_apart.hpp"
#include "davit/async/task_group.hpp"
#include "davit/runtime/exit_event.hpp"
#include "davit/runtime/runtime.hpp"

namespace davit::runtime {
namespace {

using schedule::AttachedUp;

/// The services were checked when `up` was planned, so a plan cannot fail here; if it does, that is an Error.
plan::Plan plan_or_throw(Result<plan::Plan, Diagnostics> plan) {
  if (!plan) throw Error(plan.error().items().front());
  return *std::move(plan);
}

class Attendance {
 public:
  Attendance(Context context, Interrupts& interrupts, AttachOptions options, const asio::any_io_executor& executor)
      : context_(context),
        interrupts_(interrupts),
        options_(std::move(options)),
        happened_(executor),
        caught_up_(executor),
        group_(executor) {}

  Task<int> run() {
    std::exception_ptr failure;
    try {
      co_await begin();
      co_await drive();
    } catch (...) {
      failure = std::current_exception();
    }
    group_.cancel();
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    try {
      co_await group_.join();
    } catch (...) {
      // Only cancellations: the tasks report their errors.
    }
    if (failure) std::rethrow_exception(failure);
    co_return exit_code_.value_or(1);
  }

 private:
  /// What ended before now has its say first, in the order of the ends.
  Task<void> begin() {
    seen_ = co_await context_.engine.newest_event();
    const engine::Observed observed = co_await context_.engine.observe();
    auto& watched = options_.rules.watched;
    const bool all = watched.empty();
    std::vector<const engine::ObservedContainer*> ended;
    for (const auto& c : observed.containers) {
      if (all && !c.one_off) watched.emplace(c.name, c.service);
      if (watched.contains(c.name) && c.state == engine::ContainerState::Exited) ended.push_back(&c);
    }
    // Those that the plan has removed, for a smaller scale, have had their end.
    std::erase_if(watched, [&observed](const auto& entry) {
      return std::none_of(observed.containers.begin(), observed.containers.end(),
                          [&entry](const auto& c) { return c.name == entry.first; });
    });
    std::stable_sort(ended.begin(), ended.end(),
                     [](const auto* a, const auto* b) { return a->finished < b->finished; });
    rules_.emplace(options_.rules);
    cut_short_ = interrupts_.is_pending();
    if (watched.empty() && !cut_short_) report(AttachedUp::NobodyLeft{});
    // When the start was cut short it may be an end of long ago, of one that is being started; the signal has its say.
    if (!cut_short_)
      for (const auto* c : ended) report(AttachedUp::ContainerExited{c->name, c->service, c->exit_code});
    group_.spawn(follow_events());
    group_.spawn(follow_signals());
  }

  Task<void> drive() {
    while (!exit_code_) {
      while (reports_.empty() && !broken_) co_await happened_.wait();
      if (reports_.empty()) std::rethrow_exception(broken_);
      const AttachedUp::Event event = std::move(reports_.front());
      reports_.pop_front();
      for (const auto& action : rules_->resume(event)) perform(action);
    }
  }

  void perform(const AttachedUp::Action& action) {
    if (const auto* say = std::get_if<AttachedUp::Say>(&action); say != nullptr && options_.say)
      options_.say(say->text);
    if (std::holds_alternative<AttachedUp::StopAll>(action)) group_.spawn(stop_all());
    if (std::holds_alternative<AttachedUp::KillAll>(action)) group_.spawn(kill_all());
    if (const auto* finish = std::get_if<AttachedUp::Finish>(&action)) exit_code_ = finish->exit_code;
  }

  void report(AttachedUp::Event event) {
    reports_.push_back(std::move(event));
    happened_.notify();
  }

  void break_down(std::exception_ptr why) {
    if (!broken_) broken_ = std::move(why);
    happened_.notify();
  }

  Task<void> follow_events() {
    try {
      for (;;) {
        const std::vector<engine::Event> events = co_await context_.engine.next_events(seen_);
        if (events.empty()) throw Error("the engine of this project has shut down");
        for (const engine::Event& event : events) take(event);
        caught_up_.notify();
      }
    } catch (...) {
      if (is_cancellation(std::current_exception())) throw;
      followed_to_the_end_ = true;
      caught_up_.notify();
      // When everything was stopped, the engine may go before us.
      if (!stopping_) break_down(std::current_exception());
    }
  }

  void take(const engine::Event& event) {
    seen_ = event.id;
    if (const auto exit = exit_of(event)) {
      const auto restarting = exit->restarting ? AttachedUp::Restarting::Yes : AttachedUp::Restarting::No;
      report(AttachedUp::ContainerExited{event.name, event.service, exit->code, restarting});
    } else if (event.type == "container" && event.action == "start") {
      report(AttachedUp::ContainerStarted{event.name, event.service});
    }
  }

  Task<void> follow_signals() {
    for (;;) {
      co_await interrupts_.next();
      report(AttachedUp::Signal{});
    }
  }

  Task<void> stop_all() {
    stopping_ = true;
    try {
      co_await stop_what_is_being_started();
      const engine::Observed observed = co_await context_.engine.observe();
      plan::ContainerOptions options;
      options.services = options_.services;
      options.grace = options_.grace;
      const plan::Plan plan = plan_or_throw(plan::make_stop_plan(context_.project, observed, options));
      ExecuteOptions how;
      how.hook_output = options_.hook_output;
      const Execution done = co_await execute(context_, plan, std::move(how));
      done.throw_if_failed();
      // The exits must be known before the end is: one of them may give the exit code.
      const std::int64_t newest = co_await context_.engine.newest_event();
      while (seen_ < newest && !followed_to_the_end_) co_await caught_up_.wait();
      report(AttachedUp::StopEnded{});
    } catch (...) {
      if (is_cancellation(std::current_exception())) throw;
      break_down(std::current_exception());
    }
  }

  /// A start that a signal has cut short goes on in the engine. The stop waits for its end there, and is nothing for a
  /// container that nobody starts; a plan would leave out both, because they do not run. One that cannot be stopped
  /// keeps nobody from stopping the others.
  Task<void> stop_what_is_being_started() {
    const engine::Observed observed = co_await context_.engine.observe();
    const auto& services = options_.services;
    TaskGroup stops(co_await asio::this_coro::executor);
    for (const auto& container : observed.containers) {
      const bool chosen =
          services.empty() || std::find(services.begin(), services.end(), container.service) != services.end();
      const bool may_be_starting = container.state == engine::ContainerState::Created ||
                                   (cut_short_ && container.state == engine::ContainerState::Exited);
      if (may_be_starting && !container.one_off && chosen) stops.spawn(stop_if_possible(container.id));
    }
    co_await stops.join();
  }

  Task<void> stop_if_possible(ContainerId id) {
    try {
      co_await context_.engine.stop_container(std::move(id), engine::StopRequest{options_.grace});
    } catch (const Error& error) {
      if (options_.say) options_.say(error.what());
    }
  }

  Task<void> kill_all() {
    try {
      const engine::Observed observed = co_await context_.engine.observe();
      plan::ContainerOptions options;
      options.services = options_.services;
      const plan::Plan plan = plan_or_throw(plan::make_kill_plan(context_.project, observed, options));
      // A container that has ended meanwhile cannot be killed; stop_all() has the last word.
      (void)co_await execute(context_, plan, {});
    } catch (...) {
      if (is_cancellation(std::current_exception())) throw;
      break_down(std::current_exception());
    }
  }

  Context context_;
  Interrupts& interrupts_;
  AttachOptions options_;
  std::optional<AttachedUp> rules_;
  std::deque<AttachedUp::Event> reports_;
  Event happened_;
  Event caught_up_;
  TaskGroup group_;
  std::int64_t seen_ = 0;
  bool cut_short_ = false;  ///< the start, by a signal
  std::optional<int> exit_code_;
  std::exception_ptr broken_;
  bool stopping_ = false;
  bool followed_to_the_end_ = false;
};

}  // namespace

Task<int> attend(Context context, Interrupts& interrupts, AttachOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  Attendance attendance(context, interrupts, std::move(options), executor);
  Task<int> running = run_apart(attendance.run());  // its end turns cancellation off
  const int code = co_await std::move(running);
  co_return code;
}

}  // namespace davit::runtime
