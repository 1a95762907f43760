#include <algorithm>
#include <cstdio>

#include "attached_services.hpp"
#include "command_words.hpp"
#include "commands.hpp"
#include "container_listing.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/runtime/until_signal.hpp"
#include "durations.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "option_values.hpp"
#include "output_follower.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"
#include "up_options.hpp"
#include "up_planning.hpp"

namespace davit::cli {
namespace {

schedule::AttachedUp::Options end_rules(const UpFlags& flags, std::map<std::string, std::string> watched) {
  using Abort = schedule::AttachedUp::Abort;
  schedule::AttachedUp::Options rules;
  rules.abort = flags.abort_on_container_failure ? Abort::OnFailure
                : flags.abort_on_container_exit  ? Abort::OnExit
                                                 : Abort::No;
  rules.exit_code_from = flags.exit_code_from;
  rules.watched = std::move(watched);
  return rules;
}

struct Up {
  Session& session;
  const model::Project& project;
  const UpFlags& flags;
  const plan::Plan& plan;
  StoreImages& images;
  std::set<std::string> attached;              ///< services whose output is shown
  std::map<std::string, std::string> watched;  ///< containers whose end counts
  runtime::HookOutput hook_output{};           ///< of an attached `up`
  runtime::ContainerMade made{};               ///< likewise
};

ExecuteSettings settings_of(const Up& up) {
  ExecuteSettings settings{.title = "up", .images = &up.images, .wait_timeout = {}};
  settings.hook_output = up.hook_output;
  settings.made = up.made;
  if (up.flags.wait_timeout > 0) settings.wait_timeout = std::chrono::seconds(up.flags.wait_timeout);
  return settings;
}

constexpr int kInterrupted = 130;

/// Signals for what follows a start that one of them has cut short: that one is still to be answered.
class WithFirst final : public runtime::Interrupts {
 public:
  WithFirst(runtime::Interrupts& others, bool arrived) : others_(others), arrived_(arrived) {}
  Task<void> next() override {
    if (std::exchange(arrived_, false)) co_return;
    co_await others_.next();
  }
  [[nodiscard]] bool is_pending() const override { return arrived_ || others_.is_pending(); }

 private:
  runtime::Interrupts& others_;
  bool arrived_;
};

Task<void> start(Up& up) {
  co_await execute_plan(up.session, up.project, up.plan, settings_of(up));
}

/// Builds and starts; a signal cuts that short. True if one did.
Task<bool> start_until_signal(Up& up, runtime::Interrupts& interrupts) {
  const runtime::CutShort started = co_await runtime::run_until_signal(start(up), interrupts);
  if (!started.failure) co_return started.signalled;
  if (!started.signalled) std::rethrow_exception(started.failure);
  try {
    std::rethrow_exception(started.failure);
  } catch (const Error& error) {
    print(up.session.context(), error.diagnostic());  // the signal decides what follows, but this is not to be lost
  }
  co_return true;
}

Task<void> start_and_attend(Up& up, runtime::Interrupts& signals, int& code) {
  const bool cut_short = co_await start_until_signal(up, signals);
  co_await up.session.engine().leave_turn();  // raised: others may change it while this one shows its output
  WithFirst interrupts(signals, cut_short);
  const auto progress = make_progress(up.session, "stop");
  runtime::Context with{up.project, up.session.engine(), up.images, up.session.timers(), *progress};
  runtime::AttachOptions attach;
  attach.rules = end_rules(up.flags, up.watched);
  attach.services = up.flags.services;
  attach.grace = grace_period(up.flags.timeout);
  attach.say = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  attach.hook_output = up.hook_output;
  code = co_await runtime::attend(with, interrupts, std::move(attach));
  if (cut_short) code = kInterrupted;
}

/// "Attaching to db-1, web-1", and how long the longest of these names is.
std::size_t say_who_is_attached(const Up& up) {
  std::set<std::string> names;
  std::size_t longest = 0;
  for (const auto& slot : up.plan.slots)
    if (up.attached.contains(slot.service)) names.insert(shown_name(up.project.name, slot.name));
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ", ") + name;
    longest = std::max(longest, name.size());
  }
  std::printf("Attaching to %s\n", list.c_str());
  std::fflush(stdout);
  return longest;
}

