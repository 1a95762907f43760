#pragma once
// An engine that only remembers. Containers behave as scripted by data, in the time of a ManualTimers.

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/async/event.hpp"
#include "davit/async/task_group.hpp"
#include "davit/async/timers.hpp"
#include "davit/engine/engine.hpp"
#include "davit/schedule/restart_policy.hpp"

namespace davit::test {

/// What a program run in a container does.
struct FakeProgram {
  int exit_code = 0;
  std::string out;
  std::string err;
  std::string start_error;
  std::chrono::nanoseconds takes{0};
  bool ends_the_container = false;
};

/// What the containers of a service do.
struct Script {
  using Duration = std::chrono::nanoseconds;
  std::optional<Duration> run_for;  ///< ends by itself after this; none: runs on
  int exit_code = 0;
  std::optional<Duration> healthy_after;  ///< of each start
  std::optional<Duration> unhealthy_after;
  std::optional<Duration> ready_after;      ///< of each start: await_ready() says so; none: at once
  std::vector<std::uint16_t> silent_ports;  ///< then it says that nothing listens there
  std::string probe_output;
  std::string create_error;
  std::string start_error;
  Duration start_takes{0};
  std::map<std::string, FakeProgram> programs;  ///< by the first word of the command
  bool ignores_sigterm = false;                 ///< ends only after the grace period, by SIGKILL
};

class FakeEngine final : public engine::Engine {
 public:
  FakeEngine(asio::io_context& context, Timers& timers, std::string project)
      : timers_(timers),
        project_(std::move(project)),
        changed_(context.get_executor()),
        life_(context.get_executor()) {}

  std::map<std::string, Script> scripts;               ///< by service
  std::vector<std::string> calls;                      ///< "create p-web-1", in the order of their begin
  std::map<std::string, engine::ContainerSpec> specs;  ///< by the name at creation

  /// Puts a container of an earlier time there, without a call or an event.
  void place(engine::ObservedContainer container, engine::ContainerSpec spec = {}) {
    const ContainerId id = container.id;
    containers_[id] = {std::move(container), std::move(spec)};
  }
  void place(engine::ObservedNetwork network) { networks_[network.name] = std::move(network); }

  engine::Observed state() const {
    engine::Observed out;
    for (const auto& [id, c] : containers_) out.containers.push_back(c.seen);
    std::sort(out.containers.begin(), out.containers.end(), [](const auto& a, const auto& b) {
      return a.service != b.service ? a.service < b.service : a.number < b.number;
    });
    for (const auto& [name, n] : networks_) out.networks.push_back(n);
    for (const auto& [name, v] : volumes_) out.volumes.push_back(v);
    return out;
  }

  const engine::ObservedContainer* find(const std::string& name) const {
    for (const auto& [id, c] : containers_)
      if (c.seen.name == name) return &c.seen;
    return nullptr;
  }

  /// The process of a container ends now, as if by itself.
  void end(const std::string& name, int exit_code) {
    for (auto& [id, c] : containers_)
      if (c.seen.name == name) ended(c, exit_code);
  }

  void set_health(const std::string& name, engine::Health health) {
    for (auto& [id, c] : containers_)
      if (c.seen.name == name) probed(c, health);
  }

  /// The supervisor is gone: whoever follows events hears so.
  void shut_down() {
    down_ = true;
    changed_.notify();
  }

  Task<engine::Observed> observe() override { co_return state(); }

  Task<std::optional<engine::ObservedNetwork>> find_network(std::string name) override {
    const auto found = networks_.find(name);
    co_return found == networks_.end() ? std::nullopt : std::optional(found->second);
  }

  Task<std::optional<engine::ObservedVolume>> find_volume(std::string name) override {
    const auto found = volumes_.find(name);
    co_return found == volumes_.end() ? std::nullopt : std::optional(found->second);
  }

  Task<void> create_network(engine::NetworkSpec spec) override {
    calls.push_back("create network " + spec.name);
    networks_[spec.name] = {spec.name, spec.key, spec.project, spec.config_hash, spec.labels};
    co_return;
  }

  Task<void> remove_network(std::string name) override {
    calls.push_back("remove network " + name);
    for (const auto& [id, c] : containers_)
      for (const auto& attachment : c.spec.attachments)
        if (attachment.network == name && is_up(c.seen))
          throw Error("cannot remove network '" + name + "': container '" + c.seen.name + "' is attached");
    networks_.erase(name);
    co_return;
  }

  Task<void> create_volume(engine::VolumeSpec spec) override {
    calls.push_back("create volume " + spec.name);
    volumes_[spec.name] = {spec.name, spec.key, spec.project, spec.config_hash, false, spec.labels};
    co_return;
  }

