// `davit stats`: what the containers use of the machine.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "container_usage.hpp"
#include "davit/base/files.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

using namespace std::chrono_literals;

struct Options {
  std::string service;
  std::string format = "table";
  bool all = false;
  bool once = false;
  bool no_trunc = false;
};

/// /proc files are empty to stat, so their size tells nothing.
std::optional<std::string> read_file(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return std::nullopt;
  std::string text;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, file.get())) > 0;) text.append(block, got);
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return text;
}

std::int64_t machine_memory() {
  return static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
}

struct Look {
  std::map<std::string, Usage> usage;  ///< by id
  Timers::Clock::time_point when;
};

std::vector<engine::ObservedContainer> chosen(const engine::Observed& observed, const Options& options) {
  std::vector<engine::ObservedContainer> out;
  for (const auto& container : observed.containers)
    if ((options.service.empty() || container.service == options.service) && (options.all || container.pid != 0))
      out.push_back(container);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

Look look_at(const std::vector<engine::ObservedContainer>& containers, Timers& timers) {
  Look look{{}, timers.now()};
  for (const auto& container : containers)
    if (const auto usage = read_usage(container.pid, machine_memory(), read_file))
      look.usage[container.id.str()] = *usage;
  return look;
}

std::string shown(const std::vector<engine::ObservedContainer>& containers, const Look& before, const Look& now,
                  const Options& options) {
  std::vector<UsageLine> lines;
  for (const auto& container : containers) {
    const std::string id = container.id.str();
    UsageLine line{id, container.name, {}, {}, now.when - before.when};
    if (const auto found = now.usage.find(id); found != now.usage.end())
      line.now = found->second;
    else if (!options.all)
      continue;  // ended meanwhile
    if (const auto found = before.usage.find(id); found != before.usage.end()) line.before = found->second;
    lines.push_back(std::move(line));
  }
  const std::size_t id_length = options.no_trunc ? std::string::npos : 12;
  if (options.format == "table" || options.format.empty()) return usage_text(lines, UsageFormat::Table, id_length);
  if (options.format == "json") return usage_text(lines, UsageFormat::Json, id_length);
  return usage_template(lines, id_length, options.format);
}

Task<int> stats(Session& session, ProjectOrName which, Options options) {
  engine::Observed observed = co_await session.engine().observe();
  if (!options.service.empty()) require_services({options.service}, which.project, observed);
  Look before = look_at(chosen(observed, options), session.timers());
  for (;;) {
    session.engine().disconnect();
    // A share of the processor's time needs two looks.
    co_await session.timers().sleep_for(1s);
    observed = co_await session.engine().observe();
    const auto containers = chosen(observed, options);
    Look now = look_at(containers, session.timers());
    const std::string text = shown(containers, before, now, options);
    if (!options.once && session.context().stdout_is_terminal) std::fputs("\x1b[H\x1b[2J", stdout);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    if (options.once) co_return 0;
    before = std::move(now);
  }
}

}  // namespace

void add_stats(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "stats",
      {.summary = "show what the containers use",
       .synopsis = "[OPTIONS] [SERVICE]",
       .description = "Shows processor time, memory, network and disk traffic and the number of processes of running\n"
                      "containers, anew every second, until it is interrupted.",
       .examples = "davit stats\ndavit stats --no-stream --format json web",
       .exit_status = "",
       .dry_run = DryRun::Harmless});
  command->add_flag("-a,--all", options->all, "stopped containers, too");
  command
      ->add_option("--format", options->format,
                   "table, json (an object a line), or a template: '{{.Name}} {{.CPUPerc}}'")
      ->type_name("FORMAT");
  command->add_flag("--no-stream", options->once, "show it once");
  command->add_flag("--no-trunc", options->no_trunc, "cut nothing off");
  command->add_option("SERVICE", options->service, "service; none means all");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context);
    Session session(context, which.name, "davit stats");
    return session.run(stats(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
