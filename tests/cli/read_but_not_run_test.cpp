// What davit reads and cannot do: `config` takes it, and only a command that would do it refuses, at its place.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "run_davit.hpp"

namespace davit::cli {
namespace {

struct Case {
  std::string name;
  std::string attribute;  ///< of the service, at 4:5
  std::string rest;       ///< of the file
  std::string refusal;    ///< place and message; "": nothing is refused
};

void PrintTo(const Case& given, std::ostream* out) {
  *out << given.name;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"Mode", "deploy: {mode: global}", "", ":4:13: error: 'deploy.mode: global' of service 'a' is not"},
      {"UpdateConfig", "deploy: {update_config: {parallelism: 2}}", "",
       ":4:13: error: 'deploy.update_config' of service 'a' is not"},
      {"RollbackConfig", "deploy: {rollback_config: {parallelism: 2}}", "",
       ":4:13: error: 'deploy.rollback_config' of service 'a' is not"},
      {"Placement", "deploy: {placement: {constraints: [node.role==manager]}}", "",
       ":4:25: error: 'deploy.placement' of service 'a' is not"},
      {"ReservedDevices", "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}", "",
       ":4:13: error: 'deploy.resources.reservations.devices' of service 'a' is not"},
      {"Models", "models: [m]", "models: {m: {model: x}}\n", ":4:13: error: 'models' of service 'a' is not"},
      {"Provider", "provider: {type: x}", "", ":4:15: error: 'provider' of service 'a' is not"},
      {"PreStart", "pre_start: [{command: x}]", "", ":4:16: error: 'pre_start' of service 'a' is not"},
      {"Gpus", "gpus: all", "", ":4:11: error: 'gpus' of service 'a' is not"},
      {"ApiSocket", "use_api_socket: true", "", ":4:21: error: 'use_api_socket' of service 'a' is not"},
      {"Restart", "restart: sometimes", "",
       ":4:14: error: 'restart' of service 'a' must be one of no, always, on-failure[:NUMBER], unless-stopped, found "
       "'sometimes'"},
      {"RestartCount", "restart: on-failure:x", "",
       ":4:14: error: 'restart' of service 'a' must be 'on-failure:NUMBER', found 'on-failure:x'"},
      {"RestartWithoutCount", "restart: 'on-failure:'", "",
       ":4:14: error: 'restart' of service 'a' must be 'on-failure:NUMBER', found 'on-failure:'"},
      {"RestartCondition", "deploy: {restart_policy: {condition: sometimes}}", "",
       ":4:42: error: 'deploy.restart_policy.condition' of service 'a' must be one of none, on-failure, any, found "
       "'sometimes'"},
      // For `watch`, as with docker compose: `up` has nothing to do with it.
      {"Develop", "develop: {watch: [{path: ., action: rebuild}]}", "", ""},
      {"Replicas", "deploy: {replicas: 2, resources: {limits: {memory: 64m}}}", "", ""},
      {"TooManyReplicas", "deploy: {replicas: 1000000000}", "",
       ":4:13: error: service 'a' makes it more than 10000 containers"},
      {"TooHighAScale", "scale: 1000000000", "", ":4:12: error: service 'a' makes it more than 10000 containers"},
  };
  return kCases;
}

class ReadButNotRun : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/davit-read-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(file()) << "services:\n  a:\n    build: .\n    " << GetParam().attribute << "\n" << GetParam().rest;
    std::ofstream(folder_ / "Dockerfile") << "FROM scratch\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file() const { return folder_ / "compose.yaml"; }
  [[nodiscard]] test::Output run(std::vector<std::string> words) const {
    std::vector<std::string> all{"--data-root", folder_ / "data", "--run-root", folder_ / "run", "-f", file()};
    all.insert(all.end(), words.begin(), words.end());
    return test::run_davit(all);
  }

  std::filesystem::path folder_;
};

TEST_P(ReadButNotRun, IsRefusedWhenItWouldBeDone) {
  const test::Output read = run({"config"});
  EXPECT_EQ(read.code, 0) << read.err;
  const std::string key = GetParam().attribute.substr(0, GetParam().attribute.find(':'));
  EXPECT_NE(read.out.find("    " + key + ":"), std::string::npos) << read.out;

  const test::Output planned = run({"--dry-run", "up"});
  if (GetParam().refusal.empty()) {
    EXPECT_EQ(planned.code, 0) << planned.err;
    return;
  }
  EXPECT_EQ(planned.code, 1) << planned.out;
  EXPECT_NE(planned.err.find(GetParam().refusal), std::string::npos) << planned.err;
}

/// What only looks at the file looks at it all.
TEST_P(ReadButNotRun, HidesNothingFromCommandsThatOnlyLook) {
  const test::Output drawn = run({"graph", "--format", "json"});
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  const test::Output linted = run({"lint", "--level", "error"});
  const bool restart = GetParam().name.starts_with("Restart");
  EXPECT_EQ(linted.code, restart ? 1 : 0) << linted.out << linted.err;
  EXPECT_EQ(linted.err, "");
}

INSTANTIATE_TEST_SUITE_P(Attributes, ReadButNotRun, ::testing::ValuesIn(cases()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace davit::cli
