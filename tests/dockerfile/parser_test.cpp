#include "davit/dockerfile/parser.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "davit/base/files.hpp"

namespace davit::dockerfile {
namespace {

Dockerfile must_parse(std::string_view text) {
  auto result = parse(text, "Dockerfile");
  if (!result) {
    for (const auto& d : result.error().items()) ADD_FAILURE() << render(d, nullptr);
    return {};
  }
  return *std::move(result);
}

std::string errors(std::string_view text) {
  auto result = parse(text, "Dockerfile");
  if (result) return "no error";
  std::string out;
  for (const auto& d : result.error().items()) out += render(d, nullptr);
  return out;
}

template <class T>
const T& body(const Dockerfile& file, std::size_t index) {
  return std::get<T>(file.stages.at(0).instructions.at(index).body);
}

TEST(Parser, JoinsContinuationsDropsCommentsAndKeepsPositions) {
  const auto file = must_parse(
      "FROM scratch\n"
      "RUN apt-get update && \\\n"
      "    # a comment between\n"
      "    apt-get install \\  \n"
      "      -y curl\n"
      "ENV a=b \\\n"
      "    c=d\n");
  EXPECT_EQ(body<dockerfile::Run>(file, 0).command.line, "apt-get update &&     apt-get install       -y curl");
  const auto& env = body<Env>(file, 1);
  ASSERT_EQ(env.pairs.size(), 2U);
  EXPECT_EQ(env.pairs[1].key.where.begin, (Position{7, 5}));
  EXPECT_EQ(env.pairs[1].value.where.begin, (Position{7, 7}));
}

TEST(Parser, DoubledEscapeDoesNotContinue) {
  const auto file = must_parse("FROM scratch\nRUN echo a\\\\\nRUN echo b\n");
  EXPECT_EQ(file.stages[0].instructions.size(), 2U);
}

TEST(Parser, ContinuationAtEndOfFileIsTheInstruction) {
  const auto file = must_parse("FROM scratch\nRUN echo a \\");
  EXPECT_EQ(body<dockerfile::Run>(file, 0).command.line, "echo a");
}

TEST(Parser, WarnsAboutEmptyContinuationLines) {
  const auto file = must_parse("FROM scratch\nRUN echo a \\\n\n  b\n");
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0].code, "empty-continuation");
  EXPECT_EQ(file.warnings[0].where->begin.line, 2U);
}

TEST(Parser, ReadsDirectives) {
  const auto file = must_parse("# syntax=docker/dockerfile:1.7-labs\n# escape=`\nFROM scratch\nRUN a `\n  b\n");
  EXPECT_EQ(file.escape, '`');
  EXPECT_TRUE(file.warnings.empty());
  EXPECT_EQ(body<dockerfile::Run>(file, 0).command.line, "a   b");
  EXPECT_EQ(must_parse("# syntax=example/other\nFROM scratch\n").warnings.at(0).code, "unknown-syntax");
  // After a comment that is none, directives are comments.
  EXPECT_EQ(must_parse("# hello\n# escape=`\nFROM scratch\n").escape, '\\');
  EXPECT_EQ(errors("# escape=x\nFROM scratch\n"),
            "Dockerfile:1:10: error: the escape character is 'x'; it can be '\\' or '`'\n");
}

TEST(Parser, AcceptsCarriageReturnsAndByteOrderMark) {
  const auto file = must_parse(
      "\xEF\xBB\xBF"
      "FROM scratch\r\nRUN a \\\r\n  b\r\n");
  EXPECT_EQ(body<dockerfile::Run>(file, 0).command.line, "a   b");
}

TEST(Parser, ReadsStages) {
  const auto file = must_parse(
      "ARG V=1\nFROM --platform=$BUILDPLATFORM gcc:$V as Build\nRUN make\nFROM scratch\nCOPY --from=build /x /x\n");
  ASSERT_EQ(file.stages.size(), 2U);
  EXPECT_EQ(file.global_args.size(), 1U);
  EXPECT_EQ(file.stages[0].name, "build");
  EXPECT_EQ(file.stages[0].image.text, "gcc:$V");
  EXPECT_EQ(file.stages[0].platform->text, "$BUILDPLATFORM");
  EXPECT_EQ(std::get<Copy>(file.stages[1].instructions[0].body).from->text, "build");
}

