#include "cli/run_options.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "cli/command_words.hpp"
#include "cli/service_words.hpp"
#include "davit/base/error.hpp"
#include "support/temp_dir.hpp"

namespace davit::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class RunOptionsTest : public ::testing::Test {
 protected:
  RunOptionsTest() {
    project_.name = "p";
    project_.working_dir = temp_.path();
    project_.services["web"].name = "web";
    flags_.service = "web";
  }

  plan::RunOptions options() { return run_options(context_, flags_, project_); }
  std::string problem() {
    try {
      (void)options();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  test::TempDir temp_;
  Context context_;
  RunFlags flags_;
  model::Project project_;
};

TEST_F(RunOptionsTest, VolumesAreReadAsInTheFile) {
  flags_.volumes = {"./data:/data:ro", "/anonymous", "cache:/cache"};
  const auto run = options();
  ASSERT_EQ(run.volumes.size(), 3U);
  EXPECT_EQ(run.volumes[0].source, (temp_.path() / "data").string());
  EXPECT_TRUE(run.volumes[0].read_only);
  EXPECT_EQ(run.volumes[1].target, "/anonymous");
  EXPECT_EQ(run.volumes[2].source, "cache");
  EXPECT_EQ(project_.volumes.at("cache").name, "cache") << "an unknown volume is made under the name given";
}

TEST_F(RunOptionsTest, ANameAloneIsAVariableOfTheProject) {
  project_.environment = {{"FROM_DOTENV", "1"}};
  flags_.environment = {"FROM_DOTENV", "NOWHERE", "GIVEN=2"};
  EXPECT_THAT(options().environment, ElementsAre(Pair("FROM_DOTENV", "1"), Pair("GIVEN", "2")));
}

TEST_F(RunOptionsTest, OfSeveralFilesTheFirstCountsAndTheCommandLineOverThem) {
  std::ofstream(temp_.path() / "1.env") << "A=1\nB=1\nC=${GIVEN}\n";
  std::ofstream(temp_.path() / "2.env") << "A=2\nD=2\n";
  flags_.env_files = {temp_.path() / "1.env", temp_.path() / "2.env"};
  flags_.environment = {"B=0", "GIVEN=x"};
  EXPECT_THAT(options().environment,
              ElementsAre(Pair("A", "1"), Pair("B", "0"), Pair("C", "x"), Pair("D", "2"), Pair("GIVEN", "x")));
}

TEST(CommandWords, YesIsSaidInDockerComposesWords) {
  for (const char* yes : {"1", "t", "true", "TRUE", "Y", " true "}) EXPECT_TRUE(is_yes(yes)) << yes;
  for (const char* no : {"", " ", "0", "false", "yes", "on", "t rue"}) EXPECT_FALSE(is_yes(no)) << no;
  EXPECT_FALSE(is_yes(std::nullopt));
}

TEST_F(RunOptionsTest, AVolumeOfTheProjectStaysWhatItIs) {
  project_.volumes["cache"] = {.key = "cache", .name = "p_cache"};
  flags_.volumes = {"cache:/cache"};
  (void)options();
  EXPECT_EQ(project_.volumes.at("cache").name, "p_cache");
}

TEST_F(RunOptionsTest, PortsAreReadAsInTheFile) {
  flags_.ports = {"127.0.0.1:8080:80", "9000-9001:90-91/udp"};
  const auto run = options();
  ASSERT_EQ(run.ports.size(), 3U);
  EXPECT_EQ(run.ports[0].host_ip, "127.0.0.1");
  EXPECT_EQ(run.ports[0].published->first, 8080);
  EXPECT_EQ(run.ports[2].target, 91);
  EXPECT_EQ(run.ports[2].protocol, "udp");
}

TEST_F(RunOptionsTest, WhatCannotBeReadNamesTheFlag) {
  flags_.volumes = {"bogus:::/x"};
  EXPECT_THAT(problem(), HasSubstr("--volume 'bogus:::/x': "));
  flags_.volumes.clear();
  flags_.ports = {"eighty"};
  EXPECT_THAT(problem(), HasSubstr("--publish 'eighty': "));
}

TEST_F(RunOptionsTest, AnEntrypointIsSplitIntoWordsAndMayBeEmpty) {
  EXPECT_FALSE(options().entrypoint.has_value());
  flags_.entrypoint = "sh -c 'a b' $HOME";
  EXPECT_EQ(options().entrypoint, (std::vector<std::string>{"sh", "-c", "a b", "$HOME"}));
  flags_.entrypoint = "";
  EXPECT_EQ(options().entrypoint, std::vector<std::string>{});
}

TEST_F(RunOptionsTest, VariablesComeFromFilesThenFlagsAndBareNamesFromHere) {
  const std::string file = temp_.path() / "env";
  std::ofstream(file) << "A=file\nB=file\n";
  context_.environment = {{"C", "here"}};
  flags_.env_files = {file};
  flags_.environment = {"B=flag", "C", "UNSET"};
  EXPECT_THAT(options().environment, ElementsAre(Pair("A", "file"), Pair("B", "flag"), Pair("C", "here")))
      << "a bare name that is not set leaves the file's value alone";
}

TEST_F(RunOptionsTest, FlagsThatDoNotFitTogetherAreErrors) {
  flags_.service_ports = true;
  flags_.ports = {"80"};
  EXPECT_EQ(problem(), "--service-ports and --publish are incompatible");
  flags_.service_ports = false;
  flags_.tty = true;
  EXPECT_THAT(problem(), HasSubstr("stdin is not a terminal"));
}

}  // namespace
}  // namespace davit::cli
