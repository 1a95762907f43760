#include "davit/container/cgroups.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace davit::container {
namespace {

namespace fs = std::filesystem;

/// Folders stand for the hierarchy: making and removing them is all that is asked of it here.
class CgroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "davit-cgroups-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string root_;
};

TEST_F(CgroupsTest, MakesParentsToo) {
  const Cgroups groups(CgroupMode::Unified, root_);
  groups.make("/davit/app-1");
  EXPECT_TRUE(groups.exists("/davit/app-1"));
  groups.make("/davit/app-1");
  EXPECT_TRUE(groups.exists("/davit/app-1"));
}

TEST_F(CgroupsTest, IsMadeWhileAnotherProjectRemovesTheEmptyParent) {
  const Cgroups groups(CgroupMode::Unified, root_);
  std::jthread other([this](const std::stop_token& stop) {
    const Cgroups own(CgroupMode::Unified, root_);
    while (!stop.stop_requested()) own.prune_parents("/davit/gone");
  });
  for (int i = 0; i < 20; ++i) {
    groups.make("/davit/app-1");
    ASSERT_TRUE(groups.exists("/davit/app-1")) << "round " << i;
    ASSERT_EQ(groups.remove("/davit/app-1"), Cgroups::Removed::Yes);
  }
}

TEST_F(CgroupsTest, LeavesToTheRuntimeWhatCannotBeMade) {
  const Cgroups groups(CgroupMode::Unified, root_ + "/nowhere");
  groups.make("/davit/app-1");
  EXPECT_FALSE(groups.exists("/davit/app-1"));
}

TEST_F(CgroupsTest, KeepsAParentInWhichAnotherProjectLives) {
  const Cgroups groups(CgroupMode::Unified, root_);
  groups.make("/davit/app-1");
  groups.make("/davit/app-2");
  ASSERT_EQ(groups.remove("/davit/app-1"), Cgroups::Removed::Yes);
  groups.prune_parents("/davit/app-1");
  EXPECT_TRUE(groups.exists("/davit/app-2"));
  ASSERT_EQ(groups.remove("/davit/app-2"), Cgroups::Removed::Yes);
  groups.prune_parents("/davit/app-2");
  EXPECT_FALSE(groups.exists("/davit"));
}

}  // namespace
}  // namespace davit::container
