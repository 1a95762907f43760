#include "davit/build/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "davit/build/cache_key.hpp"
#include "davit/dockerfile/parser.hpp"

namespace davit::build {
namespace {

using Strings = std::vector<std::string>;

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    image::ImageConfig config;
    config.architecture = image::host_architecture();
    config.env = {"PATH=/bin", "LANG=C"};
    config.cmd = {"base"};
    config.working_dir = "/base";
    config.diff_ids = {"sha256:" + std::string(64, '1')};
    images_["box"] = config;
    config.on_build = {"ENV TRIGGERED=yes", "RUN trigger"};
    images_["trigger"] = config;
  }

  Result<BuildPlan, Diagnostics> plan(std::string_view text) {
    text_ = text;
    auto file = dockerfile::parse(text, "Dockerfile");
    if (!file) return file.error();
    return make_plan(*file, options_, [this](const std::string& name) -> std::optional<BaseImage> {
      asked_.push_back(name);
      const auto found = images_.find(name);
      if (found == images_.end()) return std::nullopt;
      return BaseImage{ImageId("sha256:" + std::string(64, 'a')), name, found->second};
    });
  }
  BuildPlan must_plan(std::string_view text) {
    auto result = plan(text);
    if (!result) throw std::runtime_error(render(result.error().items().front(), nullptr));
    return *std::move(result);
  }
  std::string failure(std::string_view text) {
    auto result = plan(text);
    if (result) return "no error";
    const auto source = [this](const std::string&) { return std::optional<std::string>(text_); };
    std::string out;
    for (const auto& d : result.error().items()) out += render(d, source);
    return out;
  }
  static Strings titles(const BuildPlan& plan) {
    Strings out;
    for (const auto& stage : plan.stages)
      for (const auto& step : stage.steps) out.push_back(step.title);
    return out;
  }
  static const RunStep& run_of(const BuildPlan& plan, std::size_t step) {
    return std::get<RunStep>(plan.stages.back().steps.at(step).action);
  }
  static const CopyStep& copy_of(const BuildPlan& plan, std::size_t step) {
    return std::get<CopyStep>(plan.stages.back().steps.at(step).action);
  }

  std::map<std::string, image::ImageConfig> images_;
  PlanOptions options_;
  Strings asked_;
  std::string text_;
};

TEST_F(PlanTest, TakesOnlyTheStagesTheTargetNeeds) {
  const auto p = must_plan(
      "FROM box AS deps\nRUN deps\nFROM nothere AS unused\nRUN unused\nFROM deps AS build\nRUN build\n"
      "FROM scratch\nCOPY --from=build /x /x\n");
  EXPECT_EQ(titles(p),
            (Strings{"[deps 2/2] RUN deps", "[build 2/2] RUN build", "[stage-3 2/2] COPY --from=build /x /x"}));
  EXPECT_EQ(asked_, Strings{"box"}) << "the image of an unused stage is not even looked for";
  EXPECT_EQ(inputs_of(p.stages[2]), std::set<std::size_t>{1});
  EXPECT_EQ(inputs_of(p.stages[1]), std::set<std::size_t>{0});
}

TEST_F(PlanTest, TargetEndsTheBuildThere) {
  options_.target = "Deps";
  EXPECT_EQ(titles(must_plan("FROM box AS deps\nRUN deps\nFROM nothere\n")), Strings{"[deps 2/2] RUN deps"});
  options_.target = "dep";
  EXPECT_EQ(failure("FROM box AS deps\nFROM box AS other\n"),
            "Dockerfile: error: target stage 'dep' is not in this file\n"
            "  note: stages: deps, other\n"
            "  note: stage 'deps' begins here (Dockerfile:1:13)\n  hint: did you mean 'deps'?\n");
}

TEST_F(PlanTest, CopyFromNeedsAStageBeforeIt) {
  EXPECT_EQ(failure("FROM box AS a\nCOPY --from=b /x /x\nFROM box AS b\n"), "no error") << "a is not needed";
  options_.target = "a";
  EXPECT_EQ(failure("FROM box AS a\nCOPY --from=b /x /x\nFROM box AS b\n"),
            "Dockerfile:2:6: error: image 'b' is not in the store\n    2 | COPY --from=b /x /x\n      |      ^~~~~~~~\n"
            "  note: stage 'b' is defined later; a stage can use only those before it (Dockerfile:3:13)\n");
  options_.target = "";
  EXPECT_EQ(
      failure("FROM box AS a\nCOPY --from=a /x /x\n"),
      "Dockerfile:2:6: error: stage 'a' cannot copy from itself\n    2 | COPY --from=a /x /x\n      |      ^~~~~~~~\n");
  EXPECT_NE(failure("FROM box\nCOPY --from=3 /x /x\n").find("there is no stage 3"), std::string::npos);
  EXPECT_NE(failure("FROM box AS build\nFROM box\nCOPY --from=biuld /x /x\n").find("did you mean stage 'build'?"),
            std::string::npos);
}