FollowOptions follow_options(const Up& up) {
  FollowOptions follow;
  follow.print.colour = !up.flags.no_color && up.session.context().colour() && up.session.context().stdout_is_terminal;
  follow.print.prefix = !up.flags.no_log_prefix;
  follow.print.timestamps = up.flags.timestamps;
  follow.print.name_width = say_who_is_attached(up);
  follow.wanted = [&up](const engine::ObservedContainer& c) { return !c.one_off && up.attached.contains(c.service); };
  follow.noted = [&up](const engine::Event& event) { return up.watched.contains(event.name); };
  return follow;
}

Task<void> follow_from_birth(OutputFollower& output, runtime::MadeContainer made) {
  output.add(made);
  co_return;
}

Task<int> up_attached(Up& up) {
  OutputFollower output(up.session, follow_options(up));
  up.hook_output = [&output](const std::string& container, const std::string& line) {
    output.tell_hook(container, line);
  };
  up.made = [&output](const runtime::MadeContainer& made) { return follow_from_birth(output, made); };
  const std::int64_t since = co_await up.session.engine().newest_event();
  const engine::Observed before = co_await up.session.engine().observe();
  logs::ReadOptions from_now;
  from_now.tail = 0;
  output.add(before, from_now, OutputFollower::Watch::Yes);

  int code = 0;
  std::exception_ptr failure;
  try {
    std::vector<Task<void>> beside;
    beside.push_back(output.follow(since, OutputFollower::Until::Cancelled));
    Task<void> attending = start_and_attend(up, up.session.interrupts(), code);
    Task<void> both = run_beside(std::move(attending), std::move(beside));
    co_await std::move(both);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await output.finish();
  if (failure) std::rethrow_exception(failure);
  co_return code;
}

Task<int> up(Session& session, model::Project project, UpFlags flags) {
  const Context& context = session.context();
  image::ImageStore store = image::ImageStore::open(context.data_root());
  StoreImages images(context, store,
                     {.output = flags.quiet_build ? BuildOutput::Silent : build_output(context), .build_args = {}});
  std::set<std::string> attached = attached_services(project, flags).value();
  if (!context.global.dry_run) co_await take_turn(session, embedded::Turn::Raise);
  const plan::Plan plan = co_await plan_up(session, project, flags, store);
  if (context.global.dry_run) {
    print_plan(plan);
    if (!flags.detach) std::puts("end of 'up' output, interactive run is not supported in dry-run mode");
    co_return 0;
  }
  std::map<std::string, std::string> watched = watched_containers(plan, flags, attached);
  Up with{session, project, flags, plan, images, std::move(attached), std::move(watched)};
  if (!flags.detach && !flags.no_start) co_return co_await up_attached(with);
  ExecuteSettings settings = settings_of(with);
  co_await execute_plan(session, project, plan, std::move(settings));
  co_return 0;
}

void add_up_flags(CLI::App* command, UpFlags& flags) {
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* type, const char* text) {
    command->add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  command->add_flag("-d,--detach", flags.detach, "leave the stack running in the background");
  command->add_flag("--wait", flags.wait, "wait until the services are running or healthy; implies --detach");
  seconds(command->add_option("--wait-timeout", flags.wait_timeout, "seconds to wait at most")->type_name("SECONDS"));
  add_create_flags(command, flags);
  command->add_flag("--force-recreate", flags.force_recreate, "recreate containers even if nothing changed");
  command->add_flag("--no-recreate", flags.no_recreate, "keep containers even if their service changed");
  command->add_flag("--always-recreate-deps", flags.always_recreate_deps, "recreate what the services depend on, too");
  command->add_flag("--no-deps", flags.no_deps, "do not start what the services depend on");
  command->add_flag("--no-start", flags.no_start, "create everything, start nothing");
  command->add_flag("-V,--renew-anon-volumes", flags.renew_anonymous_volumes,
                    "new anonymous volumes for recreated containers");
  list("--scale", flags.scale, "SERVICE=N", "number of containers of a service; repeat");
  command->add_flag("--abort-on-container-exit", flags.abort_on_container_exit,
                    "stop everything when one container ends");
  command->add_flag("--abort-on-container-failure", flags.abort_on_container_failure,
                    "stop everything when one container fails");
  command
      ->add_option("--exit-code-from", flags.exit_code_from,
                   "exit with this service's code; implies --abort-on-container-exit")
      ->type_name("SERVICE");
  list("--attach", flags.attach_to, "SERVICE", "show the output of these services only; repeat");
  list("--no-attach", flags.no_attach, "SERVICE", "do not show the output of this service; repeat");
  command->add_flag("--attach-dependencies", flags.attach_dependencies, "show the output of dependencies, too");
  seconds(command->add_option("-t,--timeout", flags.timeout, "seconds to wait for the end before killing")
              ->type_name("SECONDS"));
  command->add_flag("--no-color", flags.no_color, "no colours in the output");
  command->add_flag("--no-log-prefix", flags.no_log_prefix, "no container names in the output");
  command->add_flag("--timestamps", flags.timestamps, "show when each line was written");
  command->add_flag("--menu", flags.menu, "for docker compose's sake: there is no menu");
  command->add_flag("-w,--watch", flags.watch, "watch files and rebuild (not supported yet)");
  command->add_flag("-y,--yes", flags.yes, "answer every question with yes");
  command->add_option("SERVICE", flags.services, "services, with what they depend on; none means all");
}

}  // namespace

