// Rules of docker compose's reading that no text states; each was seen in its answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Texts = std::vector<std::pair<std::string, std::string>>;

LoadTest service(const std::string& attributes) {
  return LoadTest("services: {a: {image: x, " + attributes + "}}");
}

TEST(ReadingRules, NumbersInTextAreDecimal) {
  EXPECT_THAT(service("cpu_shares: '0644'").yaml(), HasSubstr("cpu_shares: 644\n"));
  LoadTest variable = service("cpu_shares: '${V}'");
  variable.request.environment = {{"V", "010"}};
  EXPECT_THAT(variable.yaml(), HasSubstr("cpu_shares: 10\n"));
  EXPECT_THAT(service("cpus: '0x10'").messages(), HasSubstr("'cpus' must be a number, such as 0.5, found '0x10'"));
}

TEST(ReadingRules, NumbersTooLargeForADoubleAreText) {
  EXPECT_THAT(service("hostname: 1e400").yaml(), HasSubstr("hostname: 1e400\n"));
}

TEST(ReadingRules, IntegersThatDoNotFitAreRefused) {
  EXPECT_THAT(service("mem_limit: 9223372036854775808").messages(), HasSubstr("too large for a byte size"));
  EXPECT_THAT(service("pids_limit: 99999999999999999999").messages(), HasSubstr("'pids_limit' must be an integer"));
}

TEST(ReadingRules, DatesAreNoStrings) {
  for (const char* where : {"hostname: 2020-01-02", "dns: 2020-01-02", "cap_add: [2020-01-02]", "build: 2020-01-02",
                            "env_file: 2020-01-02", "healthcheck: {test: 2020-01-02}"})
    EXPECT_THAT(service(where).messages(), AllOf(HasSubstr("found a date"), HasSubstr("put the value in quotes")))
        << where;
}

TEST(ReadingRules, DatesInPlaceOfCommandsAndSizesHaveNoEffect) {
  LoadTest test = service("command: 2020-01-02, mem_limit: 2020-01-02");
  EXPECT_THAT(test.messages(), AllOf(HasSubstr("'command' has no effect"), HasSubstr("'mem_limit' has no effect")));
  EXPECT_THAT(test.yaml(), Not(HasSubstr("2020")));
}

TEST(ReadingRules, StorageOptionsAndGroupsAreNoFractions) {
  EXPECT_THAT(service("storage_opt: {size: 1.5}").messages(), HasSubstr("must be a string or an integer"));
  EXPECT_THAT(service("group_add: [1.5]").messages(), HasSubstr("must be an integer or a string"));
  EXPECT_THAT(service("storage_opt: {size: 5}").messages(), IsEmpty());
}

TEST(ReadingRules, AModeIsAWholeNumber) {
  for (const char* mode : {"2.0", "9223372036854775808"})
    EXPECT_THAT(service("configs: [{source: c, mode: " + std::string(mode) + "}]").messages(),
                HasSubstr("'mode' must be an octal number"))
        << mode;
}

TEST(ReadingRules, PortsAndModesAreAtLeastZero) {
  EXPECT_THAT(service("ports: [{target: -1}]").messages(), HasSubstr("'target' must be at least 0"));
  EXPECT_THAT(service("volumes: [{type: tmpfs, target: /t, tmpfs: {mode: -1}}]").messages(),
              HasSubstr("'mode' must be at least 0"));
}

TEST(ReadingRules, WhatAnOverrideTagStandsBeforeIsText) {
  LoadTest test(
      Texts{{"compose.yaml", "services: {a: {image: x, command: [a], init: true, hostname: h}}"},
            {"b.yaml", "services: {a: {command: !override null, init: !override false, hostname: !override 5}}"}});
  test.request.files = {"compose.yaml", "b.yaml"};
  EXPECT_THAT(test.yaml(),
              AllOf(HasSubstr("- \"null\"\n"), HasSubstr("init: false\n"), HasSubstr("hostname: \"5\"\n")));
}

TEST(ReadingRules, BinaryIsDecoded) {
  EXPECT_THAT(service("hostname: !!binary aGk=").yaml(), HasSubstr("hostname: hi\n"));
  EXPECT_THAT(service("hostname: !!binary '&'").messages(), HasSubstr("needs text in base64"));
}

