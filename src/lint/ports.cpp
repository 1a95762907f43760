// Rules about published ports.

#include <array>
#include <map>
#include <utility>

#include "subject.hpp"

namespace davit::lint {
namespace {

struct Published {
  const ServiceView* service;
  const model::Port* port;
};

std::string text_of(const model::Port& port) {
  return std::to_string(port.published->first) + "/" + port.protocol;
}

void report_replicas(const ServiceView& service, const model::Port& port, Findings& findings) {
  findings
      .add(place_of(service),
           "the " + std::to_string(service.model.replicas()) + " containers of service '" + service.name +
               "' all ask for the host port " + text_of(port),
           port.where)
      .with_hint("publish a range, such as '8000-8009:" + std::to_string(port.target) + "', or no fixed port");
}

void port_conflict(const Subject& subject, Findings& findings) {
  std::map<std::pair<std::uint16_t, std::string>, std::vector<Published>> seen_at;  // host port and protocol
  for (const ServiceView& service : subject.services()) {
    // Services of different profiles may be each other's replacement.
    if (!service.enabled || service.model.network_mode == "host") continue;
    for (const model::Port& port : service.model.ports) {
      if (!model::is_fixed(port)) continue;
      if (service.model.replicas() > 1) report_replicas(service, port, findings);
      std::vector<Published>& seen = seen_at[{port.published->first, port.protocol}];
      for (const Published& other : seen) {
        if (!model::clash(*other.port, port) || other.port->where == port.where) continue;
        findings
            .add(place_of(service),
                 other.service == &service
                     ? "service '" + service.name + "' publishes the host port " + text_of(port) + " twice"
                     : "services '" + other.service->name + "' and '" + service.name + "' both publish the host port " +
                           text_of(port),
                 port.where)
            .note("first here", other.port->where)
            .with_hint("choose another host port, or put the services into different profiles");
        break;
      }
      seen.push_back({&service, &port});
    }
  }
}

void ports_with_host_network(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    if (service.model.network_mode != "host" || service.model.ports.empty()) continue;
    findings
        .add(place_of(service), "the ports of service '" + service.name + "' mean nothing on the host's network",
             service.model.ports.front().where)
        .note("'network_mode: host'", service.model.where.of("network_mode"))
        .with_hint("leave 'ports' out: what the program listens on is open on the host already");
  }
}

constexpr std::array kRules{
    Definition{
        {.code = "port-conflict",
         .severity = Severity::Error,
         .title = "two containers publish the same host port",
         .why =
             R"(A port of the host can be held by one container only, so `up` fails at the second. The same happens with several
replicas of a service that publishes one fixed port.

Only services that the active profiles enable are compared, and only ports that are published at the same or at every
address.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
  admin:
    image: example/admin:1.0
    ports: ["8080:3000"]
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
  admin:
    image: example/admin:1.0
    ports: ["8081:3000"]
)",
         .fix =
             R"(Choose another host port, let davit choose a free one (`ports: ["3000"]`), or, for replicas, publish a range.)"},
        port_conflict},
    Definition{
        {.code = "ports-with-host-network",
         .severity = Severity::Warning,
         .title = "ports of a service on the host's network",
         .why =
             R"(With `network_mode: host` there is nothing between the container and the host: what the program listens on is open on
every address of the host, and `ports` is ignored. Whoever reads `127.0.0.1:9000:80` in the file is misled.)",
         .example = R"(services:
  agent:
    image: example/agent:1.0
    network_mode: host
    ports: ["127.0.0.1:9000:80"]
)",
         .better = R"(services:
  agent:
    image: example/agent:1.0
    network_mode: host
)",
         .fix = R"(Leave `ports` out, or `network_mode: host`.)"},
        ports_with_host_network},
};

}  // namespace

Definitions port_rules() {
  return kRules;
}

}  // namespace davit::lint
