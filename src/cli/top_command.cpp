#include <cstdio>
#include <ctime>
#include <tuple>

#include "commands.hpp"
#include "process_listing.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

Task<int> top(Session& session, ProjectOrName which, std::vector<std::string> services) {
  const engine::Observed observed = co_await session.engine().observe();
  require_services(services, which.project, observed);
  std::vector<ContainerProcesses> containers;
  for (const auto& container : observed.containers) {
    if (container.pid == 0 || !is_chosen(services, container.service)) continue;
    containers.push_back({container.service, container.number, processes_of(static_cast<pid_t>(container.pid))});
  }
  std::sort(containers.begin(), containers.end(),
            [](const auto& a, const auto& b) { return std::tie(a.service, a.number) < std::tie(b.service, b.number); });
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  const bool known = ::localtime_r(&now, &local) != nullptr;
  const std::string text = top_table(containers, std::chrono::sys_seconds(std::chrono::seconds(now)),
                                     std::chrono::seconds(known ? local.tm_gmtoff : 0));
  std::fwrite(text.data(), 1, text.size(), stdout);
  co_return 0;
}

}  // namespace

void add_top(Commands& commands) {
  auto services = std::make_shared<std::vector<std::string>>();
  CLI::App* command = commands.add(
      "top",
      {.summary = "list the processes of the containers",
       .synopsis = "[SERVICE...]",
       .description = "Lists the processes in the running containers of the services, with the numbers and users\n"
                      "that this machine knows them by.",
       .examples = "davit top\ndavit top db",
       .exit_status = "",
       .dry_run = DryRun::Harmless});
  command->add_option("SERVICE", *services, "services; none means all");
  commands.on(command, [services](Context& context) {
    ProjectOrName which = load_project_or_name(context, *services);
    Session session(context, which.name, "davit top");
    return session.run(top(session, std::move(which), *services));
  });
}

}  // namespace davit::cli
