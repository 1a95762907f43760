#include "build/stage_planner.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "davit/base/signal_names.hpp"
#include "davit/dockerfile/parser.hpp"
#include "davit/dockerfile/patterns.hpp"
#include "davit/image/config_change.hpp"

namespace davit::build {
namespace {

using dockerfile::Command;
using dockerfile::Instruction;

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string json_list(const std::vector<std::string>& words) {
  boost::json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return boost::json::serialize(out);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

image::CommandLine command_line(const Command& command) {
  if (command.form == Command::Form::Shell) return {image::CommandLine::Form::Shell, {command.line}};
  return {image::CommandLine::Form::Exec, command.args};
}

/// "a\nb" on one line, for progress lines and history.
std::string first_line(const std::string& text) {
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end) + "…";
}

}  // namespace

void StagePlanner::run(const std::vector<Instruction>& instructions) {
  // As for RUN: `ENV PATH=/opt/bin:$PATH` must not lose the usual folders because the base image names none.
  if (!scope_.has_env("PATH")) scope_.set_env("PATH", std::string(kDefaultPath));
  for (const Instruction& instruction : instructions) apply(instruction);
}

void StagePlanner::apply(const Instruction& instruction) {
  std::visit([&](const auto& body) { apply(instruction, body); }, instruction.body);
}

template <class Change>
void StagePlanner::change(const Instruction& instruction, Change change) {
  auto changed = image::apply(plan_.config, image::ConfigChange(std::move(change)));
  if (!changed) {
    Diagnostic diagnostic = changed.error();
    if (!diagnostic.where) diagnostic.where = instruction.where;
    throw PlanMistake{std::move(diagnostic)};
  }
  plan_.config = *std::move(changed);
}

void StagePlanner::add_step(const Instruction& instruction, decltype(Step::action) action, std::string created_by,
                            std::string shown) {
  Step step;
  step.text = std::move(shown);
  step.where = instruction.where;
  step.action = std::move(action);
  plan_.history.push_back({std::move(created_by), plan_.steps.size()});
  plan_.steps.push_back(std::move(step));
}

std::vector<std::string> StagePlanner::shell() const {
  return plan_.config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : plan_.config.shell;
}

std::string StagePlanner::absolute(const std::string& path) const {
  const std::string whole = path.starts_with('/') ? path : plan_.config.working_dir + "/" + path;
  return "/" + dockerfile::clean_relative(whole);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Arg& arg) {
  scope_.declare(arg, consumed_);
  add_history(instruction.text);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Env& env) {
  // All words see the variables as they were before this instruction.
  image::change::Env variables;
  std::string text = "ENV";
  for (const auto& pair : env.pairs) {
    variables.variables.emplace_back(scope_.expand(pair.key), scope_.expand(pair.value));
    text += " " + variables.variables.back().first + "=" + variables.variables.back().second;
  }
  for (const auto& [name, value] : variables.variables) scope_.set_env(name, value);
  change(instruction, std::move(variables));
  add_history(std::move(text));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Label& label) {
  image::change::Label labels;
  std::string text = "LABEL";
  for (const auto& pair : label.pairs) {
    labels.labels.emplace_back(scope_.expand(pair.key), scope_.expand(pair.value));
    text += " " + labels.labels.back().first + "=" + labels.labels.back().second;
  }
  change(instruction, std::move(labels));
  add_history(std::move(text));
}

/// Of each the program sees both spellings, as with BuildKit: some read only the one, some only the other.
void StagePlanner::add_proxies(RunStep& step) const {
  const auto& given = scope_.global().given();
  for (const auto& [argument, value] : given) {
    if (!is_proxy_argument(argument)) continue;
    for (const std::string& name : spellings(argument)) {
      if (name != argument && given.contains(name)) continue;
      if (scope_.declares(name) || scope_.has_env(name)) continue;
      if (step.unkeyed_env.insert(name).second) step.env.push_back(name + "=" + value);
    }
  }
}

void StagePlanner::set_run_environment(RunStep& step) const {
  step.env = plan_.config.env;
  if (!plan_.config.env_value("PATH")) step.env.insert(step.env.begin(), "PATH=" + std::string(kDefaultPath));
  for (const auto& [name, value] : scope_.arguments())
    if (!scope_.has_env(name)) step.env.push_back(name + "=" + value);
  add_proxies(step);
  step.working_dir = plan_.config.working_dir.empty() ? "/" : plan_.config.working_dir;
  step.user = plan_.config.user;
}

dockerfile::Run::Network StagePlanner::network_of(const Instruction& instruction, const dockerfile::Run& run) const {
  using Network = dockerfile::Run::Network;
  if (run.network == Network::Default) {
    if (options_.network == RunNetworkMode::Host) return Network::Host;
    return options_.network == RunNetworkMode::None ? Network::None : Network::Default;
  }
  const bool allowed = options_.host_network == HostNetwork::Allowed || options_.network == RunNetworkMode::Host;
  if (run.network == Network::Host && !allowed)
    throw PlanMistake{Diagnostic::error("host-network", "RUN may not use the host's network: it was not allowed to",
                                        run.network_where.value_or(instruction.where))
                          .with_hint("allow it with --allow network.host, in a Compose file with 'build.entitlements: "
                                     "[network.host]'")};
  return run.network;
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Run& run) {
  RunStep step;
  set_run_environment(step);
  step.network = network_of(instruction, run);
  for (const auto& mount : run.mounts) step.mounts.push_back(plan_mount(mount));
  if (run.command.form == Command::Form::Exec) {
    step.args = run.command.args;
  } else {
    step.args = shell();
    if (run.script && run.script->content.starts_with("#!")) {
      step.script = {"/dev/pipes/" + run.script->name, run.script->content};
      step.args.push_back(step.script->first);
    } else {
      step.args.push_back(run.script ? run.script->content : run.command.line);
    }
  }
  std::string created_by = run_history(step);
  add_step(instruction, std::move(step), std::move(created_by), first_line(instruction.text));
}

std::string StagePlanner::run_history(const RunStep& step) const {
  std::string text = "RUN ";
  std::vector<std::string> args;
  for (const auto& [name, value] : scope_.arguments())
    if (!scope_.has_env(name)) args.push_back(name + "=" + value);
  if (!args.empty()) text += "|" + std::to_string(args.size()) + " " + joined(args) + " ";
  return text + joined(step.args) + " # buildkit";
}

Mount StagePlanner::plan_mount(const dockerfile::Word& word) {
  auto options = dockerfile::parse_run_mount(scope_.expand(word), word.where);
  if (!options) throw PlanMistake{options.error()};
  Mount mount{*std::move(options), FromContext{}, word.where};
  if (!mount.options.from.empty()) mount.origin = from_(mount.options.from, word.where);
  if (mount.options.type == dockerfile::RunMount::Type::Cache && mount.options.id.empty())
    mount.options.id = "/" + dockerfile::clean_relative(mount.options.target);
  if (!mount.options.target.empty() || mount.options.env.empty()) mount.options.target = absolute(mount.options.target);
  if (mount.options.target == "/") fail("bad-mount", "a mount cannot cover '/'", word.where);
  return mount;
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Copy& copy) {
  CopyStep step;
  step.kind = copy.kind;
  step.origin = copy.from ? from_(copy.from->text, copy.from->where) : Origin(FromContext{});
  std::string text = instruction.keyword;
  if (copy.from) text += " --from=" + copy.from->text;
  if (copy.chown) step.chown = scope_.expand(*copy.chown);
  if (copy.chmod) step.chmod = scope_.expand(*copy.chmod);
  if (!step.chown.empty()) text += " --chown=" + step.chown;
  if (!step.chmod.empty()) text += " --chmod=" + step.chmod;
  for (const auto& source : copy.sources) {
    step.sources.push_back({scope_.expand(source), source.where});
    text += " " + step.sources.back().text;
  }
  for (const auto& file : copy.files) {
    // Bodies always use backslash, whatever the escape directive says; quotes in them are data.
    step.files.push_back({file.name, file.expand
                                         ? scope_.expand_text(file.content, file.where, '\\', dockerfile::Quotes::Keep)
                                         : file.content});
    text += " <<" + file.name;
  }
  const std::string destination = scope_.expand(copy.destination);
  const bool folder = destination.empty() || destination.ends_with('/') || destination == "." ||
                      destination.ends_with("/.") || destination == "..";
  step.destination = absolute(destination);
  if (folder && step.destination != "/") step.destination += '/';
  for (const auto& exclude : copy.excludes) step.excludes.push_back(exclude.text);
  step.parents = copy.parents;
  step.unpack = copy.kind == dockerfile::Copy::Kind::Add && copy.unpack;
  text += " " + destination;
  add_step(instruction, std::move(step), text + " # buildkit", text);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Workdir& workdir) {
  const std::string path = scope_.expand(workdir.path);
  if (path.empty()) fail("empty-path", "WORKDIR is empty after expansion", workdir.path.where);
  change(instruction, image::change::WorkingDir{path});
  const std::string text = "WORKDIR " + path;
  if (plan_.config.working_dir == "/") {
    add_history(text);
  } else {
    add_step(instruction, WorkdirStep{plan_.config.working_dir, plan_.config.user}, text, text);
  }
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::User& user) {
  const std::string name = scope_.expand(user.name);
  if (name.empty()) fail("empty-user", "USER is empty after expansion", user.name.where);
  change(instruction, image::change::User{name});
  add_history("USER " + name);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Cmd& cmd) {
  change(instruction, image::change::Cmd{command_line(cmd.command)});
  cmd_set_ = true;
  add_history("CMD " + json_list(plan_.config.cmd));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Entrypoint& entrypoint) {
  // ENTRYPOINT resets a CMD that came from the base, not one of this stage.
  const auto cmd = plan_.config.cmd;
  change(instruction, image::change::Entrypoint{command_line(entrypoint.command)});
  plan_.config.cmd = cmd_set_ ? cmd : std::vector<std::string>{};
  add_history("ENTRYPOINT " + json_list(plan_.config.entrypoint));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Expose& expose) {
  image::change::Expose ports;
  for (const auto& word : expose.ports)
    for (auto& port : scope_.expand_to_words(word)) ports.ports.push_back(std::move(port));
  std::string text = "EXPOSE " + joined(ports.ports);
  change(instruction, std::move(ports));
  add_history(std::move(text));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Volume& volume) {
  image::change::Volume paths;
  for (const auto& path : volume.paths) paths.paths.push_back(scope_.expand(path));
  std::string text = "VOLUME [" + joined(paths.paths) + "]";
  change(instruction, std::move(paths));
  add_history(std::move(text));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::Shell& shell) {
  change(instruction, image::change::Shell{shell.args});
  add_history("SHELL " + json_list(shell.args));
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::StopSignal& signal) {
  const std::string name = scope_.expand(signal.signal);
  if (!parse_signal(name))
    throw PlanMistake{Diagnostic::error("stop-signal", "invalid signal '" + name + "'", instruction.where)
                          .with_hint("write its name or number: SIGTERM, SIGINT, SIGRTMIN+3, 15")};
  change(instruction, image::change::StopSignal{name});
  add_history("STOPSIGNAL " + name);
}

void StagePlanner::apply(const Instruction&, const dockerfile::Maintainer& maintainer) {
  plan_.config.author = maintainer.name;
  add_history("MAINTAINER " + maintainer.name);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::HealthCheck& check) {
  image::Healthcheck health;
  health.test = check.test;
  const auto given = [](std::chrono::nanoseconds value) {
    return value.count() == 0 ? std::nullopt : std::optional(value);
  };
  health.interval = given(check.interval);
  health.timeout = given(check.timeout);
  health.start_period = given(check.start_period);
  health.start_interval = given(check.start_interval);
  if (check.retries != 0) health.retries = check.retries;
  change(instruction, image::change::SetHealthcheck{std::move(health)});
  add_history(instruction.text);
}

void StagePlanner::apply(const Instruction& instruction, const dockerfile::OnBuild& trigger) {
  change(instruction, image::change::OnBuild{trigger.text});
  add_history("ONBUILD " + first_line(trigger.text));
}

}  // namespace davit::build
