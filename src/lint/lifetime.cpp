// Rules about how long containers live: restarts, jobs, names.

#include <algorithm>
#include <array>

#include "known_images.hpp"
#include "subject.hpp"

namespace davit::lint {
namespace {

using model::DependencyCondition;
using model::RestartMode;

bool is_started_again_always(const model::Service& service) {
  return service.restart.mode == RestartMode::Always || service.restart.mode == RestartMode::UnlessStopped;
}

void completion_never_comes(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    for (const auto& [name, dependency] : service.model.depends_on) {
      const ServiceView* target = subject.service(name);
      if (dependency.condition != DependencyCondition::CompletedSuccessfully || target == nullptr) continue;
      if (!is_started_again_always(target->model)) continue;
      findings
          .add(place_of(service),
               "service '" + service.name + "' waits for the end of '" + name + "', which is always started again",
               dependency.where)
          .note("its restart policy", target->model.where.of("restart"))
          .with_hint("write 'restart: on-failure' for '" + name + "', or leave it out");
    }
}

/// True when the file shows that the service is no job.
bool serves(const model::Service& service) {
  const bool checked = service.healthcheck && !service.healthcheck->disabled();
  return checked || !service.ports.empty() || database_image(service.image) != nullptr;
}

bool says_nothing_of_restarts(const model::Service& service) {
  return !service.where.attributes.contains("restart") && !(service.deploy && service.deploy->restart_policy);
}

void restart_mismatch(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    if (!is_started_again_always(service.model)) continue;
    for (const auto& [name, dependency] : service.model.depends_on) {
      const ServiceView* target = subject.service(name);
      if (target == nullptr || dependency.condition == DependencyCondition::CompletedSuccessfully) continue;
      if (!says_nothing_of_restarts(target->model) || !serves(target->model)) continue;
      findings
          .add(place_of(*target),
               "service '" + name + "' stays down when it ends, but '" + service.name +
                   "', which needs it, is always started again",
               target->model.where.name)
          .note("needed here", dependency.where)
          .with_hint("give '" + name + "' the same 'restart', or write 'restart: \"no\"' if that is meant");
      break;
    }
  }
}

void unknown_restart(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const auto& mistake = service.model.restart.mistake;
    if (mistake)
      findings.add(place_of(service),
                   "the restart policy of service '" + service.name + "' " + mistake->message + "; 'up' will refuse it",
                   mistake->where);
  }
}

void fixed_container_name(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    if (!service.model.container_name.empty())
      findings
          .add(place_of(service),
               "the container of service '" + service.name + "' has the fixed name '" + service.model.container_name +
                   "', so there can be only one on the machine",
               service.model.where.of("container_name"))
          .with_hint("leave 'container_name' out; other services reach it as '" + service.name + "'");
}

void legacy_links(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    if (!service.model.links.empty())
      findings
          .add(place_of(service), "service '" + service.name + "' uses 'links', which services do not need",
               service.tree.find_entry("links")->key_span)
          .with_hint(
              "services of a network know each other by name; write 'depends_on' for the order, and 'aliases' "
              "of a network for other names");
}

constexpr std::array kRules{
    Definition{
        {.code = "completion-never-comes",
         .severity = Severity::Error,
         .title = "a service waits for the end of one that is always started again",
         .why =
             R"(`service_completed_successfully` waits until the container has ended. With `restart: always` or `unless-stopped` it is
started again at once, so that the end never comes, and `up` never goes on.)",
         .example = R"(services:
  api:
    image: example/api:1.0
    depends_on:
      migrate: {condition: service_completed_successfully}
  migrate:
    image: example/api:1.0
    command: [migrate]
    restart: always
)",
         .better = R"(services:
  api:
    image: example/api:1.0
    depends_on:
      migrate: {condition: service_completed_successfully}
  migrate:
    image: example/api:1.0
    command: [migrate]
    restart: on-failure
)",
         .fix = R"(A job has no restart policy, or `on-failure`.)"},
        completion_never_comes},
    Definition{
        {.code = "restart-mismatch",
         .severity = Severity::Note,
         .title = "a service is always started again, but not what it needs",
         .why =
             R"(After a crash, or when the machine has been started anew, the service with `restart: always` comes back, and the database
that it needs does not. The rule looks only at dependencies that clearly serve (they have a health check, a published
port, or are a known database) and say nothing about restarts.)",
         .example = R"(services:
  api:
    image: example/api:1.0
    restart: unless-stopped
    depends_on:
      search: {condition: service_started}
  search:
    image: example/search:1.0
    ports: ["127.0.0.1:7700:7700"]
)",
         .better = R"(services:
  api:
    image: example/api:1.0
    restart: unless-stopped
    depends_on:
      search: {condition: service_started}
  search:
    image: example/search:1.0
    restart: unless-stopped
    ports: ["127.0.0.1:7700:7700"]
)",
         .fix = R"(Give both the same policy, or write `restart: "no"` where staying down is meant.)"},
        restart_mismatch},
    Definition{
        {.code = "restart-unknown",
         .severity = Severity::Error,
         .title = "a restart policy that does not exist",
         .why =
             R"(`config` takes every word, davit's as well as docker compose's, and the mistake shows when the container is made, on
the machine where it is to run.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    restart: on-crash
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    restart: on-failure
)",
         .fix =
             R"(Write `no`, `always`, `on-failure`, `on-failure:5` or `unless-stopped`; below `deploy.restart_policy`, the `condition`
is `none`, `on-failure` or `any`.)"},
        unknown_restart},
    Definition{
        {.code = "fixed-container-name",
         .severity = Severity::Note,
         .title = "a container has a fixed name",
         .why =
             R"(Names are unique on a machine. With `container_name` a second copy of the project (`-p other`, another checkout, a CI
job beside it) cannot start, and the service cannot be scaled. Services do not need it: they find each other by the
name of the service.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    container_name: web
)",
         .better = R"(services:
  web:
    image: nginx:1.27
)",
         .fix = R"(Leave it out. Silence the rule where scripts outside rely on the name.)"},
        fixed_container_name},
    Definition{
        {.code = "legacy-links",
         .severity = Severity::Note,
         .title = "links are not needed",
         .why =
             R"(Links are from a time before networks. Services of a common network know each other by name without them; what is left
is an order of starting that `depends_on` says more clearly, and with a condition.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    links: ["api:backend"]
  api:
    image: example/api:1.0
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    depends_on: [api]
  api:
    image: example/api:1.0
    networks:
      default: {aliases: [backend]}
)",
         .fix = R"(Remove `links`. Keep the order with `depends_on`, and other names with `aliases`.)"},
        legacy_links},
};

}  // namespace

Definitions lifetime_rules() {
  return kRules;
}

}  // namespace davit::lint
