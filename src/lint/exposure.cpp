// Rules about doors that stand open: databases for the whole network, and containers that are as good as the host.

#include <algorithm>
#include <array>

#include "known_images.hpp"
#include "subject.hpp"

namespace davit::lint {
namespace {

const Database* database_behind(const ServiceView& service, const model::Port& port) {
  if (const Database* database = database_image(service.model.image)) {
    const auto& ports = database->ports;
    return std::find(ports.begin(), ports.end(), port.target) == ports.end() ? nullptr : database;
  }
  return database_port(port.target);
}

void database_port_exposed(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    for (const model::Port& port : service.model.ports) {
      const bool all = port.host_ip.empty() || port.host_ip == "0.0.0.0" || port.host_ip == "::";
      const Database* database = database_behind(service, port);
      if (!all || database == nullptr) continue;
      const std::string target = std::to_string(port.target);
      const std::string published = port.published ? std::to_string(port.published->first) : "";
      findings
          .add(place_of(service),
               std::string(database->title) + " of service '" + service.name +
                   "' is published on all interfaces of the machine",
               port.where)
          .with_hint("write '127.0.0.1:" + published + ":" + target +
                     "', or leave the port out: services reach it as '" + service.name + ":" + target + "'");
    }
}

void privileged(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    if (service.model.privileged)
      findings
          .add(place_of(service), "service '" + service.name + "' runs with all rights of the host",
               service.model.where.of("privileged"))
          .with_hint("give it only what it needs: 'cap_add', 'devices', 'security_opt'");
    const yaml::Node* added = service.tree.find("cap_add");
    if (added == nullptr || service.model.privileged) continue;
    for (const yaml::Node& item : added->items)
      if (item.text == "ALL" || item.text == "all" || item.text == "CAP_ALL")
        findings.add(place_of(service), "service '" + service.name + "' has every capability of the kernel", item.span)
            .with_hint("name the capabilities that it needs");
  }
}

/// The socket's name when a mount gives the container the engine of the host.
std::string_view engine_socket(const model::Mount& mount) {
  constexpr std::array<std::string_view, 5> kSockets{"docker.sock", "podman.sock", "containerd.sock", "crio.sock",
                                                     "buildkitd.sock"};
  if (mount.type != model::MountType::Bind) return {};
  const std::string_view name = std::string_view(mount.source).substr(mount.source.rfind('/') + 1);
  const auto found = std::find(kSockets.begin(), kSockets.end(), name);
  return found == kSockets.end() ? std::string_view() : *found;
}

void engine_socket_mounted(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    for (const model::Mount& mount : service.model.volumes)
      if (const std::string_view name = engine_socket(mount); !name.empty())
        findings
            .add(place_of(service),
                 "service '" + service.name + "' holds the socket '" + std::string(name) +
                     "', and with it root on the host",
                 mount.where)
            .with_hint("put a proxy in between that lets only the needed requests pass; read-only does not help");
}

constexpr std::array kRules{
    Definition{
        {.code = "database-port-exposed",
         .severity = Severity::Warning,
         .title = "a database is published on all interfaces",
         .why =
             R"(`5432:5432` binds the port on every address of the machine, also those that face the internet or the café's
network. Published ports are forwarded in front of the host's firewall: rules of ufw or firewalld usually do not stop
them. Databases are searched for and attacked by machines within minutes, and many images start with a known password
or with none.

The rule knows databases by the name of the image and its port; for images that are built, by ports that are a
database's by long use (5432, 3306, 27017, 6379, 11211, 1433, 1521).)",
         .example = R"(services:
  db:
    image: postgres:16.4
    ports: ["5432:5432"]
)",
         .better = R"(services:
  db:
    image: postgres:16.4
    ports: ["127.0.0.1:5432:5432"]
)",
         .fix =
             R"(Services of the project reach each other by name without any published port. To reach the database from this
machine only, bind it to 127.0.0.1. Silence the rule when the port is meant for others and the database is ready for
them.)"},
        database_port_exposed},
    Definition{
        {.code = "privileged",
         .severity = Severity::Warning,
         .title = "a container runs with all rights of the host",
         .why =
             R"(A privileged container sees every device of the host, may mount its disks and load modules into its kernel. Whoever
takes over the program in it has the machine. `cap_add: [ALL]` is nearly the same.)",
         .example = R"(services:
  vpn:
    image: wireguard:1.0.20210914
    privileged: true
)",
         .better = R"(services:
  vpn:
    image: wireguard:1.0.20210914
    cap_add: [NET_ADMIN]
    devices: [/dev/net/tun]
)",
         .fix =
             R"(Find out which right is missing without it, and grant that one. Silence the rule where nothing less works, such as an
engine inside a container, and say why.)"},
        privileged},
    Definition{
        {.code = "engine-socket",
         .severity = Severity::Warning,
         .title = "a container holds the socket of the container engine",
         .why =
             R"(Whoever can write to the socket of Docker, Podman or containerd can start a privileged container with the host's disk
in it: the socket is root on the host. Mounting it read-only changes nothing, for requests are still sent through it.)",
         .example = R"(services:
  proxy:
    image: traefik:v3.1.2
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
)",
         .better = R"(services:
  proxy:
    image: traefik:v3.1.2
    environment: {DOCKER_HOST: "tcp://socket-proxy:2375"}
  socket-proxy:
    image: tecnativa/docker-socket-proxy:v0.4.1
    environment: {CONTAINERS: 1}
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
    x-davit-lint: {engine-socket: this proxy lets only reads pass}
)",
         .fix =
             R"(Let one small proxy hold the socket and pass only the requests that are needed. Silence the rule at the service that
really must have it.)"},
        engine_socket_mounted},
};

}  // namespace

Definitions exposure_rules() {
  return kRules;
}

}  // namespace davit::lint
