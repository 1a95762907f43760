// The store on a real file system; needs root as unpacking does.
#include "davit/image/image_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/image/archive.hpp"
#include "davit/image/digest.hpp"
#include "davit/state/build_cache.hpp"
#include "image/tar_builder.hpp"
#include "support/temp_dir.hpp"

namespace davit::image {
namespace {

namespace fs = std::filesystem;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

Layer put(ImageStore& store, const std::string& tar, const std::optional<std::string>& expected = {}) {
  MemorySource source(tar);
  return store.put_layer_from_tar(source, expected);
}

ImageConfig config_of(const std::vector<std::string>& diff_ids, const std::string& label = {}) {
  ImageConfig config;
  config.architecture = "amd64";
  config.created = "2024-01-01T00:00:00Z";
  config.diff_ids = diff_ids;
  if (!label.empty()) config.labels["l"] = label;
  return config;
}

Reference name(const std::string& text) {
  return Reference::parse(text).value();
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// Waits for it; nullopt when a signal has ended it.
std::optional<int> exit_code_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

class Store : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> entries(const fs::path& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename() != ".lock" && entry.path().filename() != ".staging")
        names.push_back(entry.path().filename().string());
    return names;
  }
  [[nodiscard]] std::vector<std::string> layers() const { return entries(dir_.path() / "layers"); }
  [[nodiscard]] std::vector<std::string> staged() const { return entries(dir_.path() / "layers" / ".staging"); }

