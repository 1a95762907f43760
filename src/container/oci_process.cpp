// config.json, `process`: what runs, as whom, with which rights.

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>

#include "container/capabilities.hpp"
#include "container/oci_parts.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void set_variable(Variables& variables, const std::string& name, const std::string& value) {
  const auto found = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.first == name; });
  if (found == variables.end())
    variables.emplace_back(name, value);
  else
    found->second = value;
}

/// PATH, HOSTNAME and TERM first (moby CreateDaemonEnvironment), then the spec's, then HOME if nobody set it.
Variables environment(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  Variables out{{"PATH", kDefaultPath}, {"HOSTNAME", inputs.hostname}};
  if (spec.tty) out.emplace_back("TERM", "xterm");
  for (const auto& [name, value] : spec.env) set_variable(out, name, value);
  if (std::none_of(out.begin(), out.end(), [](const auto& v) { return v.first == "HOME"; }))
    out.emplace_back("HOME", inputs.user.home);
  return out;
}

json::array to_json(const Variables& variables) {
  json::array out;
  for (const auto& [name, value] : variables) out.emplace_back(name + "=" + value);
  return out;
}

json::array to_json(const std::vector<std::string>& strings) {
  json::array out;
  for (const std::string& s : strings) out.emplace_back(s);
  return out;
}

json::object user_part(const ResolvedUser& user) {
  json::array groups;
  for (const std::uint32_t gid : user.groups) groups.emplace_back(gid);
  return {{"uid", user.uid}, {"gid", user.gid}, {"additionalGids", std::move(groups)}};
}

json::object capabilities_part(const std::vector<std::string>& names) {
  const json::array all = to_json(names);
  return {{"bounding", all},
          {"effective", all},
          {"permitted", all},
          {"inheritable", json::array()},
          {"ambient", json::array()}};
}

/// setrlimit(2)'s names, as docker's --ulimit takes them.
const std::vector<std::string>& ulimit_names() {
  static const std::vector<std::string> names{"core",    "cpu",      "data",   "fsize",      "locks",
                                              "memlock", "msgqueue", "nice",   "nofile",     "nproc",
                                              "rss",     "rtprio",   "rttime", "sigpending", "stack"};
  return names;
}

std::uint64_t limit_value(std::int64_t value) {
  return value < 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(value);
}

json::object ulimit_part(const engine::Ulimit& limit) {
  const auto& names = ulimit_names();
  if (std::find(names.begin(), names.end(), limit.name) == names.end()) {
    Diagnostic problem = Diagnostic::error("unknown-ulimit", "unknown ulimit '" + limit.name + "'");
    problem.note("known limits: " + join_names(names, names.size()));
    if (const auto meant = nearest(limit.name, names)) problem.with_hint("did you mean '" + *meant + "'?");
    throw Error(std::move(problem));
  }
  const std::uint64_t soft = limit_value(limit.soft);
  const std::uint64_t hard = limit_value(limit.hard);
  if (soft > hard)
    throw Error("ulimit '" + limit.name + "': the soft limit (" + std::to_string(limit.soft) +
                ") must not be above the hard limit (" + std::to_string(limit.hard) + ")");
  std::string type = "RLIMIT_";
  for (const char c : limit.name) type += static_cast<char>(c - 'a' + 'A');
  return {{"type", type}, {"soft", soft}, {"hard", hard}};
}

/// What containers of a Docker Engine 28 have that systemd started: davit raises its own soft limit, which would
/// otherwise be theirs, and programs that close or poll every possible descriptor take minutes with a large one.
json::object usual_open_files(std::uint64_t most) {
  constexpr std::uint64_t kSoft = 1024;
  constexpr std::uint64_t kHard = 524288;
  return {{"type", "RLIMIT_NOFILE"}, {"soft", std::min(kSoft, most)}, {"hard", std::min(kHard, most)}};
}

