#include "davit/container/mount_points.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

class MountPoints : public ::testing::Test {
 protected:
  MountPoints() {
    std::string pattern = (fs::temp_directory_path() / "davit-points-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw_system_error("make folder", pattern, errno);
    dir_ = pattern;
    fs::create_directories(low());
    fs::create_directories(top());
  }
  ~MountPoints() override { fs::remove_all(dir_); }

  [[nodiscard]] std::string low() const { return dir_ + "/low"; }
  [[nodiscard]] std::string top() const { return dir_ + "/top"; }
  [[nodiscard]] std::string made() const { return dir_ + "/made"; }
  void make() const { make_mount_points({low(), top()}, made()); }
  [[nodiscard]] bool has(const std::string& path) const { return fs::exists(fs::symlink_status(made() + path)); }
  [[nodiscard]] struct stat info(const std::string& path) const {
    struct stat info{};
    EXPECT_EQ(::lstat((made() + path).c_str(), &info), 0) << path;
    return info;
  }
  static void write(const std::string& path) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "text";
  }

  std::string dir_;
};

TEST_F(MountPoints, AnEmptyImageGetsAll) {
  make();
  for (const char* path : {"/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv"})
    EXPECT_TRUE(has(path)) << path;
  EXPECT_EQ(fs::read_symlink(made() + "/etc/mtab"), "/proc/mounts");
}

TEST_F(MountPoints, WhatTheImageHasIsLeftOut) {
  write(low() + "/etc/hosts");
  write(top() + "/etc/resolv.conf");
  fs::create_directories(low() + "/proc");
  make();
  EXPECT_FALSE(has("/proc"));
  EXPECT_FALSE(has("/etc/hosts"));
  EXPECT_FALSE(has("/etc/resolv.conf"));
  EXPECT_TRUE(has("/etc/hostname"));
  EXPECT_TRUE(has("/sys"));
}

TEST_F(MountPoints, FoldersLookAsInTheImagesTopmostLayer) {
  fs::create_directories(low() + "/etc");
  fs::create_directories(top() + "/etc");
  ASSERT_EQ(::chown((top() + "/etc").c_str(), 12, 34), 0);
  ASSERT_EQ(::chmod((top() + "/etc").c_str(), 0751), 0);
  ASSERT_EQ(::chmod(top().c_str(), 0711), 0);
  const timespec then[2] = {{1000, 0}, {2000, 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (top() + "/etc").c_str(), then, 0), 0);
  make();
  EXPECT_EQ(info("/etc").st_uid, 12U);
  EXPECT_EQ(info("/etc").st_gid, 34U);
  EXPECT_EQ(info("/etc").st_mode & 07777U, 0751U);
  EXPECT_EQ(info("/etc").st_mtim.tv_sec, 2000);
  EXPECT_EQ(info("").st_mode & 07777U, 0711U);
}

TEST_F(MountPoints, AWhiteoutMeansThatTheImageHasItNot) {
  write(low() + "/etc/hosts");
  fs::create_directories(top() + "/etc");
  ASSERT_EQ(::mknod((top() + "/etc/hosts").c_str(), S_IFCHR, makedev(0, 0)), 0);
  make();
  EXPECT_TRUE(has("/etc/hosts"));
}

TEST_F(MountPoints, AnEtcThatIsALinkOrHasAttributesIsLeftToTheRuntime) {
  fs::create_symlink("usr/etc", low() + "/etc");
  make();
  EXPECT_FALSE(has("/etc"));
  EXPECT_TRUE(has("/dev"));
  fs::remove_all(made());
  fs::create_directories(top() + "/etc");
  ASSERT_EQ(::setxattr((top() + "/etc").c_str(), "trusted.test", "1", 1, 0), 0);
  make();
  EXPECT_FALSE(has("/etc"));
}

TEST_F(MountPoints, NothingIsLeftOfAFolderThatCannotBeMade) {
  EXPECT_THROW(make_mount_points({low()}, dir_ + "/absent/made"), Error);
  EXPECT_FALSE(fs::exists(dir_ + "/absent"));
}

}  // namespace
}  // namespace davit::container
