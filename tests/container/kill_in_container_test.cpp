#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "davit/base/fd.hpp"
#include "davit/container/oci_runtime.hpp"

namespace davit::container {
namespace {

constexpr std::string_view kGroups =
    "12:pids:/davit/app-1/abc\n"
    "2:cpu,cpuacct:/davit/app-1/abc/inner\n"
    "1:name=systemd:/user.slice\n"
    "0::/init:scope\n";

TEST(IsInCgroup, FindsTheGroupItselfAndThoseBelow) {
  EXPECT_TRUE(is_in_cgroup(kGroups, "/davit/app-1/abc"));
  EXPECT_TRUE(is_in_cgroup(kGroups, "/davit/app-1/abc/inner"));
  EXPECT_TRUE(is_in_cgroup(kGroups, "/davit/app-1"));
  EXPECT_TRUE(is_in_cgroup(kGroups, "/init:scope"));
  EXPECT_TRUE(is_in_cgroup("0::/last", "/last"));
}

TEST(IsInCgroup, TakesNoOtherGroupForIt) {
  EXPECT_FALSE(is_in_cgroup(kGroups, "/davit/app-1/ab"));
  EXPECT_FALSE(is_in_cgroup(kGroups, "/app-1/abc"));
  EXPECT_FALSE(is_in_cgroup(kGroups, "/davit/app-1/abc/inner/more"));
  EXPECT_FALSE(is_in_cgroup(kGroups, ""));
  EXPECT_FALSE(is_in_cgroup("", "/davit"));
  EXPECT_FALSE(is_in_cgroup("\n:\nx\n", "/davit"));
}

/// A child that waits for its end, its number in a file as a runtime writes it.
class KillInContainer : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "davit-kill-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd read_end(ends[0]);
    write_end_.reset(ends[1]);
    child_ = ::fork();
    if (child_ == 0) {
      write_end_.reset();
      char byte = 0;
      ::_exit(::read(read_end.get(), &byte, 1) == 1 ? 7 : 8);
    }
    std::ofstream(pid_file()) << child_;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string pid_file() const { return folder_ + "/pid"; }
  /// Its status when it has ended, asked to end if nobody has killed it.
  int end() {
    (void)!::write(write_end_.get(), "x", 1);
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    return status;
  }
  static std::string own_cgroup() {
    std::ifstream in("/proc/self/cgroup");
    std::string line;
    std::getline(in, line);
    return line.substr(line.find(':', line.find(':') + 1) + 1);
  }

  std::string folder_;
  Fd write_end_;
  pid_t child_ = -1;
};

TEST_F(KillInContainer, LeavesAProcessOfAnotherGroupAlone) {
  kill_in_container(pid_file(), "/davit/no-such-project-1a2b3c4d/no-such-container");
  const int status = end();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(KillInContainer, KillsAProcessOfTheGroup) {
  kill_in_container(pid_file(), own_cgroup());
  int status = 0;
  ASSERT_EQ(::waitpid(child_, &status, 0), child_);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(KillInContainer, DoesNothingWithoutANumber) {
  kill_in_container(folder_ + "/absent", own_cgroup());
  std::ofstream(folder_ + "/empty");
  kill_in_container(folder_ + "/empty", own_cgroup());
  const int status = end();
  EXPECT_TRUE(WIFEXITED(status));
}

}  // namespace
}  // namespace davit::container
