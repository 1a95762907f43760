// Command, environment, probe, limits and isolation of a container (build-and-images 4.1).

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "davit/base/units.hpp"
#include "spec_parts.hpp"

namespace davit::plan {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// As Docker's engine (daemon/commit.go, merge): an entrypoint of words resets the image's command, an empty one the
/// image's entrypoint alone; a command without words is none.
std::vector<std::string> arguments(const model::Service& service, const ImageInfo& image) {
  std::vector<std::string> args = service.entrypoint.value_or(image.entrypoint);
  std::vector<std::string> command = service.command.value_or(std::vector<std::string>{});
  const bool own_entrypoint = service.entrypoint && !service.entrypoint->empty();
  if (command.empty() && !own_entrypoint) command = image.cmd;
  args.insert(args.end(), command.begin(), command.end());
  return args;
}

void set_variable(Variables& env, const std::string& name, const std::string& value) {
  const auto found = std::find_if(env.begin(), env.end(), [&](const auto& entry) { return entry.first == name; });
  if (found == env.end()) {
    env.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

Variables environment(const model::Service& service, const ImageInfo& image) {
  Variables env;
  env.emplace_back("PATH", kDefaultPath);
  if (service.tty) env.emplace_back("TERM", "xterm");
  for (const std::string& entry : image.env) {
    const auto equals = entry.find('=');
    set_variable(env, entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
  for (const auto& [name, value] : service.environment) {
    if (value) {
      set_variable(env, name, *value);
    } else {
      std::erase_if(env, [&name = name](const auto& entry) { return entry.first == name; });
    }
  }
  return env;
}

engine::RestartPolicy restart_policy(const model::RestartPolicy& policy) {
  using From = model::RestartMode;
  using To = engine::RestartPolicy::Mode;
  engine::RestartPolicy out;
  switch (policy.mode) {
    case From::No:
      out.mode = To::No;
      break;
    case From::Always:
      out.mode = To::Always;
      break;
    case From::OnFailure:
      out.mode = To::OnFailure;
      out.max_attempts = static_cast<int>(std::min<std::uint64_t>(policy.max_attempts.value_or(0), 1'000'000'000));
      break;
    case From::UnlessStopped:
      out.mode = To::UnlessStopped;
      break;
  }
  return out;
}

engine::Resources resources(const model::Service& s) {
  engine::Resources out;
  out.device_rules = s.device_cgroup_rules;
  const auto positive = [](std::optional<std::int64_t> value) { return value.value_or(0) != 0 ? value : std::nullopt; };
  out.memory = positive(s.mem_limit);
  out.memory_swap = positive(s.memswap_limit);
  out.memory_reservation = positive(s.mem_reservation);
  if (s.mem_swappiness) out.memory_swappiness = static_cast<int>(*s.mem_swappiness);
  if (s.cpus.value_or(0) > 0) out.cpus = s.cpus;
  out.cpu_shares = positive(s.cpu_shares);
  out.cpu_quota = positive(s.cpu_quota);
  out.cpu_period = positive(s.cpu_period);
  out.cpuset_cpus = s.cpuset;
  out.pids = positive(s.pids_limit);
  if (s.oom_kill_disable) out.oom_kill_disable = true;
  if (s.oom_score_adj) out.oom_score_adj = static_cast<int>(*s.oom_score_adj);
  return out;
}

/// "service:x" becomes "container:<id>".
std::string shared_namespace(const SpecInput& input, const std::string& mode) {
  if (!mode.starts_with("service:")) return mode;
  const std::string service = mode.substr(std::string_view("service:").size());
  const auto found = input.donors.find(service);
  if (found == input.donors.end()) throw Error(fmt::format("service '{}' has no container to share with", service));
  return "container:" + found->second.str();
}

std::optional<Diagnostic> check_platform(const SpecInput& input) {
  const std::string& wanted = input.service.platform;
  const ImageInfo& image = input.image;
  if (wanted.empty() || image.architecture.empty()) return std::nullopt;
  const auto slash = wanted.find('/');
  const std::string os = wanted.substr(0, slash);
  const std::string rest = slash == std::string::npos ? "" : wanted.substr(slash + 1);
  const std::string architecture = rest.substr(0, rest.find('/'));
  if (os == image.os && (architecture.empty() || architecture == image.architecture)) return std::nullopt;
  return Diagnostic::error(
      "wrong-platform",
      fmt::format("service '{}' asks for platform '{}', but image '{}' is for '{}/{}'", input.service.name, wanted,
                  model::image_name(input.project, input.service), image.os, image.architecture),
      input.service.where.of("platform"));
}

std::optional<Diagnostic> fill_logging(const model::Service& service, engine::LogOptions& out) {
  if (!service.logging) return std::nullopt;
  const model::Logging& logging = *service.logging;
  if (!logging.driver.empty()) out.driver = logging.driver;
  const auto bad = [&](const char* option, const std::string& value, const std::string& expected) {
    return Diagnostic::error(
        "bad-logging-option",
        fmt::format("logging option '{}' of service '{}' is '{}', expected {}", option, service.name, value, expected),
        logging.where);
  };
  if (const auto size = logging.options.find("max-size"); size != logging.options.end() && size->second != "-1") {
    const auto bytes = parse_bytes(size->second);
    if (!bytes || *bytes <= 0) return bad("max-size", size->second, "a size such as '10m'");
    out.max_size = *bytes;
  }
  if (const auto files = logging.options.find("max-file"); files != logging.options.end()) {
    const std::string& text = files->second;
    const bool digits = !text.empty() && text.size() < 6 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    out.max_file = digits ? std::stoi(text) : 0;
    if (out.max_file < 1) return bad("max-file", text, "a number from 1");
  }
  return std::nullopt;
}

/// A profile's file is relative to the project.
std::string with_whole_path(const std::string& option, const std::string& folder) {
  constexpr std::string_view kSeccomp = "seccomp";
  if (!option.starts_with(kSeccomp) || option.size() < kSeccomp.size() + 2) return option;
  const std::string file = option.substr(kSeccomp.size() + 1);
  if (file.starts_with('/') || file == "unconfined" || file == "builtin") return option;
  return option.substr(0, kSeccomp.size() + 1) + (std::filesystem::path(folder) / file).lexically_normal().string();
}

void fill_isolation(const SpecInput& input, engine::ContainerSpec& spec) {
  const model::Service& s = input.service;
  spec.privileged = s.privileged;
  spec.read_only = s.read_only;
  spec.cap_add = s.cap_add;
  spec.cap_drop = s.cap_drop;
  for (const std::string& option : s.security_opt)
    spec.security_opt.push_back(with_whole_path(option, input.project.working_dir));
  for (const auto& [name, limit] : s.ulimits) spec.ulimits.push_back({name, limit.soft, limit.hard});
  spec.sysctls = s.sysctls;
  spec.shm_size = s.shm_size;
  spec.pid_mode = shared_namespace(input, s.pid);
  spec.ipc_mode = shared_namespace(input, s.ipc);
  spec.network_mode = shared_namespace(input, s.network_mode);
  spec.uts_mode = s.uts;
  spec.runtime = s.runtime;
  spec.annotations = s.annotations;
  spec.resources = resources(s);
}

/// Zero and unset mean the engine's default.
template <class T, class U, class V>
void choose(T& out, const std::optional<U>& service, const std::optional<V>& image) {
  if (service && *service != U{}) {
    out = static_cast<T>(*service);
  } else if (image && *image != V{}) {
    out = static_cast<T>(*image);
  }
}

}  // namespace

std::optional<engine::Healthcheck> effective_healthcheck(const model::Service& service, const ImageInfo& image) {
  const model::Healthcheck own = service.healthcheck.value_or(model::Healthcheck{});
  const ImageHealthcheck base = image.healthcheck.value_or(ImageHealthcheck{});
  if (own.disabled()) return std::nullopt;
  engine::Healthcheck out;
  out.test = own.test && !own.test->empty() ? *own.test : base.test;
  if (out.test.empty() || out.test.front() == "NONE") return std::nullopt;
  if (out.test.front() == "CMD-SHELL" && out.test.size() == 2 && !image.shell.empty()) {
    std::vector<std::string> words{"CMD"};
    words.insert(words.end(), image.shell.begin(), image.shell.end());
    words.push_back(out.test[1]);
    out.test = std::move(words);
  }
  choose(out.interval, own.interval, base.interval);
  choose(out.timeout, own.timeout, base.timeout);
  choose(out.start_period, own.start_period, base.start_period);
  choose(out.start_interval, own.start_interval, base.start_interval);
  choose(out.retries, own.retries, base.retries);
  return out;
}

std::optional<Diagnostic> fill_process(const SpecInput& input, engine::ContainerSpec& spec) {
  const model::Service& s = input.service;
  if (auto error = check_platform(input)) return error;
  spec.args = arguments(s, input.image);
  if (spec.args.empty() || spec.args.front().empty()) {
    return Diagnostic::error("no-command",
                             fmt::format("no command specified: neither service '{}' nor image '{}' says what to run",
                                         s.name, spec.image_name),
                             s.where.of("image"))
        .with_hint("add 'command:' to the service, or CMD to its Dockerfile");
  }
  spec.env = environment(s, input.image);
  spec.working_dir = s.working_dir.empty() ? input.image.working_dir : s.working_dir;
  spec.user = s.user.empty() ? input.image.user : s.user;
  spec.group_add = s.group_add;
  spec.hostname = s.hostname;
  spec.domainname = s.domainname;
  spec.tty = s.tty;
  spec.stdin_open = s.stdin_open;
  spec.init = s.init.value_or(false);
  spec.stop_signal = s.stop_signal.empty() ? input.image.stop_signal : s.stop_signal;
  if (s.stop_grace_period) spec.stop_grace_period = *s.stop_grace_period;
  spec.full_stop_grace = s.x_davit.full_stop_grace;
  spec.healthcheck = effective_healthcheck(s, input.image);
  // `run` drops the policy (compose-semantics 3.7).
  if (!input.one_off) spec.restart = restart_policy(s.restart);
  fill_isolation(input, spec);
  return fill_logging(s, spec.logging);
}

}  // namespace davit::plan
