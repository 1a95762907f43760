#include "build/run_spec.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace davit::build {
namespace {

namespace json = boost::json;

std::string network_mode(dockerfile::Run::Network network) {
  switch (network) {
    case dockerfile::Run::Network::Default:
      return "bridge";
    case dockerfile::Run::Network::None:
      return "none";
    case dockerfile::Run::Network::Host:
      return "host";
  }
  return "";
}

}  // namespace

std::vector<std::string> run_environment(const RunStep& step, const SpecInput& input) {
  std::vector<std::string> env = step.env;
  env.insert(env.end(), input.secret_env.begin(), input.secret_env.end());
  const bool has_home =
      std::any_of(env.begin(), env.end(), [](const std::string& v) { return v.starts_with("HOME="); });
  if (!has_home) env.push_back("HOME=" + input.user.home);
  return env;
}

engine::ContainerSpec container_spec(const RunStep& step, const RunSettings& settings) {
  engine::ContainerSpec spec;
  spec.args = step.args;
  spec.working_dir = step.working_dir;
  spec.network_mode = network_mode(step.network);
  spec.ulimits = settings.ulimits;
  spec.shm_size = settings.shm_size;
  return spec;
}

std::string run_spec(const RunStep& step, const RunSettings& settings, const SpecInput& input) {
  container::OciInputs inputs;
  inputs.hostname = kBuildHostname;
  inputs.user = input.user;
  inputs.rootfs = input.root;
  inputs.mounts = input.mounts;
  inputs.cgroups_path = input.cgroup;
  inputs.netns_path = input.network;
  inputs.seccomp = input.filter;
  inputs.host = input.host;
  json::value config = json::parse(container::make_config_json(container_spec(step, settings), inputs));
  json::array environment;
  for (const std::string& variable : run_environment(step, input)) environment.emplace_back(variable);
  config.at("process").at("env") = std::move(environment);
  return json::serialize(config);
}

}  // namespace davit::build
