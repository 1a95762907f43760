// What is on the disk when the power fails: the bytes of a file system's device, read behind its back.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/image/archive.hpp"
#include "davit/image/image_store.hpp"
#include "image/tar_builder.hpp"
#include "support/program.hpp"
#include "support/temp_dir.hpp"

namespace davit::image {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// An ext4 in a file, mounted through a loop device.
class Disk {
 public:
  Disk(const fs::path& file, const fs::path& at) : at_(at) {
    fs::create_directories(at);
    davit::test::Program mount({"mount", "-o", "loop", file.string(), at.string()}, {});
    mounted_ = mount.finish(30s).code == 0;
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return mounted_; }

 private:
  fs::path at_;
  bool mounted_ = false;
};

class PowerCut : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(file_).close();
    fs::resize_file(file_, 64 << 20);
    davit::test::Program format({"mkfs.ext4", "-q", file_.string()}, {});
    if (format.finish(30s).code != 0) GTEST_SKIP() << "mkfs.ext4 is not installed";
    disk_.emplace(file_, dir_.path() / "before");
    if (!disk_->is_mounted()) GTEST_SKIP() << "no loop device can be had";
  }

  [[nodiscard]] fs::path root() const { return dir_.path() / "before" / "data"; }

  /// The state database as it is now, as if the kernel had written it out of itself: rows before anything else.
  void write_rows_through() const {
    for (const char* name : {"davit.db", "davit.db-wal"}) {
      const Fd file(::open((root() / name).c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::fdatasync(file.get()), 0) << name;
    }
  }

  /// Cuts the power, and looks for the layer's file in what the next start finds.
  void expect_whole(const Layer& layer, const std::string& file, const std::string& content) {
    const fs::path copy = dir_.path() / "copy";
    fs::copy_file(file_, copy);
    const Disk after(copy, dir_.path() / "after");
    ASSERT_TRUE(after.is_mounted());
    const ImageStore store = ImageStore::open(dir_.path() / "after" / "data");
    ASSERT_TRUE(store.find_layer(layer.diff_id)) << "this test is about rows that are there";
    std::ifstream in(store.layer_path(layer.diff_id) / file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), content);
  }

  davit::test::TempDir dir_;
  fs::path file_ = dir_.path() / "disk";
  std::optional<Disk> disk_;
};

TEST_F(PowerCut, ALayerOfABuildIsWholeWhenItsRowIsThere) {
  ImageStore store = ImageStore::open(root());
  StagedLayer staged = store.new_layer_dir();
  std::ofstream(staged.fs() / "file") << "content";
  const Layer layer = store.adopt_layer(std::move(staged));
  write_rows_through();
  expect_whole(layer, "file", "content");
}

TEST_F(PowerCut, ALayerThatWasRemovedDoesNotComeBackAsARowAlone) {
  Layer layer;
  {
    ImageStore store = ImageStore::open(root());
    const std::string tar = test::TarBuilder().file("file", "content").done();
    MemorySource source(tar);
    layer = store.put_layer_from_tar(source);
    write_rows_through();
    ASSERT_EQ(store.collect_layers(), std::vector<std::string>{layer.diff_id});
  }
  // The removal reaches the disk, as it does within seconds.
  const Fd folder(::open((root() / "layers").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::fsync(folder.get()), 0);
  const fs::path copy = dir_.path() / "copy";
  fs::copy_file(file_, copy);
  const Disk after(copy, dir_.path() / "after");
  ASSERT_TRUE(after.is_mounted());
  const ImageStore store = ImageStore::open(dir_.path() / "after" / "data");
  ASSERT_FALSE(fs::exists(store.layer_path(layer.diff_id))) << "this test is about folders that are gone";
  EXPECT_FALSE(store.find_layer(layer.diff_id));
}

TEST_F(PowerCut, AnImportedLayerIsWholeWhenItsRowIsThere) {
  ImageStore store = ImageStore::open(root());
  const std::string tar = test::TarBuilder().file("file", "content").done();
  MemorySource source(tar);
  const Layer layer = store.put_layer_from_tar(source);
  write_rows_through();
  expect_whole(layer, "file", "content");
}

}  // namespace
}  // namespace davit::image
