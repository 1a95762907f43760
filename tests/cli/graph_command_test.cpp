#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
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

class GraphCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const name : {"COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "COMPOSE_PROFILES"}) ::unsetenv(name);
  }
  Output graph(const std::string& yaml, std::vector<std::string> words = {}) {
    const std::string file = folder_.path() / "compose.yaml";
    std::ofstream(file) << yaml;
    words.insert(words.begin(), {"-p", "shop", "-f", file, "graph"});
    return run_davit(words);
  }
  davit::test::TempDir folder_;
};

constexpr const char* kStack = R"(services:
  web: {image: web, depends_on: [api], network_mode: "service:api"}
  api: {image: api, depends_on: {db: {condition: service_healthy}}}
  db: {image: db}
  spy: {image: spy, profiles: [debug], depends_on: [db]}
)";

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The indented block behind a line of the README, without its indentation.
std::string block_after(const std::string& text, const std::string& line) {
  std::istringstream lines(text.substr(text.find(line) + line.size() + 1));
  std::string out;
  for (std::string next; std::getline(lines, next) && (next.empty() || next.starts_with("    "));)
    out += next.empty() ? "\n" : next.substr(4) + "\n";
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

TEST_F(GraphCommand, TheReadmeShowsTheGuestbookAsItIsDrawn) {
  ::unsetenv("GUESTBOOK_PORT");
  const Output got = run_davit({"-f", DAVIT_SOURCE_DIR "/examples/guestbook/compose.yaml", "graph"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out, block_after(text_of(DAVIT_SOURCE_DIR "/README.md"),
                                 "<!-- davit graph -f examples/guestbook/compose.yaml -->"));
}

TEST_F(GraphCommand, ServicesAreDrawnWithWhatTheyNeed) {
  const Output got = graph(kStack, {"api"});
  EXPECT_THAT(got.out, HasSubstr("shop: 2 services in 2 waves"));
  EXPECT_THAT(got.out, Not(HasSubstr("web")));
}

TEST_F(GraphCommand, AllShowsInactiveServicesAndTheirDependencies) {
  EXPECT_THAT(graph(kStack).out, Not(HasSubstr("spy")));
  const auto document = boost::json::parse(graph(kStack, {"--all", "--format", "json"}).out);
  EXPECT_EQ(document.at_pointer("/services/2/name"), "spy");
  EXPECT_EQ(document.at_pointer("/services/2/enabled"), false);
  EXPECT_EQ(document.at_pointer("/services/1/enabled"), true);
  EXPECT_EQ(document.at("dependencies").as_array().size(), 3U);
}

TEST_F(GraphCommand, AllShowsThatAnActiveServiceNeedsAnInactiveOne) {
  const std::string yaml =
      "services:\n  web: {image: web, depends_on: [debugger]}\n  debugger: {image: d, profiles: [debug]}\n";
  EXPECT_EQ(graph(yaml).code, 1);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--all"}, {"--all", "web"}}) {
    const Output got = graph(yaml, words);
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_THAT(got.out, HasSubstr("┊ debugger"));
    EXPECT_THAT(got.out, HasSubstr("│ web"));
  }
  EXPECT_THAT(graph(yaml, {"--all", "wbe"}).err, HasSubstr("no such service: wbe"));
}

TEST_F(GraphCommand, JsonSaysWhereADependencyIsAndWhatItFollowsFrom) {
  const auto document = boost::json::parse(graph(kStack, {"--format", "json"}).out);
  const auto& dependency = document.at_pointer("/dependencies/1");
  EXPECT_EQ(dependency.at("from"), "web");
  EXPECT_EQ(dependency.at("to"), "api");
  EXPECT_EQ(dependency.at("line"), 2);
  EXPECT_EQ(dependency.at("through"), boost::json::parse(R"(["network_mode"])"));
}

TEST_F(GraphCommand, AnOutputFileGetsThePictureAndStandardOutputNothing) {
  const std::string file = folder_.path() / "out.svg";
  const Output got = graph(kStack, {"--format", "svg", "-o", file});
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(text_of(file), ::testing::StartsWith("<svg "));
  const Output refused = graph(kStack, {"-o", "/nonexistent/out"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("cannot write '/nonexistent/out'"));
}

TEST_F(GraphCommand, ANarrowPipeGetsAList) {
  ::setenv("COLUMNS", "24", 1);
  const Output got =
      graph("services: {service-with-a-long-name: {image: a}, b: {image: b, depends_on: [service-with-a-long-name]}}");
  ::unsetenv("COLUMNS");
  EXPECT_THAT(got.out, HasSubstr("wave 1\n  service-with-a-long-n…\n"));
}

TEST_F(GraphCommand, ALocaleWithoutUnicodeGetsAscii) {
  ::setenv("LC_ALL", "C", 1);
  const Output got = graph(kStack);
  ::unsetenv("LC_ALL");
  EXPECT_THAT(got.out, HasSubstr("+-----+"));
}

TEST_F(GraphCommand, MistakesAreToldAsEverywhere) {
  const Output cycle = graph("services: {a: {image: a, depends_on: [b]}, b: {image: b, depends_on: [a]}}");
  EXPECT_EQ(cycle.code, 1);
  EXPECT_EQ(cycle.out, "");
  EXPECT_THAT(cycle.err, HasSubstr("dependency cycle: a -> b -> a"));
  const Output format = graph(kStack, {"--format", "gif"});
  EXPECT_EQ(format.code, 1);
  EXPECT_THAT(format.err, HasSubstr("text, mermaid, dot, svg, json"));
  const Output unknown = graph(kStack, {"ap"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("ap"));
}

}  // namespace
}  // namespace davit::cli
