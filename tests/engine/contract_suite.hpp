#pragma once
// What every backend of the engine must do. Include it in one source file of a test binary, and instantiate it:
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, EngineContract, ::testing::Values(EngineFactory(make_embedded)));

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/task_group.hpp"
#include "davit/engine/engine.hpp"

namespace davit::test {

/// What the program of a container does. A backend turns it into arguments, an image and a probe.
struct Behaviour {
  enum class Life { RunsOn, Ends, IgnoresTerm };
  enum class Probe { None, Succeeds, Fails };
  Life life = Life::RunsOn;
  int exit_code = 0;  ///< Ends: soon after its start
  Probe probe = Probe::None;
  engine::RestartPolicy restart{};
};

/// One engine with an empty project, and the loop it runs on.
class EngineUnderTest {
 public:
  virtual ~EngineUnderTest() = default;
  virtual engine::Engine& engine() = 0;
  /// A container of the project on no network (`network_mode: none`), service "s", not yet created.
  virtual engine::ContainerSpec spec(const std::string& name, const Behaviour& behaviour) = 0;
  /// Runs the loop until the task has ended, at most for a limit of the backend; rethrows its error.
  virtual void run(Task<void> task) = 0;
  /// A name that no other test run uses, for networks and volumes.
  virtual std::string unique(const std::string& name) = 0;
};

using EngineFactory = std::function<std::unique_ptr<EngineUnderTest>()>;

class EngineContract : public ::testing::TestWithParam<EngineFactory> {
 protected:
  std::unique_ptr<EngineUnderTest> tested_ = GetParam()();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContract);

namespace contract {

using engine::ContainerState;
using engine::Health;
using Life = Behaviour::Life;

inline bool is_about(const engine::Event& event, const ContainerId& id, const std::string& action) {
  return event.container == id.str() && event.action == action;
}

/// The first event of that kind after `since`.
inline Task<engine::Event> until(engine::Engine& engine, std::int64_t since, ContainerId id, std::string action) {
  for (;;) {
    const std::vector<engine::Event> events = co_await engine.next_events(since);
    if (events.empty()) throw Error("the engine shut down before '" + action + "'");
    for (const engine::Event& event : events) {
      since = event.id;
      if (is_about(event, id, action)) co_return event;
    }
  }
}

inline Task<std::optional<engine::ObservedContainer>> look(engine::Engine& engine, ContainerId id) {
  const engine::Observed observed = co_await engine.observe();
  for (const auto& container : observed.containers)
    if (container.id == id) co_return container;
  co_return std::nullopt;
}

/// True when the task throws davit::Error.
inline Task<bool> refused(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (const Error&) {
    co_return true;
  }
  co_return false;
}

inline Task<void> discard(Task<ContainerId> task) {
  (void)co_await std::move(task);
}

inline Task<ContainerId> running(EngineUnderTest& t, std::string name, Behaviour behaviour) {
  engine::ContainerSpec spec = t.spec(name, behaviour);
  const ContainerId id = co_await t.engine().create_container(std::move(spec), {});
  co_await t.engine().start_container(id);
  co_return id;
}

inline Task<void> clear(engine::Engine& engine) {
  const engine::Observed observed = co_await engine.observe();
  for (const auto& container : observed.containers) {
    engine::StopRequest at_once{std::chrono::nanoseconds{0}};
    co_await engine.stop_container(container.id, at_once);
    co_await engine.remove_container(container.id, engine::WithVolumes::Anonymous);
  }
  const engine::Observed rest = co_await engine.observe();
  for (const auto& network : rest.networks) co_await engine.remove_network(network.name);
  for (const auto& volume : rest.volumes) co_await engine.remove_volume(volume.name);
}

inline Task<void> life_of_a_container(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  engine::ContainerSpec spec = t.spec("c-life", {});
  spec.labels["some"] = "label";
  const engine::ContainerSpec asked = spec;
  const ContainerId id = co_await e.create_container(std::move(spec), {});
  EXPECT_EQ(id.str().size(), 64U);
  auto seen = co_await look(e, id);
  EXPECT_TRUE(seen.has_value());
  if (!seen) co_return;
  EXPECT_EQ(seen->state, ContainerState::Created);
  EXPECT_EQ(seen->name, "c-life");
  EXPECT_EQ(seen->service, asked.service);
  EXPECT_EQ(seen->number, asked.number);
  EXPECT_EQ(seen->image, asked.image);
  EXPECT_EQ(seen->labels.at("some"), "label");

  co_await e.start_container(id);
  seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
  EXPECT_EQ(seen->health, Health::None);
  co_await e.start_container(id);  // again: nothing to do

  co_await e.stop_container(id, {});
  seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Exited);
  co_await e.stop_container(id, {});  // again: no error