TEST(Parser, TakesJsonFormOnlyWhenItIsJson) {
  const auto file = must_parse("FROM scratch\nCMD [\"a\", \"b c\"]\nCMD ['a']\nENTRYPOINT []\nCMD echo\n");
  EXPECT_EQ(body<Cmd>(file, 0).command.args, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(body<Cmd>(file, 1).command.form, Command::Form::Shell);
  EXPECT_EQ(body<Cmd>(file, 1).command.line, "['a']");
  EXPECT_EQ(body<Entrypoint>(file, 2).command.form, Command::Form::Exec);
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0].code, "not-json");
  EXPECT_EQ(errors("FROM scratch\nCMD [1]\n"), "Dockerfile:2:5: error: the JSON form of CMD takes strings only\n");
}

TEST(Parser, ReadsEnvInBothForms) {
  const auto file = must_parse("FROM scratch\nENV A=1 B=\"x y\" C=a\\ b\nENV OLD the  rest = here\n");
  const auto& env = body<Env>(file, 0);
  ASSERT_EQ(env.pairs.size(), 3U);
  EXPECT_EQ(env.pairs[1].value.text, "\"x y\"");
  EXPECT_EQ(env.pairs[2].value.text, "a\\ b");
  EXPECT_EQ(body<Env>(file, 1).pairs[0].value.text, "the  rest = here");
  EXPECT_EQ(errors("FROM scratch\nENV A=1 B\n"), "Dockerfile:2:9: error: 'B' has no '='; ENV takes NAME=VALUE\n");
  EXPECT_EQ(errors("FROM scratch\nENV A\n"), "Dockerfile:2:5: error: ENV 'A' has no value\n");
}

TEST(Parser, ReadsCopyFlags) {
  const auto file = must_parse(
      "FROM scratch\nCOPY --chown=a:b --chmod=755 --link --exclude=*.o --exclude=x a b /c/\nCOPY [\"a b\", \"/c "
      "d/\"]\n");
  const auto& copy = body<Copy>(file, 0);
  EXPECT_EQ(copy.chown->text, "a:b");
  EXPECT_EQ(copy.chmod->text, "755");
  EXPECT_TRUE(copy.link);
  EXPECT_EQ(copy.excludes.size(), 2U);
  EXPECT_EQ(copy.sources.size(), 2U);
  EXPECT_EQ(copy.destination.text, "/c/");
  EXPECT_EQ(body<Copy>(file, 1).sources[0].text, "a b");
}

TEST(Parser, ReadsHeredocs) {
  const auto file = must_parse(
      "FROM scratch\n"
      "RUN <<EOF\necho a\necho $b\nEOF\n"
      "COPY <<one <<-\"two\" /dir/\n1 $x\none\n\t\t2\n\ttwo\n"
      "RUN bash <<X\nhi\nX\n"
      "RUN [\"echo\", \"<<EOF\"]\n");
  ASSERT_TRUE(body<dockerfile::Run>(file, 0).script.has_value());
  EXPECT_EQ(body<dockerfile::Run>(file, 0).script->content, "echo a\necho $b\n");
  const auto& copy = body<Copy>(file, 1);
  ASSERT_EQ(copy.files.size(), 2U);
  EXPECT_EQ(copy.files[0].name, "one");
  EXPECT_EQ(copy.files[0].content, "1 $x\n");
  EXPECT_TRUE(copy.files[0].expand);
  EXPECT_EQ(copy.files[1].content, "2\n");
  EXPECT_FALSE(copy.files[1].expand);
  EXPECT_TRUE(copy.sources.empty());
  EXPECT_EQ(copy.destination.text, "/dir/");
  EXPECT_FALSE(body<dockerfile::Run>(file, 2).script.has_value());
  EXPECT_EQ(body<dockerfile::Run>(file, 2).command.line, "bash <<X\nhi\nX\n");
  EXPECT_EQ(body<dockerfile::Run>(file, 3).command.args[1], "<<EOF");
}

TEST(Parser, ReadsHealthCheck) {
  const auto file = must_parse(
      "FROM scratch\nHEALTHCHECK --interval=5s --retries=2 CMD curl -f localhost\nHEALTHCHECK NONE\n"
      "HEALTHCHECK CMD [\"x\"]\n");
  EXPECT_EQ(body<HealthCheck>(file, 0).test, (std::vector<std::string>{"CMD-SHELL", "curl -f localhost"}));
  EXPECT_EQ(body<HealthCheck>(file, 0).interval, std::chrono::seconds(5));
  EXPECT_EQ(body<HealthCheck>(file, 0).retries, 2);
  EXPECT_EQ(body<HealthCheck>(file, 1).test, (std::vector<std::string>{"NONE"}));
  EXPECT_EQ(body<HealthCheck>(file, 2).test, (std::vector<std::string>{"CMD", "x"}));
}

