#include "davit/container/exec_check.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

class ExecCheck : public ::testing::Test {
 protected:
  ExecCheck() {
    fs::create_directories(root_ / "bin/tools");
    std::ofstream(root_ / "bin/tool") << "x";
    fs::permissions(root_ / "bin/tool", fs::perms(0755));
    std::ofstream(root_ / "bin/text") << "x";
    fs::create_symlink("/bin/tool", root_ / "bin/link");
    fs::create_symlink("/nowhere", root_ / "bin/dangling");
  }
  /// "CODE MESSAGE", or "" for none.
  std::string said(std::vector<std::string> args, std::string folder = "/", std::string path = "/sbin:/bin") {
    const auto error = exec_mistake(root_, {std::move(args), std::move(folder), std::move(path)});
    return error ? std::to_string(error->exit_code()) + " " + error->what() : "";
  }
  test::TempDir dir_;
  fs::path root_ = dir_.path() / "root";
};

TEST_F(ExecCheck, FindsProgramsAsTheContainerDoes) {
  EXPECT_EQ(said({"tool"}), "");
  EXPECT_EQ(said({"link"}), "") << "an absolute link leads to the container's own file";
  EXPECT_EQ(said({"/bin/tool"}), "");
  EXPECT_EQ(said({"./tool"}, "/bin"), "");
  EXPECT_EQ(said({"tool"}, "/bin", ""), "127 cannot run 'tool' in the container: not found in its PATH");
}

TEST_F(ExecCheck, WhatIsNotThereHasDockersExitCode) {
  EXPECT_EQ(said({"nosuch"}), "127 cannot run 'nosuch' in the container: not found in its PATH");
  EXPECT_EQ(said({"dangling"}), "127 cannot run 'dangling' in the container: not found in its PATH");
  EXPECT_EQ(said({"/bin/nosuch"}), "127 cannot run '/bin/nosuch' in the container: no such file");
  EXPECT_EQ(said({"/bin/tool/x"}), "127 cannot run '/bin/tool/x' in the container: no such file");
  EXPECT_EQ(said({"../nosuch"}, "/bin"), "127 cannot run '../nosuch' in the container: no such file");
}

TEST_F(ExecCheck, AFolderIsNoProgram) {
  EXPECT_EQ(said({"/bin/tools"}), "126 cannot run '/bin/tools' in the container: it is a folder");
  EXPECT_EQ(said({"tools"}), "127 cannot run 'tools' in the container: not found in its PATH");
}

TEST_F(ExecCheck, AFileThatNobodyMayRunIsNoProgram) {
  EXPECT_EQ(said({"/bin/text"}), "126 cannot run '/bin/text' in the container: not an executable file");
  EXPECT_EQ(said({"text"}), "") << "the runtime has the last word on what its search finds";
}

TEST_F(ExecCheck, TheFolderComesFirst) {
  EXPECT_EQ(said({"nosuch"}, "rel"),
            "128 cannot change to the folder 'rel' in the container: it must be an absolute path");
  EXPECT_EQ(said({"nosuch"}, "/no"),
            "127 cannot change to the folder '/no' in the container: no such file or directory");
  EXPECT_EQ(said({"tool"}, "/bin/tool"),
            "127 cannot change to the folder '/bin/tool' in the container: not a directory");
}

TEST_F(ExecCheck, WhatCannotBeSeenFromOutsideIsLeftToTheRuntime) {
  EXPECT_EQ(said({"/proc/self/exe"}), "");
  EXPECT_EQ(said({"tool"}, "/proc/self/cwd"), "");
  EXPECT_EQ(said({}), "");
  const auto gone = exec_mistake(root_ / "gone", {{"tool"}, "/", "/bin"});
  EXPECT_FALSE(gone);
}

}  // namespace
}  // namespace davit::container