json::array limits_part(const std::vector<engine::Ulimit>& wanted, const HostFacts& host) {
  json::array limits;
  for (const engine::Ulimit& limit : wanted)
    limits.push_back(concerning("ulimits", limit.name, [&] { return ulimit_part(limit); }));
  if (std::none_of(wanted.begin(), wanted.end(), [](const engine::Ulimit& limit) { return limit.name == "nofile"; }))
    limits.push_back(usual_open_files(host.open_files));
  return limits;
}

void set_apparmor(json::object& process, const engine::ContainerSpec& spec, const OciInputs& inputs,
                  const SecurityOptions& security) {
  if (security.apparmor) {
    if (*security.apparmor != "unconfined") process["apparmorProfile"] = *security.apparmor;
  } else if (!spec.privileged && inputs.host.apparmor_docker_default) {
    process["apparmorProfile"] = "docker-default";
  }
}

json::array arguments(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  if (spec.args.empty())
    throw Error(Diagnostic::error("no-command", "no command specified")
                    .with_hint("the image has neither CMD nor ENTRYPOINT: set 'command' or 'entrypoint'")
                    .about("command"));
  json::array args;
  if (spec.init) args = {inputs.init_binary, "--"};
  for (const std::string& arg : spec.args) args.emplace_back(arg);
  return args;
}

void set_console(json::object& process, const std::optional<std::pair<unsigned, unsigned>>& size) {
  if (size) process["consoleSize"] = json::object{{"height", size->second}, {"width", size->first}};
}

/// "A=1" entries of a document, and what is added to them.
json::array merged_environment(const json::array& before, const std::vector<std::string>& removed,
                               const Variables& added) {
  Variables variables;
  for (const json::value& entry : before) {
    const std::string text(entry.as_string());
    const std::size_t at = text.find('=');
    variables.emplace_back(text.substr(0, at), at == std::string::npos ? "" : text.substr(at + 1));
  }
  std::erase_if(variables, [&removed](const auto& variable) {
    return std::find(removed.begin(), removed.end(), variable.first) != removed.end();
  });
  for (const auto& [name, value] : added) set_variable(variables, name, value);
  return to_json(variables);
}

}  // namespace

json::object process_part(const engine::ContainerSpec& spec, const OciInputs& inputs, const SecurityOptions& security) {
  json::object process;
  process["terminal"] = spec.tty;
  if (spec.tty) set_console(process, inputs.console_size);
  process["user"] = user_part(inputs.user);
  process["args"] = arguments(spec, inputs);
  process["env"] = to_json(environment(spec, inputs));
  process["cwd"] = spec.working_dir.empty() ? "/" : spec.working_dir;
  process["capabilities"] = capabilities_part(effective_capabilities(spec, inputs.host));
  process["rlimits"] = limits_part(spec.ulimits, inputs.host);
  process["noNewPrivileges"] = security.no_new_privileges;
  set_apparmor(process, spec, inputs, security);
  if (spec.resources.oom_score_adj) process["oomScoreAdj"] = *spec.resources.oom_score_adj;
  return process;
}

std::string make_exec_process_json(const std::string& config_json, const ExecOptions& options) {
  if (options.args.empty()) throw Error("no command specified");
  json::object process = json::parse(config_json).at("process").as_object();
  process["args"] = to_json(options.args);
  process["terminal"] = options.tty;
  process.erase("consoleSize");
  if (options.tty) set_console(process, options.console_size);
  Variables added;
  if (options.tty) added.emplace_back("TERM", "xterm");
  if (options.user) {
    process["user"] = user_part(*options.user);
    added.emplace_back("HOME", options.user->home);
  }
  for (const auto& [name, value] : options.env) set_variable(added, name, value);
  process["env"] = merged_environment(process.at("env").as_array(), options.env_removed, added);
  if (!options.working_dir.empty()) process["cwd"] = options.working_dir;
  if (options.capabilities) {
    process["capabilities"] = capabilities_part(*options.capabilities);
    process.erase("apparmorProfile");
  }
  return json::serialize(process);
}

}  // namespace davit::container