TEST_F(PlanTest, AStopSignalIsOne) {
  EXPECT_EQ(failure("FROM box\nARG S=SIGRTMIN+3\nSTOPSIGNAL $S\n"), "no error");
  EXPECT_EQ(failure("FROM box\nSTOPSIGNAL SIGFOO\n"),
            "Dockerfile:2:1: error: invalid signal 'SIGFOO'\n    2 | STOPSIGNAL SIGFOO\n      | ^~~~~~~~~~\n"
            "  hint: write its name or number: SIGTERM, SIGINT, SIGRTMIN+3, 15\n");
}

TEST_F(PlanTest, GlobalArgumentsAreForFromAndForStagesThatDeclareThem) {
  const auto p = must_plan("ARG NAME=bo\nARG IMAGE=${NAME}x\nFROM $IMAGE\nARG NAME\nRUN a $NAME\nRUN b\n");
  EXPECT_EQ(run_of(p, 0).env, (Strings{"PATH=/bin", "LANG=C", "NAME=bo"}));
  EXPECT_EQ(p.warnings.size(), 0U);
}

TEST_F(PlanTest, WarnsWhenAGlobalArgumentIsUsedUndeclared) {
  const auto p = must_plan("ARG V=1\nFROM box\nENV A=$V B=$LANGG C=${OK:-x}\n");
  ASSERT_EQ(p.warnings.size(), 2U);
  EXPECT_EQ(render(p.warnings[0], nullptr),
            "Dockerfile:3:7: warning: variable 'V' has no value\n"
            "  note: ARG V is declared before FROM, which only FROM lines see (Dockerfile:1:5)\n"
            "  hint: add 'ARG V' to this stage\n");
  EXPECT_EQ(p.warnings[1].hint, "did you mean 'LANG'?");
}

TEST_F(PlanTest, BuildArgumentsWinOverDefaultsAndEnvOverBoth) {
  options_.args = {{"A", "given"}, {"E", "given"}, {"TYPO", "x"}, {"HTTP_PROXY", "p"}};
  const auto p = must_plan("FROM box\nARG A=default\nARG B=${A}-b\nENV E=env\nARG E\nARG TYPE\nRUN x $E\n");
  EXPECT_EQ(run_of(p, 0).env,
            (Strings{"PATH=/bin", "LANG=C", "E=env", "A=given", "B=given-b", "HTTP_PROXY=p", "http_proxy=p"}));
  EXPECT_EQ(run_of(p, 0).unkeyed_env, (std::set<std::string>{"HTTP_PROXY", "http_proxy"}));
  ASSERT_EQ(p.warnings.size(), 1U);
  EXPECT_EQ(p.warnings[0].message, "build argument 'TYPO' is not used by any ARG");
  EXPECT_EQ(p.warnings[0].hint, "did you mean 'TYPE'?");
  EXPECT_EQ(p.stages[0].config.env, (Strings{"PATH=/bin", "LANG=C", "E=env"})) << "arguments are not in the image";
}

TEST_F(PlanTest, AProxyIsSeenInBothSpellingsUnlessOneIsSetOtherwise) {
  options_.args = {{"https_proxy", "low"}, {"HTTPS_PROXY", "high"}, {"no_proxy", "n"}};
  EXPECT_EQ(run_of(must_plan("FROM box\nRUN x\n"), 0).env,
            (Strings{"PATH=/bin", "LANG=C", "HTTPS_PROXY=high", "https_proxy=low", "NO_PROXY=n", "no_proxy=n"}));
  options_.args = {{"HTTP_PROXY", "p"}};
  EXPECT_EQ(run_of(must_plan("FROM box\nENV http_proxy=own\nRUN x\n"), 0).env,
            (Strings{"PATH=/bin", "LANG=C", "http_proxy=own", "HTTP_PROXY=p"}));
  EXPECT_EQ(run_of(must_plan("FROM box\nARG HTTP_PROXY\nRUN x\n"), 0).unkeyed_env,
            (std::set<std::string>{"http_proxy"}));
}

