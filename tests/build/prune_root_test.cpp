// The build cache of a real data root: what it takes, what goes, what stays.
#include "davit/build/prune.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "build/build_aside.hpp"
#include "build/build_fixture.hpp"
#include "build/cache_mounts.hpp"
#include "davit/base/error.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;
using build::CacheItem;
using build::CacheRule;
using build::Pruned;
using Strings = std::vector<std::string>;

class PruneRootTest : public BuildTest {
 protected:
  Pruned prune(const CacheRule& rule = {}) {
    return build::prune_cache(*store_, {rule}, [](const Diagnostic& warning) { ADD_FAILURE() << warning.message; });
  }
  static Strings names(const std::vector<CacheItem>& items) {
    Strings out;
    for (const CacheItem& item : items) out.push_back(item.description);
    std::sort(out.begin(), out.end());
    return out;
  }
  std::size_t layers() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(data_root_ / "layers"))
      if (entry.path().filename().string().size() == 64) ++count;
    return count;
  }
  Strings files_of_mounts() const {
    Strings out;
    for (const auto& entry : fs::directory_iterator(build::cache_mounts_folder(data_root_)))
      out.push_back(entry.path().filename());
    return out;
  }
  /// A layer that only the cache has, and one that the image has, too.
  const std::string two_stages_ = "FROM box AS a\nRUN --network=none echo a > /a\nFROM box\nCOPY --from=a /a /b\n";
};

TEST_F(PruneRootTest, TakesWhatOnlyTheCacheHasAndAllWhenAsked) {
  const ImageId id = must_build(two_stages_);
  EXPECT_EQ(layers(), 3U);
  EXPECT_EQ(names(build::cache_items(*store_)), (Strings{"COPY --from=a /a /b", "RUN --network=none echo a > /a"}));
  EXPECT_EQ(names(prune().removed), Strings{"RUN --network=none echo a > /a"});
  EXPECT_EQ(layers(), 2U);
  EXPECT_EQ(read(id, "/b"), "a\n");
  CacheRule all;
  all.shared = CacheRule::Shared::Remove;
  EXPECT_EQ(names(prune(all).removed), Strings{"COPY --from=a /a /b"});
  EXPECT_EQ(layers(), 2U) << "the image keeps its layers";
  EXPECT_EQ(read(id, "/b"), "a\n");
  must_build(two_stages_);
  EXPECT_EQ(seen_.executed.size(), 2U) << "and the next build makes all anew";
  EXPECT_EQ(std::distance(fs::directory_iterator(data_root_ / "build"), {}), 1) << "no work folder is left";
}

