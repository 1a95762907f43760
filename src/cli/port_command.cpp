#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "container_listing.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"
#include "service_choice.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::string service;
  int port = 0;
  int index = 0;
  std::string protocol = "tcp";
};

Task<int> port(Session& session, ProjectOrName which, Options options) {
  const engine::Observed observed = co_await session.engine().observe();
  require_services({options.service}, which.project, observed);
  const engine::ObservedContainer& container = choose_running(observed, options.service, options.index);
  for (const auto& published : container.ports) {
    if (published.container_port != options.port || published.protocol != options.protocol || published.host_port == 0)
      continue;
    const bool v6 = published.host_ip.find(':') != std::string::npos;
    std::printf(v6 ? "[%s]:%d\n" : "%s:%d\n", published.host_ip.c_str(), static_cast<int>(published.host_port));
    co_return 0;
  }
  Diagnostic diagnostic =
      Diagnostic::error("no-port", "no port " + std::to_string(options.port) + "/" + options.protocol +
                                       " is published for container '" + container.name + "'");
  const std::string ports = ports_text(container.ports);
  diagnostic.note(ports.empty() ? "it publishes no port" : "published are: " + ports);
  throw Error(std::move(diagnostic));
}

}  // namespace

void add_port(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "port", {.summary = "show where a port of a service is published",
               .synopsis = "[OPTIONS] SERVICE PORT",
               .description = "Prints address and port of this machine at which the container's port is reached.",
               .examples = "davit port web 80\ndavit port --protocol udp dns 53",
               .exit_status = "",
               .dry_run = DryRun::Harmless});
  whole_number(command->add_option("--index", options->index, "number of the container, if the service has several")
                   ->type_name("N"),
               {}, "2");
  one_of(command->add_option("--protocol", options->protocol, "tcp or udp")->type_name("PROTOCOL"), {"tcp", "udp"});
  command->add_option("SERVICE", options->service, "service")->required();
  whole_number(command->add_option("PORT", options->port, "port in the container")->required(), {1, 65535}, "80");
  commands.on(command, [options](Context& context) {
    ProjectOrName which = load_project_or_name(context);
    Session session(context, which.name, "davit port");
    return session.run(port(session, std::move(which), *options));
  });
}

}  // namespace davit::cli
