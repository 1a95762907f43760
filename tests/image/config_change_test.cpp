#include "davit/image/config_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace davit::image {
namespace {

using ::testing::ElementsAre;
using Form = CommandLine::Form;

ImageConfig applied(const ConfigChange& change, ImageConfig config = {}) {
  return apply(std::move(config), change).value();
}

TEST(ConfigChange, ShellFormIsRunByTheConfigsShell) {
  EXPECT_THAT(applied(change::Cmd{{Form::Exec, {"a", "b"}}}).cmd, ElementsAre("a", "b"));
  EXPECT_THAT(applied(change::Cmd{{Form::Shell, {"echo a"}}}).cmd, ElementsAre("/bin/sh", "-c", "echo a"));
  ImageConfig bash;
  bash.shell = {"/bin/bash", "-ec"};
  EXPECT_THAT(applied(change::Entrypoint{{Form::Shell, {"x"}}}, bash).entrypoint, ElementsAre("/bin/bash", "-ec", "x"));
}

TEST(ConfigChange, EntrypointResetsTheCommand) {
  ImageConfig config;
  config.cmd = {"old"};
  EXPECT_TRUE(applied(change::Entrypoint{{Form::Exec, {"new"}}}, config).cmd.empty());
}

TEST(ConfigChange, PortsGetAProtocolAndRangesAreSpread) {
  EXPECT_THAT(applied(change::Expose{{"80", "53/UDP", "8000-8002/tcp"}}).exposed_ports,
              ElementsAre("53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"));
  for (const char* bad : {"", "x", "0", "65536", "80/icmp", "9-8", "80-", "80/"})
    EXPECT_FALSE(apply({}, change::Expose{{bad}})) << bad;
}

TEST(ConfigChange, RelativeWorkingDirContinuesThePresentOne) {
  EXPECT_EQ(applied(change::WorkingDir{"app"}).working_dir, "/app");
  ImageConfig config;
  config.working_dir = "/srv/app";
  EXPECT_EQ(applied(change::WorkingDir{"../x/"}, config).working_dir, "/srv/x");
  EXPECT_EQ(applied(change::WorkingDir{"/abs"}, config).working_dir, "/abs");
  EXPECT_EQ(applied(change::WorkingDir{"/"}, config).working_dir, "/");
}

TEST(ConfigChange, TheOthersSetTheirField) {
  EXPECT_THAT(applied(change::Env{{{"A", "1"}, {"B", ""}}}).env, ElementsAre("A=1", "B="));
  EXPECT_EQ(applied(change::Label{{{"k", "v"}}}).labels.at("k"), "v");
  EXPECT_EQ(applied(change::User{"1:2"}).user, "1:2");
  EXPECT_THAT(applied(change::Volume{{"/a", "/b"}}).volumes, ElementsAre("/a", "/b"));
  EXPECT_EQ(applied(change::StopSignal{"SIGINT"}).stop_signal, "SIGINT");
  EXPECT_EQ(applied(change::SetHealthcheck{{.test = {"NONE"}}}).healthcheck->test, std::vector<std::string>{"NONE"});
  EXPECT_THAT(applied(change::OnBuild{"RUN x"}).on_build, ElementsAre("RUN x"));
  EXPECT_THAT(applied(change::Shell{{"sh"}}).shell, ElementsAre("sh"));
}

TEST(ConfigChange, RefusesEmptyNames) {
  EXPECT_FALSE(apply({}, change::Env{{{"", "x"}}}));
  EXPECT_FALSE(apply({}, change::Label{{{"", "x"}}}));
  EXPECT_FALSE(apply({}, change::Volume{{""}}));
  EXPECT_FALSE(apply({}, change::WorkingDir{""}));
  EXPECT_FALSE(apply({}, change::StopSignal{""}));
}

}  // namespace
}  // namespace davit::image