  Task<void> remove_volume(std::string name) override {
    calls.push_back("remove volume " + name);
    volumes_.erase(name);
    co_return;
  }

  Task<ContainerId> create_container(engine::ContainerSpec spec, engine::CreateOptions options) override {
    calls.push_back("create " + spec.name);
    created_with[spec.name] = options;
    if (const auto& error = script(spec.service).create_error; !error.empty()) throw Error(error);
    if (const auto* holder = find(spec.name))
      throw Error("the container name '" + spec.name + "' is already in use by container '" + holder->id.str() + "'");
    Container c;
    c.spec = spec;
    c.policy = schedule::RestartPolicy(spec.restart);
    c.seen.id = next_id();
    c.seen.name = spec.name;
    c.seen.project = spec.project;
    c.seen.service = spec.service;
    c.seen.number = spec.number;
    c.seen.one_off = spec.one_off;
    c.seen.image = spec.image;
    c.seen.image_name = spec.image_name;
    c.seen.labels = spec.labels;
    c.seen.command = spec.args;
    c.seen.created = wall_now();
    for (const auto& a : spec.attachments) c.seen.networks.push_back({.network = a.network, .aliases = a.aliases});
    add_mounts(c, options);
    const ContainerId id = c.seen.id;
    specs[spec.name] = std::move(spec);
    publish(containers_.emplace(id, std::move(c)).first->second, "create");
    co_return id;
  }

  Task<void> start_container(ContainerId id) override {
    Container& c = at(id);
    calls.push_back("start " + c.seen.name);
    if (is_up(c.seen)) co_return;
    const Script& how = script(c.seen.service);
    if (how.start_takes.count() > 0) co_await timers_.sleep_for(how.start_takes);
    for (const auto& attachment : c.spec.attachments)
      if (!networks_.contains(attachment.network)) throw Error("network '" + attachment.network + "' does not exist");
    if (!how.start_error.empty()) {
      c.seen.error = how.start_error;
      throw Error(how.start_error);
    }
    c.policy.started_by_user();
    c.stopped_by_user = false;
    begin_run(c);
  }

  Task<void> stop_container(ContainerId id, engine::StopRequest request) override {
    calls.push_back("stop " + at(id).seen.name);
    co_await bring_down(id, request);
  }

  Task<void> kill_container(ContainerId id, std::string signal) override {
    Container& c = at(id);
    calls.push_back("kill " + c.seen.name + " " + signal);
    if (!is_up(c.seen)) throw Error("container '" + c.seen.name + "' is not running");
    if (signal == "SIGTERM" && script(c.seen.service).ignores_sigterm) co_return;
    c.stopped_by_user = true;
    ended(c, signal == "SIGTERM" ? 143 : 137);
  }

  Task<void> restart_container(ContainerId id, engine::StopRequest request) override {
    calls.push_back("restart " + at(id).seen.name);
    co_await bring_down(id, request);
    at(id).stopped_by_user = false;
    begin_run(at(id));
  }

  Task<void> pause_container(ContainerId id) override {
    Container& c = at(id);
    calls.push_back("pause " + c.seen.name);
    if (c.seen.state != engine::ContainerState::Running) throw Error("container '" + c.seen.name + "' is not running");
    c.seen.state = engine::ContainerState::Paused;
    publish(c, "pause");
    co_return;
  }

  Task<void> unpause_container(ContainerId id) override {
    Container& c = at(id);
    calls.push_back("unpause " + c.seen.name);
    if (c.seen.state != engine::ContainerState::Paused) throw Error("container '" + c.seen.name + "' is not paused");
    c.seen.state = engine::ContainerState::Running;
    publish(c, "unpause");
    co_return;
  }

  Task<void> rename_container(ContainerId id, std::string name) override {
    calls.push_back("rename " + at(id).seen.name + " to " + name);
    if (const auto* holder = find(name); holder != nullptr && holder->id != id)
      throw Error("the container name '" + name + "' is already in use by container '" + holder->id.str() + "'");
    at(id).seen.name = name;
    publish(at(id), "rename");
    co_return;
  }

  Task<void> remove_container(ContainerId id, engine::WithVolumes volumes) override {
    if (!containers_.contains(id)) co_return;
    Container& c = at(id);
    calls.push_back("remove " + c.seen.name);
    if (is_up(c.seen)) throw Error("container '" + c.seen.name + "' is running");
    if (volumes == engine::WithVolumes::Anonymous)
      for (const auto& mount : c.seen.mounts)
        if (const auto v = volumes_.find(mount.source); v != volumes_.end() && v->second.anonymous) volumes_.erase(v);
    publish(c, "destroy");
    containers_.erase(id);
    co_return;
  }

