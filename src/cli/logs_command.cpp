#include <boost/asio/posix/stream_descriptor.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>

#include "commands.hpp"
#include "container_listing.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/logs/follower.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

using logs::LogFollower;

struct Options {
  std::vector<std::string> services;
  std::string since;
  std::string until;
  std::string tail = "all";
  int index = 0;
  bool follow = false;
  bool no_color = false;
  bool no_prefix = false;
  bool timestamps = false;
};

std::optional<std::uint64_t> parse_tail(const std::string& text) {
  if (text == "all" || text == "-1") return std::nullopt;
  std::uint64_t lines = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lines);
  if (error != std::errc{} || end != text.data() + text.size())
    throw Error(Diagnostic::error("usage", "'" + text + "' is not a number of lines; --tail takes a number or 'all'"));
  return lines;
}

std::optional<logs::WallTime> parse_time(const char* flag, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  const auto time = logs::parse_log_time(text, {.now = now, .utc_offset = &logs::local_utc_offset});
  if (!time) throw Error(Diagnostic::error("usage", std::string(flag) + ": " + time.error()));
  return *time;
}

logs::ReadOptions read_options(const Options& options) {
  return {.tail = parse_tail(options.tail),
          .since = parse_time("--since", options.since),
          .until = parse_time("--until", options.until)};
}

logs::PrintOptions print_options(const Context& context, const Options& options) {
  const bool coloured = context.global.ansi == "always" || context.stdout_is_terminal;
  return {.colour = !options.no_color && coloured && context.colour(),
          .prefix = !options.no_prefix,
          .timestamps = options.timestamps};
}

bool lives(const engine::ObservedContainer& container) {
  return container.state == engine::ContainerState::Running || container.state == engine::ContainerState::Paused ||
         container.state == engine::ContainerState::Restarting;
}

/// `logs` at work: the containers it shows, and what has been seen of them.
class Logs {
 public:
  /// How long after the end of the last container a new one is waited for: a restart or recreate is no end.
  static constexpr std::chrono::seconds kRestartLimit{2};

  Logs(Session& session, const std::optional<model::Project>& project, Options options)
      : session_(session),
        project_(project),
        options_(std::move(options)),
        read_(read_options(options_)),
        files_(print_options(session.context(), options_), LogFollower::Routing::AllToStdout) {}

  Task<int> run() {
    const std::int64_t since = options_.follow ? co_await session_.engine().newest_event() : 0;
    engine::Observed observed = co_await session_.engine().observe();
    require_services(options_.services, project_, observed);
    for (const auto& container : observed.containers) add(container, read_);
    print_what_is_there();
    if (options_.follow && any_lives(observed)) co_await follow(since);
    co_return 0;
  }

 private:
  [[nodiscard]] bool wanted(const engine::ObservedContainer& container) const {
    if (container.one_off || !is_chosen(options_.services, container.service)) return false;
    if (options_.index > 0 && container.number != options_.index) return false;
    if (!options_.services.empty() || !project_) return true;
    const auto service = project_->services.find(container.service);
    return service == project_->services.end() || service->second.attach;
  }

  [[nodiscard]] bool any_lives(const engine::Observed& observed) const {
    for (const auto& container : observed.containers)
      if (wanted(container) && lives(container)) return true;
    return false;
  }

  void add(const engine::ObservedContainer& container, const logs::ReadOptions& read) {
    if (sources_.contains(container.id) || !wanted(container)) return;
    const auto watch = options_.follow ? LogFollower::Watch::Yes : LogFollower::Watch::No;
    sources_[container.id] = files_.add(shown_name(container), session_.engine().log_folder(container.id), read, watch);
  }

  void print_what_is_there() {
    while (const auto chunk = files_.collect()) std::fwrite(chunk->text.data(), 1, chunk->text.size(), stdout);
    std::fflush(stdout);
  }

  Task<void> follow(std::int64_t since) {
    const auto executor = co_await asio::this_coro::executor;
    TaskGroup files{executor};
    files.spawn(follow_files());
    std::exception_ptr failure;
    try {
      co_await follow_events(since);
    } catch (...) {
      failure = std::current_exception();
    }
    files.cancel();
    try {
      co_await files.join();
    } catch (const boost::system::system_error&) {
      // Cancelled, as asked.
    }
    finish();
    if (failure) std::rethrow_exception(failure);
  }

  Task<void> follow_files() {
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor news{executor, ::dup(files_.fd())};
    for (;;) {
      co_await news.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
      files_.woken();
      print_what_is_there();
    }
  }

  /// Until no container lives any more.
  Task<void> follow_events(std::int64_t since) {
    bool living = true;
    for (;;) {
      std::vector<engine::Event> events;
      if (living) {
        events = co_await session_.engine().next_events(since);
      } else {
        auto next = session_.engine().next_events(since);
        const auto in_time = co_await with_timeout(session_.timers(), kRestartLimit, std::move(next));
        if (in_time) events = *in_time;
      }
      if (events.empty()) co_return;
      since = events.back().id;
      const engine::Observed observed = co_await session_.engine().observe();
      for (const auto& container : observed.containers) add(container, {});
      for (const auto& event : events) take(event);
      print_what_is_there();
      living = any_lives(observed);
    }
  }

  void take(const engine::Event& event) {
    const auto source = sources_.find(ContainerId(event.container));
    if (event.type != "container" || source == sources_.end()) return;
    if (event.action == "die") files_.settle(source->second);
    if (event.action == "destroy") files_.end(source->second);
  }

  void finish() {
    files_.woken();
    for (const auto& [id, source] : sources_) files_.end(source);
    print_what_is_there();
  }

  Session& session_;
  const std::optional<model::Project>& project_;
  Options options_;
  logs::ReadOptions read_;
  LogFollower files_;
  std::map<ContainerId, LogFollower::Source> sources_;
};

Task<int> show_logs(Session& session, ProjectOrName which, Options options) {
  Logs logs{session, which.project, std::move(options)};
  co_return co_await logs.run();
}

void check(const Options& options) {
  if (options.index > 0 && options.services.size() != 1)
    throw Error(Diagnostic::error("usage", "--index needs exactly one service"));
}

}  // namespace

void add_logs(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "logs",
      {.summary = "show what the services have written",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Shows the output of all containers of the services, in the order in which it was written.\n"
                      "With --follow what comes later, too, until no container runs any more; containers that are\n"
                      "restarted or made anew are followed.",
       .examples = "davit logs --tail 20 api\ndavit logs -f\ndavit logs --since 10m --timestamps",
       .exit_status = ""});
  command->add_flag("-f,--follow", options->follow, "go on with what is written from now on");
  command->add_option("--index", options->index, "number of the container, if the service has several")->type_name("N");
  command->add_flag("--no-color", options->no_color, "no colours");
  command->add_flag("--no-log-prefix", options->no_prefix, "no container names");
  command->add_option("--since", options->since, "lines since then: 2026-11-23T03:30:00Z, or 10m for ten minutes ago")
      ->type_name("TIME");
  command->add_option("--until", options->until, "lines until then")->type_name("TIME");
  command->add_option("-n,--tail", options->tail, "so many lines of each container, from the end; 'all'")
      ->type_name("N");
  command->add_flag("-t,--timestamps", options->timestamps, "show when each line was written");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    check(*options);
    ProjectOrName which = load_project_or_name(context);
    Session session(context, which.name, "davit logs");
    return session.run(show_logs(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