TEST_F(PruneRootTest, CacheMountsAreMeasuredAndGoWithAllThatIsBesideThem) {
  const auto file = [](const std::string& command) {
    return "FROM box\nRUN --network=none --mount=type=cache,target=/m " + command + "\n";
  };
  must_build(file("head -c 100000 /dev/zero > /m/a"));
  const auto size = [this] {
    for (const CacheItem& item : build::cache_items(*store_))
      if (item.kind == CacheItem::Kind::Mount) return item.bytes;
    return std::int64_t{-1};
  };
  const std::int64_t first = size();
  EXPECT_GE(first, 100'000);
  EXPECT_LT(first, 200'000);
  must_build(file("head -c 300000 /dev/zero > /m/b"));
  EXPECT_GE(size(), 400'000) << "it is measured again when it was used again";
  CacheRule mounts;
  mounts.only = CacheItem::Kind::Mount;
  EXPECT_EQ(names(prune(mounts).removed), Strings{"cache mount /m"});
  EXPECT_EQ(files_of_mounts(), Strings{});
  EXPECT_EQ(size(), -1);
  must_build(file("test ! -e /m/a"));
  EXPECT_LT(size(), 100000) << "it was empty again";
}

TEST_F(PruneRootTest, NothingIsTakenFromABuildAtWork) {
  must_build("FROM box\nRUN --network=none echo unused > /unused\nRUN --network=none rm /unused\n");
  request_.dockerfile_text =
      "FROM box\nRUN --network=none --mount=type=cache,target=/m mkfifo /m/go; echo works; read line < /m/go\n";
  request_.context = context_.string();
  auto other = image::ImageStore::open(data_root_);
  {
    BuildAside build(request_, other);
    ASSERT_TRUE(build.has_spoken());
    CacheRule all;
    all.shared = CacheRule::Shared::Remove;
    const Pruned pruned = prune(all);
    EXPECT_EQ(pruned.steps, Pruned::Steps::Busy);
    EXPECT_EQ(names(pruned.removed), Strings{});
    const fs::path stamp = data_root_ / "build/pruned";
    EXPECT_FALSE(build::automatic_pruning_is_due(data_root_));
    fs::last_write_time(stamp, fs::file_time_type::clock::now() - std::chrono::hours(1));
    build::prune_automatically(data_root_);
    EXPECT_TRUE(build::automatic_pruning_is_due(data_root_)) << "it is left to the build at work";
    const auto pipes = let_go_on(data_root_);
    ASSERT_EQ(pipes.size(), 1U);
    EXPECT_TRUE(build.result());
  }
  EXPECT_EQ(prune().steps, Pruned::Steps::Done);
  EXPECT_EQ(files_of_mounts(), Strings{});
}

TEST_F(PruneRootTest, WhatAutomaticPruningCannotRemoveIsToldOnceByTheNextBuild) {
  must_build("FROM box\nRUN --network=none --mount=type=cache,target=/m head -c 10000000 /dev/urandom > /m/a\n");
  use_small_disk("40m");
  fill_disk(1'000'000 / 4096 * 4096);
  const Strings files = files_of_mounts();
  const auto id = std::find_if(files.begin(), files.end(), [](const std::string& f) { return f.find('.') == f.npos; });
  ASSERT_NE(id, files.end());
  const fs::path folder = build::cache_mounts_folder(data_root_) / *id;
  ASSERT_EQ(::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr), 0);  // it cannot be renamed
  const std::unique_ptr<const fs::path, void (*)(const fs::path*)> unmounted(
      &folder, [](const fs::path* mounted) { ::umount2(mounted->c_str(), MNT_DETACH); });
  EXPECT_FALSE(build::automatic_pruning_is_due(data_root_));
  const auto two_minutes_ago = fs::file_time_type::clock::now() - std::chrono::minutes(2);
  fs::last_write_time(data_root_ / "build/pruned", two_minutes_ago);
  build::prune_automatically(data_root_);
  ASSERT_EQ(::umount(folder.c_str()), 0);
  fs::remove(data_root_ / "filler");
  must_build("FROM box\nRUN --network=none echo b\n");
  ASSERT_EQ(seen_.warnings.size(), 1U);
  EXPECT_EQ(seen_.warnings[0].find("the cache mount /m cannot be removed: cannot remove '"), 0U) << seen_.warnings[0];
  must_build("FROM box\nRUN --network=none echo c\n");
  EXPECT_EQ(seen_.warnings.size(), 0U);
}

TEST_F(PruneRootTest, ACacheMountIsTakenWholeAndOnlyWhenNobodyUsesIt) {
  const fs::path folder = build::cache_mounts_folder(data_root_) / "x";
  fs::create_directories(folder);
  {
    const build::CacheMountUse first(folder, "/x");
    const build::CacheMountUse second(folder, "/x");
    EXPECT_FALSE(build::take_cache_mount(data_root_, "x", root_ / "trash"));
  }
  EXPECT_TRUE(build::take_cache_mount(data_root_, "x", root_ / "trash"));
  EXPECT_TRUE(fs::exists(root_ / "trash"));
  EXPECT_EQ(files_of_mounts(), Strings{});
}

TEST_F(PruneRootTest, TheFirstQuestionWhetherItIsDueBeginsTheHour) {
  fs::create_directories(data_root_ / "build");
  EXPECT_FALSE(build::automatic_pruning_is_due(data_root_));
  const fs::path stamp = data_root_ / "build/pruned";
  ASSERT_TRUE(fs::exists(stamp));
  EXPECT_FALSE(build::automatic_pruning_is_due(data_root_));
  fs::last_write_time(stamp, fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(build::automatic_pruning_is_due(data_root_));
}

TEST_F(PruneRootTest, AFullDiskIsRelievedOfWhatOnlyTheCacheHas) {
  use_small_disk("40m");
  const ImageId id = must_build(
      "FROM box AS a\nRUN --network=none head -c 10000000 /dev/urandom > /a\nFROM box\n"
      "COPY --from=a /etc/passwd /b\n");
  fill_disk(4'000'000 / 4096 * 4096);
  const auto before = build::disk_of(data_root_);
  const fs::path digests = data_root_ / "build/digests";
  fs::create_directories(digests);
  std::ofstream(digests / "old") << "x";
  std::ofstream(digests / "young") << "x";
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(digests / "old", now - std::chrono::hours(61 * 24));
  EXPECT_FALSE(build::automatic_pruning_is_due(data_root_));
  fs::last_write_time(data_root_ / "build/pruned", now - std::chrono::minutes(2));
  build::prune_automatically(data_root_);
  EXPECT_GT(build::disk_of(data_root_).free, before.free + 9'000'000);
  EXPECT_EQ(layers(), 2U);
  EXPECT_NE(read(id, "/b"), "<none>");
  EXPECT_FALSE(fs::exists(digests / "old"));
  EXPECT_TRUE(fs::exists(digests / "young"));
  EXPECT_FALSE(build::automatic_pruning_is_due(data_root_)) << "it was just done";
}

}  // namespace
}  // namespace davit::test