TEST(Parser, KeepsOnBuildTextWithHeredocs) {
  const auto file = must_parse("FROM scratch\nONBUILD RUN <<EOF\nhi\nEOF\nONBUILD copy . /app\n");
  EXPECT_EQ(body<OnBuild>(file, 0).text, "RUN <<EOF\nhi\nEOF\n");
  const auto trigger = parse_trigger(body<OnBuild>(file, 0).text, "ONBUILD of base");
  ASSERT_TRUE(trigger.has_value());
  EXPECT_EQ(std::get<dockerfile::Run>(trigger->body).script->content, "hi\n");
  const auto copy = parse_trigger(body<OnBuild>(file, 1).text, "ONBUILD of base");
  ASSERT_TRUE(copy.has_value());
  EXPECT_EQ(copy->keyword, "COPY");
}

TEST(RunMounts, ReadTheirKeys) {
  const auto cache = parse_run_mount("type=cache,target=/root/.cache,id=pip,sharing=locked,mode=0755", {});
  ASSERT_TRUE(cache.has_value());
  EXPECT_EQ(cache->type, RunMount::Type::Cache);
  EXPECT_EQ(cache->id, "pip");
  EXPECT_EQ(cache->sharing, RunMount::Sharing::Locked);
  EXPECT_EQ(cache->mode, 0755U);
  EXPECT_TRUE(cache->writable);
  const auto bind = parse_run_mount("from=build,src=/out,dst=/in,rw", {});
  ASSERT_TRUE(bind.has_value());
  EXPECT_EQ(bind->type, RunMount::Type::Bind);
  EXPECT_TRUE(bind->writable);
  const auto secret = parse_run_mount("type=secret,id=token", {});
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(secret->target, "/run/secrets/token");
  EXPECT_EQ(parse_run_mount("type=cahce,target=/x", {}).error().message,
            "unknown mount type 'cahce'; it can be bind, cache, tmpfs or secret");
  EXPECT_EQ(parse_run_mount("type=ssh", {}).error().message, "ssh mounts are not supported yet");
  EXPECT_EQ(parse_run_mount("type=bind,taget=/x", {}).error().hint, "did you mean 'target'?");
}

TEST(RunMounts, TakeNoVariableForWhereTheyComeFrom) {
  // An unset one would otherwise mount the build context.
  for (const std::string mount : {"type=bind,from=$BASE,target=/x", "from=${BASE:-box},target=/x",
                                  "'type=bind,FROM=$BASE,target=/x'", "\"from=$BASE,target=/x\""}) {
    const auto file = parse("FROM box\nARG BASE\nRUN --mount=" + mount + " true\n", "Dockerfile");
    ASSERT_FALSE(file.has_value()) << mount;
    EXPECT_EQ(file.error().items().front().message, "'from' of a mount cannot have variables") << mount;
    EXPECT_EQ(file.error().items().size(), 1U) << mount;
  }
  EXPECT_TRUE(parse("FROM box\nARG AT\nRUN --mount=from=tools,target=/x$AT true\n", "Dockerfile").has_value());
}

/// testdata/messages.Dockerfile.* against messages.*.txt: what the user reads. DAVIT_ACCEPT=1 rewrites.
class Messages : public testing::TestWithParam<std::string> {};

TEST_P(Messages, AreAsReviewed) {
  const std::string base = std::string(DAVIT_TEST_DATA) + "/" + GetParam();
  const std::string text = DiskFiles().read(base + ".Dockerfile").value();
  auto result = parse(text, "Dockerfile");
  std::string got;
  const auto source = [&](const std::string&) { return std::optional<std::string>(text); };
  if (!result)
    for (const auto& d : result.error().items()) got += render(d, source);
  if (std::getenv("DAVIT_ACCEPT") != nullptr) {
    FILE* out = std::fopen((base + ".txt").c_str(), "w");
    ASSERT_NE(out, nullptr);
    std::fputs(got.c_str(), out);
    std::fclose(out);
  }
  EXPECT_EQ(got, DiskFiles().read(base + ".txt").value());
}

INSTANTIATE_TEST_SUITE_P(Golden, Messages,
                         testing::Values("unknown-instruction", "many-mistakes", "not-supported", "structure",
                                         "no-from"));

TEST(Parser, RefusesAFileWithoutInstructions) {
  EXPECT_EQ(errors("# only this\n\n"),
            "Dockerfile: error: file with no instructions\n"
            "  hint: start it with 'FROM IMAGE', or with 'FROM scratch' for an empty file system\n");
}

TEST(Parser, RefusesVeryLongPhysicalLines) {
  EXPECT_NE(errors("FROM scratch\nRUN " + std::string(70000, 'x') + "\n").find("at most 65535"), std::string::npos);
}

}  // namespace
}  // namespace davit::dockerfile