TEST_F(PlanTest, ArgumentsAreInheritedByChildStagesOnly) {
  const auto p = must_plan("FROM box AS a\nARG X=1\nFROM a AS b\nRUN b\nFROM box\nCOPY --from=b /x /$X/\nRUN c\n");
  const auto& b = std::get<RunStep>(p.stages[1].steps[0].action);
  EXPECT_EQ(b.env.back(), "X=1");
  EXPECT_EQ(std::get<CopyStep>(p.stages[2].steps[0].action).destination, "/");
  EXPECT_EQ(std::get<RunStep>(p.stages[2].steps[1].action).env.back(), "LANG=C");
}

TEST_F(PlanTest, WordsOfOneEnvSeeTheValuesBefore) {
  const auto p = must_plan("FROM scratch\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n");
  EXPECT_EQ(p.stages[0].config.env, (Strings{"abc=bye", "def=hello", "ghi=bye"}));
}

TEST_F(PlanTest, PathExtendsTheUsualFoldersWhenTheBaseImageNamesNone) {
  images_["box"].env.clear();
  const BuildPlan built = must_plan("FROM box\nENV PATH=/opt/bin:$PATH\n");
  EXPECT_EQ(built.stages.back().config.env,
            (Strings{"PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}));
}

TEST_F(PlanTest, PathsAreRelativeToTheWorkingDirectory) {
  const auto p =
      must_plan("FROM box\nWORKDIR one\nWORKDIR ../two\nCOPY a .\nCOPY a b/\nCOPY a c\nCOPY a /d\nCOPY a $nothing\n");
  EXPECT_EQ(p.stages[0].config.working_dir, "/base/two");
  EXPECT_EQ(copy_of(p, 2).destination, "/base/two/");
  EXPECT_EQ(copy_of(p, 3).destination, "/base/two/b/");
  EXPECT_EQ(copy_of(p, 4).destination, "/base/two/c");
  EXPECT_EQ(copy_of(p, 5).destination, "/d");
  EXPECT_EQ(copy_of(p, 6).destination, "/base/two/");
}

TEST_F(PlanTest, TriggersRunFirstAndAreNotInherited) {
  const auto p = must_plan("FROM trigger\nRUN own $TRIGGERED\n");
  EXPECT_EQ(titles(p), (Strings{"[2/3] RUN trigger", "[3/3] RUN own $TRIGGERED"}));
  EXPECT_EQ(run_of(p, 1).env.back(), "TRIGGERED=yes");
  EXPECT_TRUE(p.stages[0].config.on_build.empty());
}

TEST_F(PlanTest, ShellIsUsedByTheFormsThatNeedOne) {
  const auto p = must_plan("FROM box\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN a b\nRUN [\"c\", \"d\"]\nCMD x y\n");
  EXPECT_EQ(run_of(p, 0).args, (Strings{"/bin/bash", "-ec", "a b"}));
  EXPECT_EQ(run_of(p, 1).args, (Strings{"c", "d"}));
  EXPECT_EQ(p.stages[0].config.cmd, (Strings{"/bin/bash", "-ec", "x y"}));
}

TEST_F(PlanTest, HistoryIsInBuildKitsWords) {
  options_.args = {{"V", "1"}};
  const auto p = must_plan("FROM box\nARG V\nENV A=b\nRUN make\nCOPY a /b\nCMD [\"x\"]\n");
  Strings lines;
  for (const auto& line : p.stages[0].history) lines.push_back((line.step ? "+ " : "- ") + line.created_by);
  EXPECT_EQ(lines, (Strings{"- ARG V", "- ENV A=b", "+ RUN |1 V=1 /bin/sh -c make # buildkit", "+ COPY a /b # buildkit",
                            "- CMD [\"x\"]"}));
}

TEST_F(PlanTest, OtherPlatformsAreRefused) {
  EXPECT_NE(failure("FROM --platform=linux/s390x box\n").find("platform 'linux/s390x' is not supported"),
            std::string::npos);
  EXPECT_EQ(failure("FROM --platform=$BUILDPLATFORM box\n"), "no error");
}

TEST_F(PlanTest, ExpansionErrorsPointIntoTheWord) {
  EXPECT_EQ(failure("FROM box\nENV A=\"x${B:?set B}\"\n"),
            "Dockerfile:2:9: error: B: set B\n    2 | ENV A=\"x${B:?set B}\"\n      |         ^~~~~~~~~~~~\n");
}

TEST_F(PlanTest, LabelsOfTheCommandLineWin) {
  options_.labels = {{"a", "cli"}};
  EXPECT_EQ(must_plan("FROM box\nLABEL a=file b=c\n").stages[0].config.labels,
            (std::map<std::string, std::string>{{"a", "cli"}, {"b", "c"}}));
}

// --- cache keys

class KeyTest : public PlanTest {
 protected:
  std::string key(std::string_view text, std::size_t step = 0) {
    const auto p = must_plan(text);
    return definition_of(p.stages.back().steps.at(step), "base", "amd64").key();
  }
};

TEST_F(KeyTest, MetadataIsNotInIt) {
  const std::string plain = key("FROM box\nRUN make\n");
  EXPECT_EQ(key("FROM box\nLABEL a=b\nCMD [\"x\"]\nEXPOSE 80\nRUN make\n"), plain);
  EXPECT_NE(key("FROM box\nRUN make all\n"), plain);
  EXPECT_NE(key("FROM box\nENV A=b\nRUN make\n"), plain);
  EXPECT_NE(key("FROM box\nUSER app\nRUN make\n"), plain);
  EXPECT_NE(key("FROM box\nRUN --network=none make\n"), plain);
  EXPECT_NE(key("FROM box\nRUN [\"make\"]\n"), plain);
}

TEST_F(KeyTest, ArgumentsCountFromTheirDeclaration) {
  options_.args = {{"V", "1"}};
  const std::string before = key("FROM box\nRUN make\nARG V\n");
  const std::string after = key("FROM box\nARG V\nRUN make\n");
  options_.args = {{"V", "2"}};
  EXPECT_EQ(key("FROM box\nRUN make\nARG V\n"), before);
  EXPECT_NE(key("FROM box\nARG V\nRUN make\n"), after);
  EXPECT_EQ(key("FROM box\nARG V\nCOPY a /b\n"), key("FROM box\nCOPY a /b\n")) << "COPY sees only what it uses";
}

TEST_F(KeyTest, ProxiesCountOnlyWhenDeclared) {
  const std::string plain = key("FROM box\nRUN make\n");
  options_.args = {{"http_proxy", "http://p"}};
  EXPECT_EQ(key("FROM box\nRUN make\n"), plain);
  EXPECT_NE(key("FROM box\nARG http_proxy\nRUN make\n"), plain);
}

TEST_F(KeyTest, CacheMountContentsAndSecretValuesAreNotInIt) {
  EXPECT_EQ(key("FROM box\nRUN --mount=type=cache,target=/c,id=a make\n"),
            key("FROM box\nRUN --mount=type=cache,target=/c,id=b make\n"));
  EXPECT_NE(key("FROM box\nRUN --mount=type=secret,id=a make\n"), key("FROM box\nRUN --mount=type=secret,id=b make\n"));
}

TEST_F(KeyTest, WhatARunIsGivenBesideIsInItButNotTheAddressesOfHosts) {
  const auto p = must_plan("FROM box\nRUN make\nCOPY a /b\n");
  const auto key_with = [&](std::size_t step, const RunSurroundings& around) {
    return definition_of(p.stages.back().steps.at(step), "base", "amd64", around).key();
  };
  const std::string plain = key_with(0, {});
  EXPECT_NE(key_with(0, {.ulimits = {{"nofile", 1024, 1024}}}), plain);
  EXPECT_NE(key_with(0, {.ulimits = {{"nofile", 1024, 1024}}}), key_with(0, {.ulimits = {{"nofile", 1024, 2048}}}));
  EXPECT_NE(key_with(0, {.shm_size = 1 << 20}), plain);
  EXPECT_NE(key_with(0, {.extra_hosts = {{"db", "10.0.0.1"}}}), plain);
  EXPECT_EQ(key_with(0, {.extra_hosts = {{"db", "10.0.0.1"}}}), key_with(0, {.extra_hosts = {{"db", "10.0.0.2"}}}));
  EXPECT_EQ(key_with(1, {.shm_size = 1 << 20}), key_with(1, {})) << "of COPY";
}

TEST(Ingredients, KeepLengthsApart) {
  Ingredients a;
  a.add("x", "1y2");
  Ingredients b;
  b.add("x", "1");
  b.add("y", "2");
  EXPECT_NE(a.key(), b.key());
  EXPECT_EQ(Ingredients::from_json(b.to_json()), b);
  EXPECT_EQ(Ingredients::from_json("[1]"), std::nullopt);
}

TEST(Ingredients, ExplainWhatChanged) {
  Ingredients before;
  before.add("base", "1");
  before.add("env A", "x");
  before.add("source main.py", "d1");
  Ingredients now;
  now.add("base", "1");
  now.add("source main.py", "d2");
  now.add("env B", "y");
  EXPECT_EQ(explain_difference(before, now), (Strings{"source main.py changed", "env B was added", "env A is gone"}));
}

}  // namespace
}  // namespace davit::build