  co_await e.remove_container(id, engine::WithVolumes::No);
  seen = co_await look(e, id);
  EXPECT_FALSE(seen.has_value());
}

inline Task<void> events_in_order(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const ContainerId id = co_await running(t, "c-events", {});
  co_await e.stop_container(id, {});
  co_await e.remove_container(id, engine::WithVolumes::No);
  (void)co_await until(e, before, id, "destroy");
  const std::vector<engine::Event> events = co_await e.next_events(before);
  std::vector<std::string> actions;
  std::int64_t last = before;
  for (const engine::Event& event : events) {
    EXPECT_GT(event.id, last);
    last = event.id;
    if (event.container != id.str()) continue;
    EXPECT_EQ(event.type, "container");
    EXPECT_EQ(event.name, "c-events");
    for (const char* wanted : {"create", "start", "die", "destroy"})
      if (event.action == wanted) actions.push_back(event.action);
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"create", "start", "die", "destroy"}));
}

inline Task<void> exit_codes(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const ContainerId id = co_await running(t, "c-exit", {.life = Life::Ends, .exit_code = 3});
  const engine::Event event = co_await until(e, before, id, "die");
  EXPECT_EQ(event.attributes.at("exitCode"), "3");
  EXPECT_FALSE(event.attributes.contains("restarting"));
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Exited);
  EXPECT_EQ(seen->exit_code, 3);
}

inline Task<void> stopping_by_force(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId id = co_await running(t, "c-stubborn", {.life = Life::IgnoresTerm});
  engine::StopRequest soon{std::chrono::milliseconds{200}};
  co_await e.stop_container(id, soon);
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Exited);
  EXPECT_EQ(seen->exit_code, 137);
}

inline Task<void> killing(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const ContainerId id = co_await running(t, "c-kill", {});
  co_await e.kill_container(id, "SIGKILL");
  const engine::Event event = co_await until(e, before, id, "die");
  EXPECT_EQ(event.attributes.at("exitCode"), "137");
  const bool again = co_await refused(e.kill_container(id, "SIGKILL"));
  EXPECT_TRUE(again) << "killing a container that has ended is an error";
}

inline Task<void> names_are_unique(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  engine::ContainerSpec first = t.spec("c-name", {});
  const ContainerId id = co_await e.create_container(std::move(first), {});
  engine::ContainerSpec second = t.spec("c-name", {});
  const bool taken = co_await refused(discard(e.create_container(std::move(second), {})));
  EXPECT_TRUE(taken);
  co_await e.rename_container(id, "c-other-name");
  engine::ContainerSpec third = t.spec("c-name", {});
  const ContainerId next = co_await e.create_container(std::move(third), {});
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->name, "c-other-name");
  const bool occupied = co_await refused(e.rename_container(id, "c-name"));
  EXPECT_TRUE(occupied);
  EXPECT_NE(next, id);
}

inline Task<void> running_containers_are_not_removed(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId id = co_await running(t, "c-remove", {});
  const bool kept = co_await refused(e.remove_container(id, engine::WithVolumes::No));
  EXPECT_TRUE(kept);
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
}

inline Task<void> starting_again(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId id = co_await running(t, "c-again", {});
  co_await e.stop_container(id, {});
  const std::int64_t before = co_await e.newest_event();
  co_await e.start_container(id);
  (void)co_await until(e, before, id, "start");
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
}

inline Task<void> restarting(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId id = co_await running(t, "c-restart", {});
  const std::int64_t before = co_await e.newest_event();
  co_await e.restart_container(id, {});
  (void)co_await until(e, before, id, "die");
  (void)co_await until(e, before, id, "start");
  auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
  co_await e.stop_container(id, {});
  co_await e.restart_container(id, {});  // a stopped one is started
  seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
}

inline Task<void> restart_policy(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const engine::RestartPolicy twice{engine::RestartPolicy::Mode::OnFailure, 2};
  const ContainerId id = co_await running(t, "c-policy", {.life = Life::Ends, .exit_code = 1, .restart = twice});
  std::int64_t since = before;
  for (int i = 0; i < 2; ++i) {
    const engine::Event end = co_await until(e, since, id, "die");
    EXPECT_TRUE(end.attributes.contains("restarting")) << i;
    const engine::Event start = co_await until(e, end.id, id, "start");
    since = start.id;
  }
  const engine::Event last = co_await until(e, since, id, "die");
  EXPECT_FALSE(last.attributes.contains("restarting"));
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Exited);
  EXPECT_EQ(seen->restart_count, 2);
}

