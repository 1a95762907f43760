// Images in which the same layer stands more than once.

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <fstream>

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;

class RepeatedLayers : public BuildTest {
 protected:
  template <class Fill>
  std::string layer(Fill fill) {
    image::StagedLayer staged = store_->new_layer_dir();
    fill(staged.fs());
    return store_->adopt_layer(std::move(staged)).diff_id;
  }
  std::string layer_with_folder() {
    return layer([](const fs::path& root) {
      fs::create_directories(root / "d");
      std::ofstream(root / "d/a") << "a";
      std::ofstream(root / "b") << "b";
    });
  }
  /// `b` removed, and `d` made anew with something else in it.
  std::string layer_without_it() {
    return layer([](const fs::path& root) {
      fs::create_directories(root / "d");
      ASSERT_EQ(::setxattr((root / "d").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
      std::ofstream(root / "d/z") << "z";
      ASSERT_EQ(::mknod((root / "b").c_str(), S_IFCHR, makedev(0, 0)), 0);
    });
  }
  /// "box" with these layers on top, under a name.
  void make_image(const std::string& name, const std::vector<std::string>& diff_ids) {
    image::ImageConfig config = store_->find("box")->config;
    config.diff_ids.insert(config.diff_ids.end(), diff_ids.begin(), diff_ids.end());
    store_->tag(store_->create_image(config), image::Reference::parse(name).value());
  }
};

TEST_F(RepeatedLayers, HideWhatLiesBetween) {
  const std::string with = layer_with_folder();
  const std::string without = layer_without_it();
  make_image("readded", {with, without, with});
  make_image("removed", {with, without, with, without});
  const char* const look = "RUN echo $(ls /d) $(cat /b 2>&1) > /seen\n";
  EXPECT_EQ(read(must_build(std::string("FROM readded\n") + look), "/seen"), "a z b\n");
  EXPECT_EQ(read(must_build(std::string("FROM removed\n") + look), "/seen"),
            "z cat: can't open '/b': No such file or directory\n");
}

TEST_F(RepeatedLayers, AreSourcesOfCopiesAndMountsToo) {
  const std::string with = layer_with_folder();
  make_image("readded", {with, layer_without_it(), with});
  const ImageId id = must_build(
      "FROM box\nCOPY --from=readded /d /copied/\n"
      "RUN --mount=type=bind,from=readded,source=/,target=/m cat /m/b /m/d/a /m/d/z > /seen\n"
      "FROM readded\nCOPY --from=0 /seen /copied /all/\nWORKDIR /new\n");
  EXPECT_EQ(read(id, "/all/seen"), "baz");
  EXPECT_EQ(read(id, "/all/a"), "a");
  EXPECT_EQ(read(id, "/all/z"), "z");
}

TEST_F(RepeatedLayers, MayComeFromTheDockerfile) {
  write("b", "text");
  EXPECT_EQ(read(must_build("FROM box\nCOPY b /\nRUN rm /b\nCOPY b /\nRUN cat /b /b > /seen\n"), "/seen"), "texttext");
}

}  // namespace
}  // namespace davit::test
