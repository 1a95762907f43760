#include "embedded/container_folders.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

class ContainerFolders : public ::testing::Test {
 protected:
  /// A folder with something in it, marked as this project's.
  std::string marked(const Paths& paths, const std::string& id) const {
    const std::string folder = unmarked(id);
    mark_folder(paths, ContainerId(id));
    return folder;
  }
  [[nodiscard]] std::string unmarked(const std::string& id) const {
    const std::string folder = paths_.container(ContainerId(id));
    fs::create_directories(folder + "/log");
    return folder;
  }

  test::TempDir temp_;
  Paths paths_{temp_.path() / "data", "/run/davit", "app"};
};

TEST_F(ContainerFolders, WithoutARecordAreRemoved) {
  const std::string stray = marked(paths_, "aaa");
  const std::string known = marked(paths_, "bbb");
  EXPECT_EQ(remove_stray_folders(paths_, [](const ContainerId& id) { return id.str() == "bbb"; }), 1U);
  EXPECT_FALSE(fs::exists(stray));
  EXPECT_TRUE(fs::exists(known));
}

TEST_F(ContainerFolders, OfOthersAreLeftAlone) {
  const std::string of_project = marked({paths_.data_root, paths_.run_root, "app2"}, "aaa");
  const std::string of_run_root = marked({paths_.data_root, "/run/other", "app"}, "bbb");
  const std::string of_nobody = unmarked("ccc");
  EXPECT_EQ(remove_stray_folders(paths_, [](const ContainerId&) { return false; }), 0U);
  for (const std::string& folder : {of_project, of_run_root, of_nobody}) EXPECT_TRUE(fs::exists(folder)) << folder;
}

TEST_F(ContainerFolders, AreNoneWithoutADataRoot) {
  EXPECT_EQ(remove_stray_folders(paths_, [](const ContainerId&) { return false; }), 0U);
}

}  // namespace
}  // namespace davit::embedded