inline Task<void> a_stop_is_final(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const engine::RestartPolicy always{engine::RestartPolicy::Mode::Always, 0};
  const ContainerId id = co_await running(t, "c-always", {.restart = always});
  const std::int64_t before = co_await e.newest_event();
  co_await e.stop_container(id, {});
  const engine::Event end = co_await until(e, before, id, "die");
  EXPECT_FALSE(end.attributes.contains("restarting"));
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Exited);
}

inline Task<void> health(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const ContainerId good = co_await running(t, "c-good", {.probe = Behaviour::Probe::Succeeds});
  const ContainerId bad = co_await running(t, "c-bad", {.probe = Behaviour::Probe::Fails});
  (void)co_await until(e, before, good, "health_status: healthy");
  (void)co_await until(e, before, bad, "health_status: unhealthy");
  auto seen = co_await look(e, good);
  EXPECT_EQ(seen->health, Health::Healthy);
  seen = co_await look(e, bad);
  EXPECT_EQ(seen->health, Health::Unhealthy);
  EXPECT_FALSE(seen->probes.empty());
  if (seen->probes.empty()) co_return;
  EXPECT_NE(seen->probes.back().exit_code, 0);
}

inline Task<void> readiness(EngineUnderTest& t) {
  using Outcome = engine::Readiness::Outcome;
  engine::Engine& e = t.engine();
  const std::int64_t before = co_await e.newest_event();
  const ContainerId runs = co_await running(t, "c-ready", {});
  engine::Readiness seen = co_await e.await_ready(runs, {});
  EXPECT_EQ(seen.outcome, Outcome::Ready);
  EXPECT_TRUE(seen.silent_ports.empty());
  const ContainerId ended = co_await running(t, "c-short", {.life = Life::Ends, .exit_code = 3});
  (void)co_await until(e, before, ended, "die");
  seen = co_await e.await_ready(ended, {});
  EXPECT_EQ(seen.outcome, Outcome::Ended);
}

inline Task<void> pausing(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId id = co_await running(t, "c-pause", {});
  const bool not_paused = co_await refused(e.unpause_container(id));
  EXPECT_TRUE(not_paused);
  co_await e.pause_container(id);
  auto seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Paused);
  co_await e.unpause_container(id);
  seen = co_await look(e, id);
  EXPECT_EQ(seen->state, ContainerState::Running);
}

inline Task<void> networks(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  engine::NetworkSpec spec;
  spec.name = t.unique("net");
  spec.key = "net";
  spec.project = t.spec("c-unused", {}).project;
  spec.config_hash = "hash";
  spec.labels = {{"a", "b"}};
  const std::string name = spec.name;
  auto found = co_await e.find_network(name);
  EXPECT_FALSE(found.has_value());
  co_await e.create_network(spec);
  found = co_await e.find_network(name);
  EXPECT_TRUE(found.has_value());
  if (!found) co_return;
  EXPECT_EQ(found->config_hash, "hash");
  EXPECT_EQ(found->labels.at("a"), "b");

  engine::ContainerSpec attached = t.spec("c-net", {});
  attached.network_mode.clear();
  attached.attachments.push_back({.network = name, .aliases = {"alias"}});
  const ContainerId id = co_await e.create_container(std::move(attached), {});
  co_await e.start_container(id);
  const auto seen = co_await look(e, id);
  EXPECT_EQ(seen->networks.size(), 1U);
  const bool in_use = co_await refused(e.remove_network(name));
  EXPECT_TRUE(in_use) << "a network is not removed while a running container is attached";

  // A container that has ended does not hold its network: it joins the new one of that name at its next start.
  co_await e.stop_container(id, {});
  co_await e.remove_network(name);
  found = co_await e.find_network(name);
  EXPECT_FALSE(found.has_value());
  co_await e.create_network(spec);
  co_await e.start_container(id);
  const auto again = co_await look(e, id);
  EXPECT_EQ(again->state, ContainerState::Running);
}

inline Task<void> volumes(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  engine::VolumeSpec spec;
  spec.name = t.unique("vol");
  spec.key = "vol";
  spec.project = t.spec("c-unused", {}).project;
  spec.config_hash = "hash";
  const std::string name = spec.name;
  co_await e.create_volume(spec);
  auto found = co_await e.find_volume(name);
  EXPECT_TRUE(found.has_value());
  if (!found) co_return;
  EXPECT_EQ(found->config_hash, "hash");
  EXPECT_FALSE(found->anonymous);
  co_await e.remove_volume(name);
  found = co_await e.find_volume(name);
  EXPECT_FALSE(found.has_value());
}

