// Rules about health checks, and about who waits for them.

#include <algorithm>
#include <array>

#include "subject.hpp"

namespace davit::lint {
namespace {

using model::DependencyCondition;
using yaml::Entry;
using yaml::Node;

bool has_health_check(const model::Service& service) {
  return service.healthcheck && service.healthcheck->test && !service.healthcheck->test->empty() &&
         !service.healthcheck->disabled();
}

/// True for a dependency that is only named, in the list form: nobody has chosen its condition.
bool is_bare(const Entry& dependency) {
  const Node* condition = dependency.value.find("condition");
  // What links and shared namespaces imply has 'restart' set, and the same place for everything, too.
  return condition != nullptr && condition->span == dependency.key_span && !dependency.value.contains("restart");
}

void depends_on_without_health(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const Node* dependencies = service.tree.find("depends_on");
    if (dependencies == nullptr) continue;
    for (const Entry& dependency : dependencies->entries) {
      const ServiceView* target = subject.service(dependency.key);
      if (target == nullptr || !has_health_check(target->model) || !is_bare(dependency)) continue;
      findings
          .add(place_of(service),
               "service '" + service.name + "' does not wait until '" + dependency.key + "' is healthy",
               dependency.key_span)
          .note("its health check", target->model.where.of("healthcheck"))
          .with_hint("write '" + dependency.key +
                     ": {condition: service_healthy}', or 'service_started' if that is meant");
    }
  }
}

void health_never_comes(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services())
    for (const auto& [name, dependency] : service.model.depends_on) {
      const ServiceView* target = subject.service(name);
      if (dependency.condition != DependencyCondition::Healthy || target == nullptr) continue;
      if (!target->model.healthcheck || !target->model.healthcheck->disabled()) continue;
      findings
          .add(place_of(service),
               "service '" + service.name + "' waits until '" + name + "' is healthy, but its health check is disabled",
               dependency.where)
          .note("disabled here", target->model.where.of("healthcheck"))
          .with_hint("write a health check for '" + name + "', or wait for 'service_started'");
    }
}

bool is_shell(std::string_view program) {
  constexpr std::array<std::string_view, 9> kShells{"sh",      "bash",       "ash",  "dash", "zsh",
                                                    "busybox", "powershell", "pwsh", "cmd"};
  program = program.substr(program.find_last_of("/\\") + 1);
  if (program.ends_with(".exe")) program.remove_suffix(4);
  return std::find(kShells.begin(), kShells.end(), program) != kShells.end();
}

bool is_operator(std::string_view word) {
  constexpr std::array<std::string_view, 7> kOperators{"||", "&&", "|", ";", ">", ">>", "2>&1"};
  return std::find(kOperators.begin(), kOperators.end(), word) != kOperators.end();
}

bool has_shell_variable(std::string_view word) {
  for (std::size_t at = word.find('$'); at != std::string_view::npos; at = word.find('$', at + 1)) {
    const char next = at + 1 < word.size() ? word[at + 1] : ' ';
    if (next == '{' || next == '(' || next == '_' || (next >= 'A' && next <= 'Z')) return true;
  }
  return false;
}

struct ShellFault {
  std::string message;
  std::string hint;
  Span where;
};

constexpr std::string_view kUseShell = "write [CMD-SHELL, \"…\"] with the whole command as one string";

/// What is wrong with a test in the list form; nullopt when nothing is.
std::optional<ShellFault> shell_fault(const std::vector<Node>& test) {
  if (test.size() < 2) return std::nullopt;
  if (test[0].text == "CMD-SHELL") {
    if (test.size() == 2) return std::nullopt;
    return ShellFault{"the shell runs '" + test[1].text + "' alone, the words behind it are left out",
                      std::string(kUseShell), test[2].span};
  }
  if (test[0].text != "CMD" || is_shell(test[1].text)) return std::nullopt;
  if (test[1].text.find(' ') != std::string::npos && test[1].text.find_first_of("/\\") != 0)
    return ShellFault{"there is no program of the name '" + test[1].text + "'",
                      test.size() == 2 ? std::string(kUseShell) : "one word an item: [CMD, \"curl\", \"-f\", …]",
                      test[1].span};
  for (std::size_t i = 2; i < test.size(); ++i) {
    if (is_operator(test[i].text))
      return ShellFault{
          "'" + test[i].text + "' is passed to '" + test[1].text + "' as an argument, for no shell reads it",
          std::string(kUseShell), test[i].span};
    if (has_shell_variable(test[i].text))
      return ShellFault{"'" + test[i].text + "' is passed on as it is, for no shell replaces the variable",
                        std::string(kUseShell), test[i].span};
  }
  return std::nullopt;
}