  Task<std::vector<engine::Event>> next_events(std::int64_t since) override {
    while (!down_ && static_cast<std::size_t>(since) >= events_.size()) co_await changed_.wait();
    co_return std::vector<engine::Event>(events_.begin() + std::min<std::int64_t>(since, newest()), events_.end());
  }

  Task<std::int64_t> newest_event() override { co_return newest(); }

  Task<engine::Readiness> await_ready(ContainerId id, engine::ReadyLimits limits) override {
    using Outcome = engine::Readiness::Outcome;
    const int run = at(id).run;
    asked_ready.push_back(at(id).seen.name);
    const Script& how = script(at(id).seen.service);
    const Script::Duration wait = std::min(how.ready_after.value_or(Script::Duration{0}), limits.listen);
    const auto when = at(id).run_began + std::chrono::duration_cast<Timers::Clock::duration>(wait);
    while (timers_.now() < when && runs(id, run)) {
      Task<void> changing = changed_.wait();
      co_await with_timeout(timers_, when - timers_.now(), std::move(changing));
    }
    if (!runs(id, run)) co_return engine::Readiness{Outcome::Ended, {}};
    if (how.silent_ports.empty()) co_return engine::Readiness{};
    co_return engine::Readiness{Outcome::Silent, how.silent_ports};
  }
  Task<int> run_program(ContainerId id, engine::Program program, engine::ProgramOutput output) override {
    calls.push_back("run " + program.args.front() + " in " + at(id).seen.name);
    programs.push_back(program);
    if (!is_up(at(id).seen))
      throw Error(Diagnostic::error("not-running", "container '" + at(id).seen.name + "' is not running"));
    const FakeProgram does = scripts[at(id).seen.service].programs[program.args.front()];
    if (!does.start_error.empty()) throw Error(does.start_error).exit_code(127);
    output(engine::ProgramStream::Out, does.out);
    output(engine::ProgramStream::Error, does.err);
    if (does.takes.count() > 0) co_await timers_.sleep_for(does.takes);
    if (does.ends_the_container) ended(at(id), 0);
    co_return does.exit_code;
  }
  std::map<std::string, engine::CreateOptions> created_with;  ///< by the name at creation
  std::vector<engine::Program> programs;                      ///< in the order of their starts

  std::vector<std::string> asked_ready;  ///< names, in the order of the questions

 private:
  struct Container {
    engine::ObservedContainer seen;
    engine::ContainerSpec spec;
    schedule::RestartPolicy policy{engine::RestartPolicy{}};
    bool stopped_by_user = false;
    int run = 0;  ///< number of starts: what was scripted for an earlier one is void
    Timers::Clock::time_point run_began{};
  };

  static bool is_up(const engine::ObservedContainer& c) {
    return c.state == engine::ContainerState::Running || c.state == engine::ContainerState::Paused ||
           c.state == engine::ContainerState::Restarting;
  }

  /// The same run as before, and still up.
  bool runs(const ContainerId& id, int run) const {
    const auto found = containers_.find(id);
    return found != containers_.end() && found->second.run == run && is_up(found->second.seen);
  }

  const Script& script(const std::string& service) { return scripts[service]; }
  std::int64_t newest() const { return static_cast<std::int64_t>(events_.size()); }
  engine::WallTime wall_now() const {
    return engine::WallTime(std::chrono::duration_cast<std::chrono::nanoseconds>(timers_.now().time_since_epoch()));
  }

  Container& at(const ContainerId& id) {
    const auto found = containers_.find(id);
    if (found == containers_.end()) throw Error("no such container: " + id.str());
    return found->second;
  }

  ContainerId next_id() {
    std::string text = std::to_string(++last_id_);
    return ContainerId(std::string(64 - text.size(), 'c') + text);
  }

  void add_mounts(Container& c, const engine::CreateOptions& options) {
    for (engine::Mount mount : c.spec.mounts) {
      if (mount.kind == engine::Mount::Kind::Volume && mount.source.empty()) {
        if (options.inherit_volumes_from)
          for (const auto& old : at(*options.inherit_volumes_from).seen.mounts)
            if (old.target == mount.target) mount.source = old.source;
        if (mount.source.empty()) mount.source = "anonymous" + std::to_string(++last_id_);
        volumes_[mount.source] = {mount.source, "", project_, "", true, {}};
      }
      c.seen.mounts.push_back(std::move(mount));
    }
  }

