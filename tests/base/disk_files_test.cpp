#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"

namespace davit {
namespace {

class DiskFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/davit-files-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string error_of(const std::string& path, std::uint64_t limit = Files::kDefaultLimit) const {
    const auto text = files_.read(path, limit);
    return text ? "read " + std::to_string(text->size()) + " bytes" : text.error().message;
  }

  DiskFiles files_;
  std::filesystem::path folder_;
};

TEST_F(DiskFilesTest, AFileAtItsLimitIsRead) {
  std::ofstream(path("a")) << "1234";
  EXPECT_EQ(files_.read(path("a"), 4).value(), "1234");
  EXPECT_EQ(error_of(path("a"), 3), "cannot read '" + path("a") + "': it is larger than 3B");
}

TEST_F(DiskFilesTest, AnEndlessDeviceIsLargerThanAllowed) {
  EXPECT_EQ(error_of("/dev/zero", 1U << 20U), "cannot read '/dev/zero': it is larger than 1MiB");
}

TEST_F(DiskFilesTest, APipeWithoutAWriterIsNoEmptyFile) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of(path("pipe")), "cannot read '" + path("pipe") + "': it is a pipe that nobody writes to");
}

TEST_F(DiskFilesTest, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  ASSERT_EQ(::write(in.get(), "text", 4), 4);
  in = Fd();
  EXPECT_EQ(files_.read("/proc/self/fd/" + std::to_string(out.get())).value(), "text");
}

TEST_F(DiskFilesTest, ATerminalIsNotWaitedFor) {
  EXPECT_NE(error_of("/dev/ptmx").find("cannot read '/dev/ptmx'"), std::string::npos);
}

TEST_F(DiskFilesTest, FoldersAndLoopsOfLinksAreErrors) {
  std::filesystem::create_symlink("loop", path("loop"));
  EXPECT_NE(error_of(path("loop")).find("cannot read"), std::string::npos);
  EXPECT_NE(error_of(folder_).find("is a directory"), std::string::npos);
}

TEST_F(DiskFilesTest, AReplacedFileIsTheOldOneOrTheNewOne) {
  EXPECT_EQ(replace_file(path("a"), "one"), 0);
  EXPECT_EQ(replace_file(path("a"), "two"), 0);
  EXPECT_EQ(files_.read(path("a")).value(), "two");
  EXPECT_EQ(replace_file(path("nowhere") + "/a", "three"), ENOENT);
  std::filesystem::create_directory(path("folder"));
  EXPECT_EQ(replace_file(path("folder"), "four"), EISDIR);
  EXPECT_EQ(files_.list(folder_), (std::vector<std::string>{"a", "folder"}));
}

}  // namespace
}  // namespace davit