void health_check_needs_shell(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const Node* check = service.tree.find("healthcheck");
    const Node* test = check == nullptr ? nullptr : check->find("test");
    if (test == nullptr) continue;
    if (const auto fault = shell_fault(test->items))
      findings
          .add(place_of(service), "the health check of service '" + service.name + "': " + fault->message, fault->where)
          .with_hint(fault->hint);
  }
}

void start_interval_without_period(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const auto& check = service.model.healthcheck;
    if (!check || !check->start_interval || check->start_interval->count() == 0) continue;
    if (check->start_period && check->start_period->count() > 0) continue;
    const Node* tree = service.tree.find("healthcheck");
    const Entry* entry = tree == nullptr ? nullptr : tree->find_entry("start_interval");
    findings
        .add(place_of(service),
             "'start_interval' of service '" + service.name + "' has no effect without 'start_period'",
             entry == nullptr ? check->where : entry->key_span)
        .with_hint("say how long the start may take, such as 'start_period: 30s'");
  }
}

constexpr std::array kRules{
    Definition{
        {.code = "depends-on-without-health",
         .severity = Severity::Warning,
         .title = "a dependency has a health check, and nobody waits for it",
         .why =
             R"(`depends_on: [db]` waits until the container of `db` has been started, not until the database answers. The dependent
service then fails on its first connection: on a slow machine, in CI, once in ten times. The health check that would
tell is there, and unused.

The long form with `condition: service_started` is taken as a decision, and is no finding.)",
         .example = R"(services:
  api:
    image: example/api:1.0
    depends_on: [db]
  db:
    image: postgres:16.4
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -U, postgres]}
volumes: {data: {}}
)",
         .better = R"(services:
  api:
    image: example/api:1.0
    depends_on:
      db: {condition: service_healthy}
  db:
    image: postgres:16.4
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -U, postgres]}
volumes: {data: {}}
)",
         .fix =
             R"(Wait for `service_healthy`. With davit that costs no time: a container is probed at once and its dependants start in the
moment it is healthy, whatever the interval is.)"},
        depends_on_without_health},
    Definition{
        {.code = "health-never-comes",
         .severity = Severity::Error,
         .title = "a service waits for the health of one whose health check is disabled",
         .why = R"(A container without a health check is never healthy. `up` stops with an error at this dependency.)",
         .example = R"(services:
  api:
    image: example/api:1.0
    depends_on:
      worker: {condition: service_healthy}
  worker:
    image: example/worker:1.0
    healthcheck: {disable: true}
)",
         .better = R"(services:
  api:
    image: example/api:1.0
    depends_on:
      worker: {condition: service_started}
  worker:
    image: example/worker:1.0
    healthcheck: {disable: true}
)",
         .fix = R"(Give the dependency a health check, or wait for its start only.)"},
        health_never_comes},
    Definition{
        {.code = "health-check-needs-shell",
         .severity = Severity::Error,
         .title = "a health check is written for a shell, and runs without one",
         .why =
             R"(`test: [CMD, …]` runs a program with exactly these arguments. There is no shell that would split words, replace `$NAME`,
or understand `||`, `&&` and pipes. So `[CMD, "curl -f http://localhost"]` looks for a program with blanks in its name,
and never becomes healthy; `[CMD, curl, -f, URL, "||", exit, "1"]` asks curl to fetch `||`, too.
The other way round, `[CMD-SHELL, curl, -f, URL]` gives the shell the one word `curl`.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    healthcheck:
      test: ["CMD", "curl -f http://localhost || exit 1"]
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
)",
         .fix =
             R"(Write one word an item after `CMD`, or one string after `CMD-SHELL`. `|| exit 1` is not needed: any exit code but 0
means unhealthy.)"},
        health_check_needs_shell},
    Definition{
        {.code = "start-interval-without-period",
         .severity = Severity::Warning,
         .title = "start_interval without start_period",
         .why =
             R"(`start_interval` is the pause between two probes during `start_period`. Without a start period there is no such time,
and the setting means nothing.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    healthcheck:
      test: [CMD, curl, -f, "http://localhost"]
      start_interval: 1s
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    healthcheck:
      test: [CMD, curl, -f, "http://localhost"]
      start_period: 30s
      start_interval: 1s
)",
         .fix = R"(Set `start_period` to the longest time that a start may take; failures during it do not count.)"},
        start_interval_without_period},
};

}  // namespace

Definitions health_rules() {
  return kRules;
}

}  // namespace davit::lint
