// The container of a RUN step, with each runtime.

#include <algorithm>
#include <fstream>

#include "build/build_aside.hpp"
#include "build/build_fixture.hpp"
#include "davit/process/run.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, TheContainerIsSeparate) {
  const ImageId id = must_build(
      "FROM box\nRUN hostname > /h; ls /proc | grep -c '^[0-9]' > /p; cat /etc/hosts > /e; "
      "test -c /dev/null && echo null >> /h; echo x > /dev/shm/y; env > /env\n");
  EXPECT_EQ(read(id, "/h"), "buildkitsandbox\nnull\n");
  EXPECT_LE(std::stoi(read(id, "/p")), 5);
  EXPECT_NE(read(id, "/e").find("localhost"), std::string::npos);
  EXPECT_NE(read(id, "/env").find("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            std::string::npos);
  for (const char* path : {"/etc/hosts", "/etc/resolv.conf", "/proc", "/sys", "/dev"})
    EXPECT_EQ(read(id, path), "<none>") << path;
}

/// Both runtimes confine a step in the same way.
class RuntimeTest : public BuildTest, public testing::WithParamInterface<const char*> {};

TEST_P(RuntimeTest, StepsAreConfinedAsContainersAre) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  // Without the filter a new user namespace is anybody's: nothing else here would refuse it.
  const ImageId id = must_build(
      "FROM box\nRUN unshare -U true && echo allowed > /unshare || echo denied > /unshare; "
      "grep -E '^(CapEff|CapBnd|Seccomp|NoNewPrivs):' /proc/self/status > /status; "
      "head -c 1 /proc/kcore > /kcore 2>&1; echo 1 > /proc/sys/vm/drop_caches; echo $? > /sys-is-read-only; "
      "test -e /dev/kmsg; echo $? > /no-kmsg; echo $$ > /one\n");
  EXPECT_EQ(read(id, "/unshare"), "denied\n");
  std::string status = read(id, "/status");
  std::erase(status, '\t');
  EXPECT_EQ(status, "CapEff:00000000a80425fb\nCapBnd:00000000a80425fb\nNoNewPrivs:0\nSeccomp:2\n");
  EXPECT_NE(read(id, "/sys-is-read-only"), "0\n");
  EXPECT_EQ(read(id, "/no-kmsg"), "1\n");
  EXPECT_EQ(read(id, "/one"), "1\n");
}

TEST_P(RuntimeTest, FailureAndOutputAreTheProgramsOwn) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  const std::string message = must_fail("FROM box\nRUN echo one; echo two >&2; exit 9\n");
  EXPECT_NE(message.find("RUN failed with exit code 9"), std::string::npos) << message;
  EXPECT_EQ(std::count(seen_.text.begin(), seen_.text.end(), '\n'), 2) << seen_.text;
  const std::string missing = must_fail("FROM scratch\nRUN something\n");
  EXPECT_NE(missing.find("/bin/sh"), std::string::npos) << missing;
  EXPECT_NE(missing.find("exit code 127"), std::string::npos) << missing;
}

TEST_P(RuntimeTest, WhatTheRuntimeLogsBesideDoesNotHideTheProgramsFailure) {
  const auto program = process::find_program(GetParam());
  if (!program) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = (root_ / "runtime").string();
  std::ofstream(request_.runtime)
      << "#!/bin/sh\n"
      << *program << " \"$@\"\ncode=$?\n"
      << "while [ $# -gt 1 ]; do\n"
      << "  [ \"$1\" = --log ] && echo '{\"level\":\"error\",\"msg\":\"cannot clear up\"}' >> \"$2\"\n"
      << "  shift\ndone\nexit $code\n";
  fs::permissions(request_.runtime, fs::perms(0755));
  const std::string message = must_fail("FROM box\nRUN echo heard; exit 9\n");
  EXPECT_NE(message.find("RUN failed with exit code 9"), std::string::npos) << message;
  EXPECT_TRUE(message.ends_with("\n    heard\n")) << message;
  const std::string start = must_fail("FROM box\nRUN [\"/missing\"]\n");
  EXPECT_NE(start.find("RUN cannot be started (exit code 127)"), std::string::npos) << start;
}

TEST_P(RuntimeTest, TheReasonWhyAProgramCannotBeExecutedIsTold) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  write("script", "#!/missing\n", 0755);
  write("foreign",
        "\x7f"
        "ELF of another world",
        0755);
  const std::string script = must_fail("FROM box\nCOPY script /\nRUN [\"/script\"]\n");
  EXPECT_NE(script.find("o such file or directory"), std::string::npos) << script;
  const std::string foreign = must_fail("FROM box\nCOPY foreign /\nRUN [\"/foreign\"]\n");
  EXPECT_NE(foreign.find("xec format error"), std::string::npos) << foreign;
}

/// Names of the files in the folder that hold the text.
Strings files_with(const fs::path& folder, const std::string& text) {
  Strings out;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    std::ifstream file(entry->path());
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    if (content.find(text) != std::string::npos) out.push_back(entry->path().string());
  }
  return out;
}

Strings titles_with(const std::string& text) {
  Strings out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string title{std::istreambuf_iterator<char>(file), {}};
    if (title.find(text) != std::string::npos) out.push_back(entry.path().string() + ": " + title);
  }
  return out;
}

TEST_P(RuntimeTest, SecretsAreOnNoDiskAndInNoTitle) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  const std::string secret = "hush-f00d-" + std::string(GetParam());
  request_.secrets = {{"key", {"", secret}}};
  request_.context = context_.string();
  request_.dockerfile_text =
      "FROM box\nRUN --mount=type=cache,target=/c --mount=type=secret,id=key,env=KEY --mount=type=secret,id=key "
      "mkfifo /c/go; test \"$KEY\" = \"$(cat /run/secrets/key)\" && echo same && read line < /c/go\n";
  BuildAside aside(request_, *store_);
  ASSERT_TRUE(aside.has_spoken());
  EXPECT_EQ(files_with(data_root_, secret), Strings{}) << "while the step runs";
  EXPECT_EQ(titles_with(secret), Strings{});
  const auto pipes = let_go_on(data_root_);
  const auto result = aside.result();
  ASSERT_TRUE(result.has_value()) << result.error().render();
  EXPECT_EQ(aside.text(), "same\n");
  EXPECT_EQ(files_with(data_root_, secret), Strings{}) << "when it has ended: neither history nor cache records";
}

INSTANTIATE_TEST_SUITE_P(Runtimes, RuntimeTest, testing::Values("crun", "runc"),
                         [](const auto& runtime) { return std::string(runtime.param); });

}  // namespace
}  // namespace davit::test