  void publish(const Container& c, const std::string& action, std::map<std::string, std::string> attributes = {}) {
    engine::Event event;
    event.id = newest() + 1;
    event.time = wall_now();
    event.type = "container";
    event.action = action;
    event.container = c.seen.id.str();
    event.name = c.seen.name;
    event.service = c.seen.service;
    event.attributes = std::move(attributes);
    events_.push_back(std::move(event));
    changed_.notify();
  }

  void begin_run(Container& c) {
    ++c.run;
    c.run_began = timers_.now();
    c.seen.state = engine::ContainerState::Running;
    c.seen.health = c.spec.healthcheck ? engine::Health::Starting : engine::Health::None;
    c.seen.started = wall_now();
    c.seen.error.clear();
    publish(c, "start");
    const Script& how = script(c.seen.service);
    if (how.healthy_after) life_.spawn(probe_later(c.seen.id, c.run, *how.healthy_after, engine::Health::Healthy));
    if (how.unhealthy_after)
      life_.spawn(probe_later(c.seen.id, c.run, *how.unhealthy_after, engine::Health::Unhealthy));
    if (how.run_for) life_.spawn(end_later(c.seen.id, c.run, *how.run_for, how.exit_code));
  }

  void probed(Container& c, engine::Health health) {
    engine::ProbeResult result;
    result.exit_code = health == engine::Health::Healthy ? 0 : 1;
    result.output = script(c.seen.service).probe_output;
    c.seen.probes.push_back(std::move(result));
    c.seen.health = health;
    publish(c, "health_status: " + std::string(engine::to_string(health)));
  }

  void ended(Container& c, int exit_code) {
    if (!is_up(c.seen)) return;
    ++c.run;
    c.seen.exit_code = exit_code;
    c.seen.finished = wall_now();
    const auto ran_for = std::chrono::duration_cast<std::chrono::milliseconds>(timers_.now() - c.run_began);
    using Policy = schedule::RestartPolicy;
    const auto stop = c.stopped_by_user ? Policy::StopRequest::ByUser : Policy::StopRequest::None;
    const auto action = c.policy.container_exited(exit_code, ran_for, stop);
    std::map<std::string, std::string> attributes{{"exitCode", std::to_string(exit_code)}};
    const auto* again = std::get_if<Policy::StartAgain>(&action);
    c.seen.state = again != nullptr ? engine::ContainerState::Restarting : engine::ContainerState::Exited;
    if (again != nullptr) attributes["restarting"] = "true";
    publish(c, "die", std::move(attributes));
    if (again != nullptr) {
      ++c.seen.restart_count;
      life_.spawn(restart_later(c.seen.id, c.run, again->after));
    } else if (c.spec.auto_remove) {
      publish(c, "destroy");
      containers_.erase(ContainerId(c.seen.id));
    }
  }

  Task<void> bring_down(ContainerId id, engine::StopRequest request) {
    Container& c = at(id);
    if (!is_up(c.seen)) co_return;
    c.stopped_by_user = true;
    if (script(c.seen.service).ignores_sigterm && c.seen.state == engine::ContainerState::Running) {
      const int run = c.run;
      co_await timers_.sleep_for(request.grace.value_or(c.spec.stop_grace_period));
      const auto still = containers_.find(id);
      if (still == containers_.end() || still->second.run != run) co_return;
      ended(still->second, 137);
      co_return;
    }
    ended(c, 143);
  }

  Task<void> probe_later(ContainerId id, int run, Script::Duration after, engine::Health health) {
    co_await timers_.sleep_for(after);
    const auto found = containers_.find(id);
    if (found != containers_.end() && found->second.run == run) probed(found->second, health);
  }

  Task<void> end_later(ContainerId id, int run, Script::Duration after, int exit_code) {
    co_await timers_.sleep_for(after);
    const auto found = containers_.find(id);
    if (found != containers_.end() && found->second.run == run) ended(found->second, exit_code);
  }

  Task<void> restart_later(ContainerId id, int run, std::chrono::milliseconds after) {
    co_await timers_.sleep_for(after);
    const auto found = containers_.find(id);
    if (found != containers_.end() && found->second.run == run) begin_run(found->second);
  }

  Timers& timers_;
  std::string project_;
  std::map<ContainerId, Container> containers_;
  std::map<std::string, engine::ObservedNetwork> networks_;
  std::map<std::string, engine::ObservedVolume> volumes_;
  std::vector<engine::Event> events_;  ///< the id of each is its index plus one
  Event changed_;
  TaskGroup life_;  ///< what containers do by themselves; unfinished when the test ends, with the io_context
  int last_id_ = 0;
  bool down_ = false;
};

}  // namespace davit::test