inline std::string anonymous_volume(const std::optional<engine::ObservedContainer>& container) {
  for (const auto& mount : container->mounts)
    if (mount.target == "/anonymous") return mount.source;
  return "";
}

inline Task<void> anonymous_volumes(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  engine::ContainerSpec spec = t.spec("c-anon", {});
  spec.mounts.push_back({.kind = engine::Mount::Kind::Volume, .target = "/anonymous", .tmpfs_options = {}});
  engine::ContainerSpec successor = spec;
  successor.name = "c-anon-2";
  engine::ContainerSpec stranger = spec;
  stranger.name = "c-anon-3";
  const ContainerId old = co_await e.create_container(std::move(spec), {});
  engine::CreateOptions inherit{old};
  const ContainerId next = co_await e.create_container(std::move(successor), std::move(inherit));
  const ContainerId other = co_await e.create_container(std::move(stranger), {});
  const std::string of_old = anonymous_volume(co_await look(e, old));
  const std::string of_next = anonymous_volume(co_await look(e, next));
  const std::string of_other = anonymous_volume(co_await look(e, other));
  EXPECT_NE(of_old, "");
  EXPECT_EQ(of_next, of_old);
  EXPECT_NE(of_other, of_old);
  // The old one goes, its volume stays for its successor.
  co_await e.remove_container(old, engine::WithVolumes::No);
  auto found = co_await e.find_volume(of_next);
  EXPECT_TRUE(found.has_value());
  co_await e.remove_container(next, engine::WithVolumes::Anonymous);
  found = co_await e.find_volume(of_next);
  EXPECT_FALSE(found.has_value());
}

inline Task<void> unknown_containers(EngineUnderTest& t) {
  engine::Engine& e = t.engine();
  const ContainerId nobody(std::string(64, '0'));
  const bool start = co_await refused(e.start_container(nobody));
  const bool stop = co_await refused(e.stop_container(nobody, {}));
  EXPECT_TRUE(start && stop);
  co_await e.remove_container(nobody, engine::WithVolumes::No);  // gone, as asked for: it may be asked twice
}

/// Leaves the project empty even when expectations failed.
inline Task<void> and_clear(EngineUnderTest& t, Task<void> test) {
  std::exception_ptr failure;
  try {
    co_await std::move(test);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await clear(t.engine());
  const engine::Observed left = co_await t.engine().observe();
  EXPECT_EQ(left, engine::Observed{});
  if (failure) std::rethrow_exception(failure);
}

}  // namespace contract

// clang-format off
#define DAVIT_CONTRACT(name, coroutine) \
  TEST_P(EngineContract, name) { tested_->run(contract::and_clear(*tested_, contract::coroutine(*tested_))); }

DAVIT_CONTRACT(AContainerIsCreatedStartedStoppedAndRemoved, life_of_a_container)
DAVIT_CONTRACT(EventsTellTheLifeInOrder, events_in_order)
DAVIT_CONTRACT(TheExitCodeIsReported, exit_codes)
DAVIT_CONTRACT(WhatIgnoresTheStopSignalIsKilledAfterTheGrace, stopping_by_force)
DAVIT_CONTRACT(AKillEndsTheContainer, killing)
DAVIT_CONTRACT(NamesAreUnique, names_are_unique)
DAVIT_CONTRACT(ARunningContainerIsNotRemoved, running_containers_are_not_removed)
DAVIT_CONTRACT(AnEndedContainerStartsAgain, starting_again)
DAVIT_CONTRACT(RestartStopsAndStarts, restarting)
DAVIT_CONTRACT(TheRestartPolicyIsKept, restart_policy)
DAVIT_CONTRACT(AStopByTheUserIsFinal, a_stop_is_final)
DAVIT_CONTRACT(HealthIsProbed, health)
DAVIT_CONTRACT(WithoutAHealthCheckReadinessIsToldByTheEngine, readiness)
DAVIT_CONTRACT(PauseAndUnpause, pausing)
DAVIT_CONTRACT(NetworksComeAndGo, networks)
DAVIT_CONTRACT(VolumesComeAndGo, volumes)
DAVIT_CONTRACT(AnonymousVolumesAreInheritedOnRequest, anonymous_volumes)
DAVIT_CONTRACT(UnknownContainersAreErrors, unknown_containers)

#undef DAVIT_CONTRACT
// clang-format on

}  // namespace davit::test
