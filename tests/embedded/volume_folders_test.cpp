#include "embedded/volume_folders.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

class VolumeFolders : public ::testing::Test {
 protected:
  /// A row and a folder with something in it.
  state::Volume volume(const std::string& name) {
    state::Volume row;
    row.name = name;
    row.project = paths_.project;
    row.created = ++time_;
    EXPECT_TRUE(state::Volumes(database_).insert(row));
    fill(name);
    return row;
  }
  void fill(const std::string& name) const {
    fs::create_directories(paths_.volume_data(name));
    std::ofstream(paths_.volume_data(name) + "/data") << name;
  }
  [[nodiscard]] bool has_data(const std::string& name) const { return fs::exists(paths_.volume_data(name) + "/data"); }
  /// As a removal does that is killed at the end.
  std::vector<std::string> set_aside(const Paths& paths, const state::Volume& row) {
    VolumesSetAside aside(paths);
    aside.add(row);
    return aside.commit();
  }

  test::TempDir temp_;
  Paths paths_{temp_.path() / "data", "/run/davit", "app"};
  state::Database database_ = state::Database::open(paths_.database());
  state::WallTime time_ = 0;
};

TEST_F(VolumeFolders, ComeBackWhenTheRemovalIsNotWritten) {
  const state::Volume row = volume("data");
  {
    VolumesSetAside aside(paths_);
    aside.add(row);
    EXPECT_FALSE(fs::exists(paths_.volume("data")));
  }
  EXPECT_TRUE(has_data("data"));
}

TEST_F(VolumeFolders, AreGarbageOnceTheirRowIsGone) {
  const std::vector<std::string> hidden = set_aside(paths_, volume("data"));
  state::Volumes(database_).remove("data");
  ASSERT_EQ(hidden.size(), 1U);
  EXPECT_EQ(find_garbage_of_volumes(paths_, &database_), hidden);
}

TEST_F(VolumeFolders, OfOldAreGarbageBesideNewOnesOfTheSameName) {
  const std::vector<std::string> hidden = set_aside(paths_, volume("data"));
  state::Volumes(database_).remove("data");
  volume("data");
  EXPECT_EQ(find_garbage_of_volumes(paths_, &database_), hidden);
  EXPECT_TRUE(has_data("data"));
}

TEST_F(VolumeFolders, GetTheirNameBackWhileTheirRowIsThere) {
  set_aside(paths_, volume("data"));
  EXPECT_FALSE(has_data("data"));
  EXPECT_TRUE(find_garbage_of_volumes(paths_, &database_).empty());
  EXPECT_TRUE(has_data("data"));
}

TEST_F(VolumeFolders, AreNeverTouchedUnderTheirName) {
  fill("known_to_nobody");
  EXPECT_TRUE(find_garbage_of_volumes(paths_, &database_).empty());
  EXPECT_TRUE(find_garbage_of_volumes(paths_, nullptr).empty());
  EXPECT_TRUE(has_data("known_to_nobody"));
}

TEST_F(VolumeFolders, OfOthersAreLeftAlone) {
  const std::vector<std::string> of_project = set_aside({paths_.data_root, paths_.run_root, "app2"}, volume("a"));
  const std::vector<std::string> of_run_root = set_aside({paths_.data_root, "/run/other", "app"}, volume("b"));
  fs::create_directories(paths_.volume(".of-nobody"));
  EXPECT_TRUE(find_garbage_of_volumes(paths_, nullptr).empty());
  EXPECT_TRUE(fs::exists(of_project.at(0)));
  EXPECT_TRUE(fs::exists(of_run_root.at(0)));
}

TEST_F(VolumeFolders, OfARemovalAreGarbageWithoutADatabase) {
  const std::vector<std::string> hidden = set_aside(paths_, volume("data"));
  EXPECT_EQ(find_garbage_of_volumes(paths_, nullptr), hidden);
}

}  // namespace
}  // namespace davit::embedded
