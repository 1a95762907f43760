// Ending the real control groups of this machine, of both versions.
#include "container/end_group.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "davit/base/fd.hpp"
#include "support/patience.hpp"

namespace davit::container {
namespace {

using namespace std::chrono_literals;

/// The hierarchy of version 2 at a place of its own, as long as this lives; in the mount namespace of the tests.
class Version2 {
 public:
  Version2() {
    std::string pattern = (std::filesystem::temp_directory_path() / "davit-cgroup2-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    root_ = pattern;
    is_mounted_ = ::mount("cgroup2", root_.c_str(), "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
  }
  ~Version2() {
    if (is_mounted_) ::umount2(root_.c_str(), MNT_DETACH);
    ::rmdir(root_.c_str());
  }
  Version2(const Version2&) = delete;
  Version2& operator=(const Version2&) = delete;

  [[nodiscard]] bool is_mounted() const { return is_mounted_; }
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
  bool is_mounted_ = false;
};

class EndGroupTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }

  /// A process in the group that starts others until it ends; some run already.
  void populate(const std::string& group_folder) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd told(ends[0]);
    Fd teller(ends[1]);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(teller.get(), STDOUT_FILENO);
      std::ofstream(group_folder + "/cgroup.procs") << ::getpid() << std::flush;
      ::execl("/bin/sh", "sh", "-c", "sleep 1000 & sleep 1000 & echo; while :; do sleep 1000 & sleep 0.001; done",
              nullptr);
      ::_exit(99);
    }
    teller.reset();
    pollfd ready{told.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, std::chrono::milliseconds(test::patient(20s)).count()), 1);
    ASSERT_NE(ready.revents & POLLIN, 0) << "it has ended";
  }

  void end(const Cgroups& groups, const std::string& path) {
    std::exception_ptr error;
    asio::io_context loop;
    asio::co_spawn(loop, end_group(timers_, groups, path, test::patient(20s)),
                   [&](const std::exception_ptr& e) { error = e; });
    loop.run();
    if (error) std::rethrow_exception(error);
  }

  SteadyTimers timers_;
  pid_t child_ = -1;
  const std::string path_ = "/davit-end-test-" + std::to_string(::getpid());
};

TEST_F(EndGroupTest, OfVersion2AndWhatIsBelowIt) {
  const Version2 hierarchy;
  ASSERT_TRUE(hierarchy.is_mounted());
  const Cgroups groups(CgroupMode::Unified, hierarchy.root());
  groups.make(path_ + "/inner/most");
  populate(hierarchy.root() + path_ + "/inner/most");
  ASSERT_GE(groups.processes(path_).size(), 3U);
  end(groups, path_);
  EXPECT_FALSE(groups.exists(path_));
}

TEST_F(EndGroupTest, OfThisMachine) {
  const CgroupMode mode = detect_host().cgroups;
  const Cgroups groups(mode);
  groups.make(path_);
  populate(std::string("/sys/fs/cgroup") + (mode == CgroupMode::Unified ? "" : "/pids") + path_);
  ASSERT_GE(groups.processes(path_).size(), 3U);
  end(groups, path_);
  EXPECT_FALSE(groups.exists(path_));
}

TEST_F(EndGroupTest, OneThatIsNotThereIsFine) {
  const Cgroups groups(detect_host().cgroups);
  EXPECT_NO_THROW(end(groups, path_));
}

}  // namespace
}  // namespace davit::container
