#include <cstdio>
#include <ctime>
#include <map>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "event_listing.hpp"
#include "log_times.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string since;
  std::string until;
  bool json = false;
};

std::chrono::seconds utc_offset(engine::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm local{};
  return std::chrono::seconds(::localtime_r(&seconds, &local) == nullptr ? 0 : local.tm_gmtoff);
}

/// The images of containers by id, for containers that are there or have been seen.
class ImageNames {
 public:
  void learn(const engine::Observed& observed) {
    for (const auto& container : observed.containers) names_[container.id.str()] = container.image_name;
  }
  [[nodiscard]] std::string of(const std::string& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? "" : found->second;
  }

 private:
  std::map<std::string, std::string> names_;
};

class Events {
 public:
  Events(Session& session, Options options)
      : session_(session),
        options_(std::move(options)),
        since_(parse_time("--since", options_.since)),
        until_(parse_time("--until", options_.until)) {
    if (since_ && until_ && *since_ > *until_)
      throw Error(Diagnostic::error("times-reversed",
                                    "--since " + options_.since + " is later than --until " + options_.until));
  }

  Task<void> run() {
    // The past is asked for by a time; without one it begins now.
    std::int64_t seen = since_ || until_ ? 0 : co_await session_.engine().newest_event();
    for (;;) {
      const std::optional<std::vector<engine::Event>> events = co_await next(seen);
      if (!events || events->empty()) co_return;
      const engine::Observed observed = co_await session_.engine().observe();
      names_.learn(observed);
      for (const auto& event : *events)
        if (!print(event)) co_return;
      seen = events->back().id;
    }
  }

 private:
  /// None when the time of --until has passed, and what was there before has been read.
  Task<std::optional<std::vector<engine::Event>>> next(std::int64_t seen) {
    Task<std::vector<engine::Event>> events = session_.engine().next_events(seen);
    if (until_) {
      const auto left = *until_ - std::chrono::system_clock::now();
      if (left.count() > 0) {
        const auto limit = std::chrono::duration_cast<Timers::Clock::duration>(left);
        co_return co_await with_timeout(session_.timers(), limit, std::move(events));
      }
      const std::int64_t newest = co_await session_.engine().newest_event();
      if (newest <= seen) co_return std::nullopt;
    }
    co_return co_await std::move(events);
  }

  /// False behind the end of what is asked for.
  bool print(const engine::Event& event) {
    if (until_ && event.time > *until_) return false;
    if (event.type != "container" || !is_chosen(options_.services, event.service)) return true;
    if (since_ && event.time < *since_) return true;
    const std::string image = names_.of(event.container);
    const std::string line =
        options_.json ? event_json(event, image) : event_line(event, image, utc_offset(event.time));
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    return true;
  }

  Session& session_;
  Options options_;
  std::optional<logs::WallTime> since_;
  std::optional<logs::WallTime> until_;
  ImageNames names_;
};

Task<int> events(Session& session, ProjectOrName which, Options options) {
  const std::vector<std::string> services = options.services;
  Events stream(session, std::move(options));
  const engine::Observed observed = co_await session.engine().observe();
  require_services(services, which.project, observed);
  // Somebody has to be there who tells: a supervisor is kept for as long as this listens.
  co_await session.engine().ensure_running();
  session.engine().stay();
  co_await stream.run();
  co_return 0;
}

}  // namespace

void add_events(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "events",
      {.summary = "show what happens to the containers",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Prints a line for each event of the project's containers as it happens: create, start,\n"
                      "health_status, die, stop, destroy and others. With --since it begins in the past.",
       .examples = "davit events\ndavit events --json web\ndavit events --since 10m --until 0s",
       .exit_status = "0 when --until has passed; 130 after Ctrl-C; 1 on any error.",
       .dry_run = DryRun::Harmless});
  command->add_flag("--json", options->json, "an object a line");
  command->add_option("--since", options->since, "events since then: 2026-11-23T03:30:00Z, or 10m for ten minutes ago")
      ->type_name("TIME");
  command->add_option("--until", options->until, "events until then; ends after it")->type_name("TIME");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context, options->services);
    Session session(context, which.name, "davit events");
    return session.run(events(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
