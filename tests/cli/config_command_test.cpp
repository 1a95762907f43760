#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "run_davit.hpp"
#include "support/temp_dir.hpp"

namespace davit::cli {
namespace {

using test::Output;
using test::run_davit;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigCommand : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string file = folder_.path() / name;
    std::ofstream(file) << text;
    return file;
  }
  Output config(const std::string& yaml, std::vector<std::string> words) {
    words.insert(words.begin(), {"-f", write("compose.yaml", yaml), "config"});
    return run_davit(words);
  }
  davit::test::TempDir folder_;
};

std::vector<boost::json::object> lines_of(const std::string& text) {
  std::vector<boost::json::object> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) objects.push_back(boost::json::parse(line).as_object());
  return objects;
}

constexpr const char* kWrong = "services:\n  a: {imag: x}\n  b: {image: x, depends_on: [c]}\n";
constexpr const char* kWarns = "version: '3'\nname: n\nservices: {a: {image: x}}\n";

TEST_F(ConfigCommand, ListsAreMadeWithoutInterpolationToo) {
  const std::string yaml = "services: {a: {image: 'x:${TAG:-1}'}, b: {image: y, profiles: [q]}}\n";
  EXPECT_EQ(config(yaml, {"--no-interpolate", "--images"}).out, "x:${TAG:-1}\n");
  EXPECT_EQ(config(yaml, {"--no-interpolate", "--services"}).out, "a\nb\n");
}

TEST_F(ConfigCommand, EnvironmentKnowsOnlyNamedServices) {
  const Output output = config("services: {a: {image: x}}\n", {"--environment", "nope"});
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.err, HasSubstr("no such service: nope"));
}

TEST_F(ConfigCommand, VariablesAreIndentedAsDockerComposeDoes) {
  EXPECT_THAT(config("services: {a: {image: '$TAG'}}\n", {"--variables", "--format", "json"}).out,
              HasSubstr("{\n    \"TAG\": {\n        \"Name\": \"TAG\",\n"));
}

TEST_F(ConfigCommand, SaysWhereValuesComeFrom) {
  write(".env", "TAG=2\n");
  const Output got = config("name: n\nservices: {a: {image: \"x:$TAG\"}}\n", {"--origin"});
  EXPECT_EQ(got.code, 0);
  EXPECT_THAT(got.out, HasSubstr("    image: x:2"));
  EXPECT_THAT(got.out, HasSubstr("/.env:1 through "));
  EXPECT_THAT(got.out, HasSubstr("    name: n_default  # named after the project\n"));
}

TEST_F(ConfigCommand, OriginsCanBeLoadedAgain) {
  const std::string yaml = "name: n\nservices: {a: {image: x, command: ['a$$b', \"c # d\"], ports: ['80:80']}}\n";
  const Output plain = config(yaml, {});
  const Output with_origins = config(yaml, {"--origin"});
  EXPECT_THAT(with_origins.out, Not(plain.out));
  EXPECT_EQ(config(with_origins.out, {}).out, plain.out);
}

TEST_F(ConfigCommand, PrintsMistakesAsJson) {
  const Output got = config(kWrong, {"--format", "json"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.out, "");
  const auto messages = lines_of(got.err);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].at("severity"), "error");
  EXPECT_EQ(messages[0].at("code"), "unknown-attribute");
  EXPECT_EQ(messages[0].at("line"), 2);
  EXPECT_EQ(messages[0].at("column"), 7);
  EXPECT_EQ(messages[0].at("end_column"), 11);
  EXPECT_THAT(std::string(messages[0].at("hint").as_string()), HasSubstr("image"));
  EXPECT_TRUE(std::string(messages[1].at("file").as_string()).ends_with("compose.yaml"));
  EXPECT_FALSE(messages[1].at("notes").as_array().empty());
}

TEST_F(ConfigCommand, PrintsWarningsAsJsonBesideTheResult) {
  const Output got = config(kWarns, {"--format", "json"});
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(boost::json::parse(got.out).at("name"), "n");
  const auto messages = lines_of(got.err);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].at("severity"), "warning");
  EXPECT_EQ(config(kWarns, {"--format", "json", "-q"}).out, "");
}

TEST_F(ConfigCommand, PrintsOtherErrorsAsJsonToo) {
  const Output got = config(kWarns, {"--format", "json", "-o", (folder_.path() / "no" / "file").string()});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(std::string(lines_of(got.err).back().at("message").as_string()), HasSubstr("cannot write"));
}