TEST(ReadingRules, NestedValuesDoNotMergeIntoNamedOnes) {
  LoadTest test(Texts{{"compose.yaml", "services: {a: {image: x, labels: {a: b}}}"},
                      {"b.yaml", "services: {a: {labels: {c: {d: e}}}}"}});
  test.request.files = {"compose.yaml", "b.yaml"};
  EXPECT_THAT(test.messages(), HasSubstr("b.yaml:1:28: error: 'c' must have a single value, found a mapping"));
}

TEST(ReadingRules, ANamedServiceNeedsItsDisabledDependencies) {
  LoadTest test(std::string("services: {a: {image: x, profiles: [p], depends_on: [b]}, b: {image: y, profiles: [q]}}"));
  test.request.profiles = {};
  test.request.services = {"a"};
  EXPECT_THAT(test.messages(),
              AllOf(HasSubstr("1:54: error: service 'a' depends on service 'b', which no active profile"),
                    HasSubstr("--profile q")));
  test.request.services = {"a", "b"};
  EXPECT_THAT(test.messages(), IsEmpty());
  test.request.services = {"a"};
  test.request.dependencies = Dependencies::Ignore;
  EXPECT_THAT(test.messages(), IsEmpty());
}

TEST(ReadingRules, AServiceMayDoWithoutADependencyThatIsNotRequired) {
  LoadTest test(
      std::string("services: {a: {image: x, profiles: [p], depends_on: {b: {condition: service_started, "
                  "required: false}}}, b: {image: y, profiles: [q]}}"));
  test.request.profiles = {};
  test.request.services = {"a"};
  EXPECT_THAT(test.messages(), IsEmpty());
}

TEST(ReadingRules, TheEmptyProfileIsActiveWhenNoneIsNamed) {
  LoadTest test(std::string("services: {a: {image: x, profiles: ['']}}"));
  test.request.profiles = {};
  EXPECT_THAT(test.yaml(), HasSubstr("image: x"));
  test.request.profiles = {"p"};
  EXPECT_THAT(test.yaml(), Not(HasSubstr("image: x")));
}

TEST(ReadingRules, APathSeparatorMayHaveSeveralCharacters) {
  LoadTest test(Texts{{"a.yaml", "services: {a: {image: x}}"}, {"b.yaml", "services: {b: {image: z}}"}});
  test.request.environment = {{"COMPOSE_FILE", "a.yaml::b.yaml"}, {"COMPOSE_PATH_SEPARATOR", "::"}};
  EXPECT_THAT(test.yaml(), AllOf(HasSubstr("image: x"), HasSubstr("image: z")));
}

TEST(ReadingRules, AnEnvFileMayDisableItself) {
  LoadTest test(Texts{{"compose.yaml", "services: {a: {image: 'x${TAG-}-${COMPOSE_TAG-}'}}"},
                      {".env", "TAG=1\nCOMPOSE_TAG=2\nCOMPOSE_DISABLE_ENV_FILE=true\n"}});
  EXPECT_THAT(test.yaml(), HasSubstr("image: x-2\n"));
}

TEST(ReadingRules, AnIncludeWithoutAPathHasNoEffect) {
  const LoadTest test(std::string("include: [{}, null]\nservices: {a: {image: x}}"));
  EXPECT_THAT(test.messages(), HasSubstr("warning: an include without a path has no effect"));
  EXPECT_THAT(test.yaml(), HasSubstr("image: x"));
}

TEST(ReadingRules, ALabelFileLooksIntoEarlierFilesFirst) {
  const LoadTest test(
      Texts{{"compose.yaml", "services: {a: {image: x, label_file: [f, g]}}"}, {"f", "A=f\n"}, {"g", "A=g\nB=${A}\n"}});
  EXPECT_THAT(test.yaml(), AllOf(HasSubstr("A: g\n"), HasSubstr("B: f\n")));
}

TEST(ReadingRules, AProjectCanBeMadeOfValuesAsTheyAre) {
  LoadTest test(std::string("services: {a: {image: 'x:${TAG:-1}'}, b: {image: y, profiles: [q]}}"));
  test.request.profiles = {};
  test.request.environment = {{"HOME", "/h"}};
  test.request.options.interpolate = false;
  test.request.options.project = true;
  const LoadResult result = test.load();
  ASSERT_TRUE(result.loaded) << LoadTest::messages(result);
  ASSERT_EQ(result.loaded->project.services.size(), 1U);
  EXPECT_EQ(result.loaded->project.services.begin()->second.image, "x:${TAG:-1}");
  EXPECT_EQ(result.loaded->project.environment.at("HOME"), "/h");
}

}  // namespace
}  // namespace davit::compose
