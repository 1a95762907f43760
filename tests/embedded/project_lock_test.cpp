#include "embedded/project_lock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "davit/base/error.hpp"
#include "davit/state/projects.hpp"
#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

class KeeperLock : public ::testing::Test {
 protected:
  [[nodiscard]] Paths below(const std::string& run_root) const {
    return {dir_.path() / "data", dir_.path() / run_root, "shop"};
  }
  /// As the keeper does.
  static Fd lock(const Paths& paths) {
    std::filesystem::create_directories(paths.folder());
    Fd fd(::open(paths.keeper_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) fd.reset();
    return fd;
  }
  test::TempDir dir_;
};

TEST_F(KeeperLock, IsSeenAsLongAsItIsHeld) {
  const Paths paths = below("run");
  EXPECT_FALSE(keeper_is_alive(paths)) << "no folder";
  Fd held = lock(paths);
  ASSERT_TRUE(held);
  EXPECT_TRUE(keeper_is_alive(paths));
  held.reset();
  EXPECT_FALSE(keeper_is_alive(paths));
  EXPECT_TRUE(lock(paths));
}

TEST_F(KeeperLock, WhatCannotBeOpenedIsNotTakenForFree) {
  const Paths paths = below("run");
  std::filesystem::create_directories(paths.folder());
  std::filesystem::create_symlink(paths.keeper_lock(), paths.keeper_lock());
  EXPECT_THROW((void)keeper_is_alive(paths), Error);
}

TEST_F(KeeperLock, AProjectIsServedElsewhereWhileTheOtherKeeperLives) {
  state::Database database = state::Database::open(below("a").database());
  EXPECT_FALSE(served_elsewhere(below("b"), database)) << "nobody knows the project";
  state::Projects(database).put({.name = "shop", .run_root = below("a").run_root, .created = 1});
  EXPECT_FALSE(served_elsewhere(below("b"), database)) << "its keeper is gone";
  const Fd held = lock(below("a"));
  EXPECT_EQ(served_elsewhere(below("b"), database), below("a").run_root);
  EXPECT_FALSE(served_elsewhere(below("a"), database));
}

}  // namespace
}  // namespace davit::embedded