TEST_F(ConfigCommand, PrintsTextOtherwise) {
  EXPECT_THAT(config(kWrong, {}).err, HasSubstr("compose.yaml:2:7: error: unknown attribute 'imag'"));
}

TEST_F(ConfigCommand, LintPrintsMistakesInTheSameForm) {
  const std::string file = write("compose.yaml", kWrong);
  const Output got = run_davit({"-f", file, "lint", "--format", "json"});
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.err, "");
  // An array of what config says line by line.
  std::istringstream lines(config(kWrong, {"--format", "json"}).err);
  boost::json::array expected;
  for (std::string line; std::getline(lines, line);) expected.push_back(boost::json::parse(line));
  EXPECT_EQ(boost::json::parse(got.out), boost::json::value(expected));
}

class ConfigDiff : public ConfigCommand {
 protected:
  Output diff(std::vector<std::string> words) {
    words.insert(words.begin(), {"config", "--diff"});
    return run_davit(words);
  }
  std::string a_ = write("a.yaml", "name: n\nservices: {web: {image: x}, old: {image: x}}\n");
  std::string b_ = write("b.yaml", "name: n\nservices:\n  web: {image: w}\n");
};

TEST_F(ConfigDiff, ExitsWithOneWhenProjectsDiffer) {
  const Output got = diff({a_, b_});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.out, HasSubstr("service old: removed"));
  EXPECT_THAT(got.out, HasSubstr("service web: changed, 'up' makes its containers anew\n  - image: x"));
  EXPECT_THAT(got.out, HasSubstr("  + image: w"));
  EXPECT_EQ(diff({a_, b_, "-q"}).out, "");
}

TEST_F(ConfigDiff, ExitsWithZeroWhenTheyDoNot) {
  const Output got = diff({a_, a_});
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out, "");
}

TEST_F(ConfigDiff, ExitsWithTwoWhenOneCannotBeRead) {
  EXPECT_EQ(diff({a_, a_ + ".nowhere"}).code, 2);
  EXPECT_EQ(diff({a_, write("bad.yaml", kWrong)}).code, 2);
  const Output got = diff({a_, (folder_.path() / "empty").string()});
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(diff({a_, b_, "--no-interpolate"}).code, 2);
  EXPECT_EQ(diff({a_, b_, "--nope"}).code, 2);
  EXPECT_EQ(diff({a_, b_, "--format", "xml"}).code, 2);
  EXPECT_EQ(run_davit({"config", "--diff"}).code, 2);
  EXPECT_EQ(run_davit({"config", "--nope"}).code, 1);
}

TEST_F(ConfigDiff, MergesFilesThatAreJoinedByCommas) {
  EXPECT_THAT(diff({a_, a_ + "," + b_}).out, HasSubstr("  + image: w"));
  EXPECT_THAT(diff({a_, a_ + "," + b_}).out, Not(HasSubstr("service old")));
}

TEST_F(ConfigDiff, ComparesWithTheCurrentProject) {
  const Output got = run_davit({"-f", b_, "config", "--diff", a_});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.out, HasSubstr("  + image: w"));
}

TEST_F(ConfigDiff, ComparesNamedServicesOnly) {
  EXPECT_THAT(diff({a_, b_, "web"}).out, Not(HasSubstr("service old")));
}

TEST_F(ConfigDiff, ReadsFoldersButNotThoseAboveThem) {
  write("compose.yaml", "name: n\nservices: {web: {image: z}}\n");
  EXPECT_THAT(diff({folder_.path().string(), b_}).out, HasSubstr("  - image: z"));
  std::filesystem::create_directory(folder_.path() / "below");
  const Output got = diff({(folder_.path() / "below").string(), b_});
  EXPECT_EQ(got.code, 2);
  EXPECT_THAT(got.err, HasSubstr("there is no Compose file in"));
}

TEST_F(ConfigDiff, IsJson) {
  const auto json = boost::json::parse(diff({a_, b_, "--format", "json"}).out);
  EXPECT_EQ(json.at("same"), false);
  const auto& parts = json.at("differences").as_array();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].at("change"), "removed");
  EXPECT_EQ(parts[1].at("made_anew"), true);
  const auto& value = parts[1].at("values").as_array().at(0);
  EXPECT_EQ(boost::json::serialize(value.at("path")), R"(["image"])");
  EXPECT_EQ(value.at("a").at("value"), "x");
  EXPECT_EQ(value.at("a").at("line"), 2);
  EXPECT_EQ(value.at("b").at("value"), "w");
  EXPECT_EQ(boost::json::parse(diff({a_, a_, "--format", "json"}).out).at("same"), true);
}

}  // namespace
}  // namespace davit::cli
