#include "embedded/project_lock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "davit/base/error.hpp"
#include "davit/state/projects.hpp"
#include "support/manual_timers.hpp"
#include "support/patience.hpp"
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

class ProjectLock : public KeeperLock {
 protected:
  /// Asks for the lock; what is said meanwhile is in `said_`.
  void ask() {
    std::function<void(const std::string&)> notice = [this](const std::string& text) { said_ += text; };
    asio::co_spawn(loop_, lock_project(paths_, timers_, std::move(notice)),
                   [this](const std::exception_ptr& failure, Fd lock) {
                     EXPECT_FALSE(failure);
                     lock_ = std::move(lock);
                   });
    timers_.settle();
  }
  Fd take() const {
    std::filesystem::create_directories(paths_.folder());
    Fd fd(::open(paths_.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::flock(fd.get(), LOCK_EX), 0);
    return fd;
  }
  /// What is there now, not locked.
  Fd open_now() const { return Fd(::open(paths_.lock().c_str(), O_RDWR | O_CLOEXEC)); }
  void until_locked() {
    const auto end = std::chrono::steady_clock::now() + test::patient(std::chrono::seconds(20));
    while (!lock_ && std::chrono::steady_clock::now() < end) loop_.run_one_until(end);
    EXPECT_TRUE(lock_);
  }

  Paths paths_ = below("run");
  asio::io_context loop_;
  test::ManualTimers timers_{loop_};
  std::string said_;
  Fd lock_;
};

TEST_F(ProjectLock, AFreeOneIsTakenAtOnce) {
  ask();
  EXPECT_TRUE(lock_);
  EXPECT_EQ(said_, "");
}

TEST_F(ProjectLock, IsTriedWithoutWaiting) {
  Fd other = take();
  EXPECT_FALSE(try_lock_project(paths_));
  other.reset();
  const Fd lock = try_lock_project(paths_);
  EXPECT_TRUE(lock);
  EXPECT_NE(::flock(open_now().get(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(ProjectLock, WhatCannotBeOpenedIsNotTakenForHeld) {
  EXPECT_THROW((void)try_lock_project(paths_), Error) << "no folder";
  EXPECT_FALSE(std::filesystem::exists(paths_.folder()));
}

TEST_F(ProjectLock, WhoWaitsLongIsToldForWhat) {
  Fd other = take();
  ask();
  EXPECT_EQ(said_, "");
  timers_.advance(std::chrono::seconds(2));
  EXPECT_EQ(said_, "another command starts or clears up project 'shop'; waiting for it");
  EXPECT_FALSE(lock_);
  other.reset();
  until_locked();
}

TEST_F(ProjectLock, IsTakenAnewWhenTheEndOfAProjectRemovedIt) {
  Fd other = take();
  ask();
  std::filesystem::remove_all(paths_.folder());
  other.reset();
  until_locked();
  EXPECT_NE(::flock(open_now().get(), LOCK_EX | LOCK_NB), 0) << "it is not the one that is there";
}

}  // namespace
}  // namespace davit::embedded