  davit::test::TempDir dir_;
  ImageStore store_ = ImageStore::open(dir_.path());
};

TEST_F(Store, LayerIsNamedByTheDigestOfItsUncompressedTar) {
  const std::string plain = TarBuilder().file("a", "x").done();
  const Layer layer = put(store_, plain);
  EXPECT_EQ(layer.diff_id, digest_of(plain));
  EXPECT_EQ(layer.size, 1);
  EXPECT_EQ(put(store_, TarBuilder(TarBuilder::Compression::Gzip).file("a", "x").done()).diff_id, layer.diff_id);
  EXPECT_THAT(layers(), SizeIs(1));
  EXPECT_THAT(staged(), SizeIs(0));
  EXPECT_TRUE(fs::exists(store_.layer_path(layer.diff_id) / "a"));
}

TEST_F(Store, DigestCoversWhatStandsBehindTheEndOfTheArchive) {
  const std::string tar = TarBuilder().file("a", "x").done() + std::string(4096, 'z');
  EXPECT_EQ(put(store_, tar).diff_id, digest_of(tar));
}

TEST_F(Store, LayerWithAnotherDigestThanExpectedIsRefusedAndGone) {
  const std::string tar = TarBuilder().file("a", "x").done();
  EXPECT_THAT(error_of([&] { put(store_, tar, digest_of("other")); }), HasSubstr("expected was"));
  EXPECT_THAT(layers(), SizeIs(0));
  EXPECT_THAT(staged(), SizeIs(0));
  EXPECT_EQ(put(store_, tar, digest_of(tar)).diff_id, digest_of(tar));
  EXPECT_THAT(error_of([&] { put(store_, tar + "tail", digest_of(tar)); }), HasSubstr("expected was"));
}

TEST_F(Store, BrokenArchiveLeavesNothing) {
  const std::string tar = TarBuilder().file("a", std::string(100000, 'x')).done();
  EXPECT_THROW(put(store_, tar.substr(0, 50000)), Error);
  EXPECT_THROW(put(store_, "nonsense that is no archive at all"), Error);
  EXPECT_THAT(layers(), SizeIs(0));
  EXPECT_THAT(staged(), SizeIs(0));
}

TEST_F(Store, AdoptedFolderIsALayerThatItsOwnTarWouldMake) {
  StagedLayer staged_layer = store_.new_layer_dir();
  std::ofstream(staged_layer.fs() / "file") << "content";
  ASSERT_EQ(::mknod((staged_layer.fs() / "gone").c_str(), S_IFCHR, 0), 0);
  const fs::path folder = staged_layer.fs();
  const Layer layer = store_.adopt_layer(std::move(staged_layer));
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_EQ(layer.size, 7);
  EXPECT_TRUE(fs::exists(store_.layer_path(layer.diff_id) / "file"));

  const Fd root(::open(store_.layer_path(layer.diff_id).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string tar;
  (void)write_layer_tar(root.get(), OverlayMarks::Trusted,
                        [&](std::span<const char> bytes) { tar.append(bytes.data(), bytes.size()); });
  EXPECT_EQ(put(store_, tar), layer);
}

TEST_F(Store, StagedFolderIsGoneWithItsObjectAndPlainFor) {
  fs::path folder;
  {
    const StagedLayer staged_layer = store_.new_layer_dir();
    folder = staged_layer.fs();
    struct stat info{};
    ASSERT_EQ(::stat(folder.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0755U);
    EXPECT_TRUE(fs::exists(staged_layer.work()));
  }
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_THAT(staged(), SizeIs(0));
}

TEST_F(Store, LayersStackAsAnOverlayWouldSeeThem) {
  const Layer low = put(store_, TarBuilder().file("a", "1").file("b", "1").done());
  const Layer high = put(store_, TarBuilder().file(".wh.a", "").file("b", "2").done());
  const ImageId id = store_.create_image(config_of({low.diff_id, high.diff_id}));
  const auto paths = store_.layer_paths(*store_.find(id));
  ASSERT_THAT(paths, ElementsAre(store_.layer_path(high.diff_id), store_.layer_path(low.diff_id)));

  // What the kernel makes of it, in a mount namespace of a child.
  const pid_t child = fork();
  if (child == 0) {
    const std::string target = (dir_.path() / "merged").string();
    ::mkdir(target.c_str(), 0700);
    const std::string options = "lowerdir=" + paths[0].string() + ":" + paths[1].string();
    bool well = ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                ::mount("overlay", target.c_str(), "overlay", MS_RDONLY, options.c_str()) == 0;
    std::ifstream b(target + "/b");
    std::string text;
    b >> text;
    well = well && text == "2" && ::access((target + "/a").c_str(), F_OK) != 0;
    _exit(well ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Store, ImageIsFoundByNameIdAndPrefix) {
  const Layer layer = put(store_, TarBuilder().file("a", "xyz").done());
  const ImageId id = store_.create_image(config_of({layer.diff_id, layer.diff_id}));
  store_.tag(id, name("acme/app:1"));
  const auto image = store_.find("acme/app:1");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, id);
  EXPECT_THAT(image->tags, ElementsAre("acme/app:1"));
  EXPECT_EQ(image->size, 3) << "a layer that stands there twice is there once";
  EXPECT_EQ(image->created, 1704067200'000000000);
  EXPECT_THAT(store_.layer_paths(*image), SizeIs(1));
  EXPECT_EQ(store_.find(id), image);
  EXPECT_EQ(store_.find(id.str()), image);
  EXPECT_EQ(store_.find(id.str().substr(0, 19)), image);
  EXPECT_EQ(store_.find(id.str().substr(7, 12)), image);
  EXPECT_EQ(store_.find("acme/app"), std::nullopt);
  EXPECT_EQ(store_.find("docker.io/acme/app:1"), image);
  EXPECT_THROW((void)store_.find("Bad//Name"), Error);
  EXPECT_EQ(digest_of(store_.config_json(id)), id.str());
  EXPECT_TRUE(fs::exists(dir_.path() / "blobs" / "sha256" / id.str().substr(7)));
}

TEST_F(Store, ImageNeedsItsLayers) {
  EXPECT_THAT(error_of([&] { (void)store_.create_image(config_of({digest_of("none")})); }),
              HasSubstr("not in the store"));
  EXPECT_THAT(error_of([&] { (void)store_.create_image(config_of({"../../etc"})); }), HasSubstr("not in the store"));
  EXPECT_TRUE(store_.list().empty());
}

TEST_F(Store, TagMovesAndTheOldImageStaysWithoutName) {
  const Layer layer = put(store_, TarBuilder().file("a", "x").done());
  const ImageId first = store_.create_image(config_of({layer.diff_id}, "1"));
  const ImageId second = store_.create_image(config_of({layer.diff_id}, "2"));
  store_.tag(first, name("app"));
  store_.tag(second, name("app"));
  EXPECT_EQ(store_.find("app")->id, second);
  EXPECT_TRUE(store_.find(first)->tags.empty());
  EXPECT_THROW(store_.tag(ImageId(digest_of("none")), name("x")), Error);
}

TEST_F(Store, RemovingTheLastNameRemovesImageAndLayersButNotThoseOfOthers) {
  const Layer shared = put(store_, TarBuilder().file("a", "x").done());
  const Layer own = put(store_, TarBuilder().file("b", "x").done());
  const ImageId one = store_.create_image(config_of({shared.diff_id, own.diff_id}));
  const ImageId two = store_.create_image(config_of({shared.diff_id}));
  store_.tag(one, name("one"));
  store_.tag(one, name("uno"));
  store_.tag(two, name("two"));

  EXPECT_THAT(error_of([&] { (void)store_.remove(one.str(), Removal::Normal, {}); }), HasSubstr("several names"));
  Removed removed = store_.remove("uno", Removal::Normal, {});
  EXPECT_THAT(removed.untagged, ElementsAre("uno:latest"));
  EXPECT_TRUE(removed.deleted.empty());
  removed = store_.remove("one", Removal::Normal, {});
  EXPECT_THAT(removed.deleted, ElementsAre(one.str(), own.diff_id));
  EXPECT_FALSE(store_.find(one));
  EXPECT_THAT(layers(), ElementsAre(shared.diff_id.substr(7)));
  EXPECT_THAT(staged(), SizeIs(0));
  EXPECT_FALSE(fs::exists(dir_.path() / "blobs" / "sha256" / one.str().substr(7)));
  EXPECT_THAT(error_of([&] { (void)store_.remove("one", Removal::Normal, {}); }), HasSubstr("no such image: 'one'"));
}

TEST_F(Store, ImageOfAContainerStaysUntilTheContainerIsGone) {
  const Layer layer = put(store_, TarBuilder().file("a", "x").done());
  const ImageId id = store_.create_image(config_of({layer.diff_id}));
  store_.tag(id, name("app"));
  const std::vector<ImageUser> users = {{id, "shop-web-1"}};
  EXPECT_THAT(error_of([&] { (void)store_.remove("app", Removal::Normal, users); }), HasSubstr("'shop-web-1'"));
  ASSERT_TRUE(store_.find("app"));
  EXPECT_THAT(store_.remove("app", Removal::Forced, users).deleted, SizeIs(0));
  EXPECT_FALSE(store_.find("app"));
  EXPECT_TRUE(store_.find(id));
  EXPECT_THAT(store_.remove(id.str(), Removal::Normal, {}).deleted, SizeIs(2));
}

TEST_F(Store, LayersOfTheBuildCacheAndOfWorkUnderWayAreKept) {
  LayerHold hold = store_.hold_layers();
  const Layer cached = put(store_, TarBuilder().file("a", "x").done());
  const Layer fresh = put(store_, TarBuilder().file("b", "x").done());
  auto database = state::Database::open(dir_.path() / "davit.db");
  state::BuildCache(database).put({.key = "k", .diff_id = cached.diff_id});
  // What it made is still held; another one must not take it.
  ImageStore other = ImageStore::open(dir_.path());
  LayerHold again = store_.hold_layers();
  hold.reset();
  EXPECT_THAT(other.collect_layers(), SizeIs(0));
  again.reset();
  EXPECT_THAT(other.collect_layers(), ElementsAre(fresh.diff_id));
  EXPECT_THAT(layers(), ElementsAre(cached.diff_id.substr(7)));
}

TEST_F(Store, ThreadsShareOneObject) {
  std::vector<std::thread> threads;
  std::vector<ImageId> ids(4);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    threads.emplace_back([&, t] {
      StagedLayer staged_layer = store_.new_layer_dir();
      std::ofstream(staged_layer.fs() / "file") << t;
      const Layer own = store_.adopt_layer(std::move(staged_layer));
      const Layer same = put(store_, TarBuilder().file("a", "x").done());
      ids[t] = store_.create_image(config_of({same.diff_id, own.diff_id}));
      store_.tag(ids[t], name("t" + std::to_string(t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(layers(), SizeIs(5));
  EXPECT_THAT(staged(), SizeIs(0));
  for (std::size_t t = 0; t < ids.size(); ++t) EXPECT_EQ(store_.find("t" + std::to_string(t))->id, ids[t]);
}

TEST_F(Store, ProcessesThatMakeTheSameLayerAtTheSameTimeShareIt) {
  TarBuilder builder;
  for (int i = 0; i < 300; ++i) builder.file("f" + std::to_string(i), std::string(1000, 'x'));
  const std::string tar = builder.done();
  std::vector<pid_t> children;
  for (int p = 0; p < 4; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      bool well = false;
      try {
        ImageStore store = ImageStore::open(dir_.path());
        MemorySource source(tar);
        store.tag(import_root_tar(store, source, {}), name("app:" + std::to_string(p)));
        well = true;
      } catch (const Error& error) {
        std::fprintf(stderr, "child: %s\n", error.what());
      }
      _exit(well ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_THAT(layers(), ElementsAre(digest_of(tar).substr(7)));
  EXPECT_THAT(staged(), SizeIs(0));
  for (int p = 0; p < 4; ++p) EXPECT_TRUE(store_.find("app:" + std::to_string(p)));
}

/// Hands out an archive and kills the process at a point of it.
class KillingSource final : public ByteSource {
 public:
  KillingSource(std::string_view bytes, std::size_t live) : bytes_(bytes), live_(live) {}
  std::span<const char> next() override {
    if (at_ >= live_) ::kill(::getpid(), SIGKILL);
    const std::string_view block = bytes_.substr(at_, 4096);
    at_ += block.size();
    return {block.data(), block.size()};
  }

 private:
  std::string_view bytes_;
  std::size_t live_;
  std::size_t at_ = 0;
};

TEST_F(Store, ProcessKilledWhileUnpackingLeavesNoHalfLayerAndItsRestIsCleanedUp) {
  TarBuilder builder;
  for (int i = 0; i < 100; ++i) builder.file("f" + std::to_string(i), std::string(3000, 'x'));
  const std::string tar = builder.done();
  for (const std::size_t live : {std::size_t{0}, std::size_t{8192}, tar.size() / 2, tar.size()}) {
    const pid_t child = fork();
    if (child == 0) {
      ImageStore store = ImageStore::open(dir_.path());
      KillingSource source(tar, live);
      (void)import_root_tar(store, source, {.name = name("app")});
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_THAT(layers(), SizeIs(0)) << live;
    EXPECT_TRUE(store_.list().empty());
  }
  EXPECT_THAT(staged(), ::testing::Not(SizeIs(0))) << "this test must see what a kill leaves";
  ImageStore next = ImageStore::open(dir_.path());
  MemorySource source(tar);
  const ImageId id = import_root_tar(next, source, {.name = name("app")});
  EXPECT_EQ(store_.find("app")->id, id);
  EXPECT_THAT(staged(), SizeIs(0));
}

/// A folder in `count` folders, made from a descriptor: no path is that long.
void make_deep_folder(const fs::path& top, int count) {
  Fd at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "deep", 0700), 0);
    at = Fd(::openat(at.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
}

TEST_F(Store, AFolderDeeperThanDescriptorsOrPathsReachIsRefusedAndGone) {
  auto staged = store_.new_layer_dir();
  const fs::path folder = staged.fs();
  make_deep_folder(folder, 5000);
  try {
    (void)store_.adopt_layer(std::move(staged));
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("has folders in more than 500 others"));
  }
  EXPECT_FALSE(fs::exists(folder.parent_path()));
}

TEST_F(Store, WhatAKilledBuilderLeftDeepDownIsCleanedUpByTheNext) {
  const fs::path abandoned = dir_.path() / "layers" / ".staging" / "left";
  fs::create_directories(abandoned);
  make_deep_folder(abandoned, 5000);
  std::ofstream(abandoned / ".deep-0") << "a name that is taken";
  (void)store_.hold_layers();
  EXPECT_FALSE(fs::exists(abandoned));
}

TEST_F(Store, LayerFolderWithoutARowIsTakenOverOrCollected) {
  // As a kill between the rename and the row leaves it.
  const std::string tar = TarBuilder().file("a", "x").done();
  const Layer layer = put(store_, tar);
  auto database = state::Database::open(dir_.path() / "davit.db");
  database.run("DELETE FROM layers");
  EXPECT_EQ(put(store_, tar), layer);
  database.run("DELETE FROM layers");
  (void)store_.collect_layers();
  EXPECT_THAT(layers(), SizeIs(0));
}

TEST_F(Store, LiveStagingFolderOfAnotherProcessIsNotCleanedUp) {
  const StagedLayer mine = store_.new_layer_dir();
  ImageStore other = ImageStore::open(dir_.path());
  const StagedLayer theirs = other.new_layer_dir();
  EXPECT_TRUE(fs::exists(mine.fs()));
  EXPECT_THAT(staged(), SizeIs(2));
}

TEST_F(Store, WithoutDescriptorsAStagingFolderIsAnErrorAndNotTriedForEver) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the undefined behaviour sanitizer itself needs descriptors to look at objects";
#endif
  const LayerHold hold = store_.hold_layers();
  const pid_t child = fork();
  if (child == 0) {
    ::alarm(10);  // what the test is about would not end
    const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto none = static_cast<rlim_t>(next.get());
    const rlimit limit{none, none};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    int code = 10;
    try {
      (void)store_.new_layer_dir();
    } catch (const Error& error) {
      code = std::string(error.what()).ends_with("too many open files") ? 0 : 11;
      if (code != 0) std::fprintf(stderr, "child: %s\n", error.what());
    }
    _exit(code);
  }
  EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_THAT(staged(), SizeIs(0));
}

/// A small file system of its own, in the child's mount namespace.
TEST_F(Store, FullDiskIsAClearErrorAndLeavesNothing) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string small = (dir_.path() / "small").string();
    ::mkdir(small.c_str(), 0700);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=8m") != 0)
      _exit(10);
    int code = 0;
    try {
      ImageStore store = ImageStore::open(small);
      const std::string big = TarBuilder().file("a", "x").file("big", std::string(8U << 20U, 'x')).done();
      MemorySource source(big);
      code = 11;
      (void)import_root_tar(store, source, {.name = name("app")});
    } catch (const Error& error) {
      const std::string message = error.what();
      code = error.diagnostic().code == "disk-full" && error.diagnostic().hint &&
                     message.find("'big'") != std::string::npos
                 ? 0
                 : 12;
      if (code != 0) std::fprintf(stderr, "child: %s\n", message.c_str());
    }
    if (code == 0) {
      ImageStore store = ImageStore::open(small);
      MemorySource source(std::span<const char>{});
      const std::string tar = TarBuilder().file("a", "x").done();
      MemorySource fits(tar);
      if (!store.list().empty() || !fs::is_empty(fs::path(small) / "layers" / ".staging")) code = 13;
      (void)import_root_tar(store, fits, {.name = name("app")});
      if (!store.find("app")) code = 14;
    }
    _exit(code);
  }
  EXPECT_EQ(exit_code_of(child), 0);
}

TEST_F(Store, FullDiskUnderTheDatabaseIsAClearError) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string small = (dir_.path() / "small").string();
    ::mkdir(small.c_str(), 0700);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0)
      _exit(10);
    int code = 11;
    try {
      auto database = state::Database::open(small + "/davit.db");
      for (int i = 0; i < 100; ++i)
        state::BuildCache(database).put({.key = std::to_string(i), .result_json = std::string(100000, 'x')});
    } catch (const Error& error) {
      code = error.diagnostic().code == "disk-full" ? 0 : 12;
      if (code != 0) std::fprintf(stderr, "child: %s\n", error.what());
    }
    _exit(code);
  }
  EXPECT_EQ(exit_code_of(child), 0);
}

}  // namespace
}  // namespace davit::image