void add_up(Commands& commands) {
  auto flags = std::make_shared<UpFlags>();
  CLI::App* command = commands.add(
      "up",
      {.summary = "build, create, start and attach to the services",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Raises the stack: makes what is missing, recreates what changed, starts everything in the\n"
                      "order of its dependencies and shows the output of all services. Ctrl-C stops the stack, a\n"
                      "second Ctrl-C kills it. With --detach it goes on in the background.\n"
                      "\n"
                      "'davit --dry-run up' prints each step with its reason and does nothing.",
       .examples = "davit up\ndavit up -d --wait\ndavit up --build api\ndavit up --exit-code-from test",
       .exit_status =
           "0 when every container ended by itself, or with --detach when all were started;\n"
           "1 on any error; 130 after Ctrl-C; with an abort flag, the code of the container that ended first\n"
           "or of the service of --exit-code-from.",
       .dry_run = DryRun::Shown});
  add_up_flags(command, *flags);
  commands.on(command, [flags](Context& context) {
    UpFlags given = *flags;
    given.attach = !given.attach_to.empty();
    plan::apply_implications(given);
    if (const auto conflict = plan::check_flags(given)) throw Error(*conflict);
    if (given.watch)
      throw Error(Diagnostic::error("unsupported", "up --watch is not supported yet")
                      .with_hint("run 'davit up --build' after a change"));
    if (given.menu) print(context, Diagnostic::warning("no-menu", "there is no menu: the keys of --menu do nothing"));
    model::Project project = load_project(
        context, given.services, given.no_deps ? compose::Dependencies::Ignore : compose::Dependencies::Include);
    const Lookup variable = variables_of(context, project);
    given.ignore_orphans = is_yes(variable("COMPOSE_IGNORE_ORPHANS"));
    given.remove_orphans = given.remove_orphans || is_yes(variable("COMPOSE_REMOVE_ORPHANS"));
    if (const auto conflict = plan::check_flags(given)) throw Error(*conflict);
    if (!given.exit_code_from.empty()) require_services({given.exit_code_from}, project, {});
    Session session(context, project.name, "davit up");
    return session.run(up(session, std::move(project), given));
  });
}

}  // namespace davit::cli
