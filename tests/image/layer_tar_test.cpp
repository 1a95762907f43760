// Unpacking needs root: owners, devices and trusted.* attributes.
#include "davit/image/layer_tar.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "davit/base/error.hpp"
#include "davit/image/digest.hpp"
#include "davit/image/remove_tree.hpp"
#include "image/tar_builder.hpp"
#include "support/temp_dir.hpp"

namespace davit::image {
namespace {

namespace fs = std::filesystem;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LayerTar : public ::testing::Test {
 protected:
  LayerTar() {
    fs::create_directory(root_);
    fs::create_directory(dir_.path() / "outside");
  }

  UnpackedTar unpack(const std::string& tar, const UnpackOptions& options = {}) {
    const Fd root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    MemorySource source(tar);
    const auto plain = decompress(source);
    return unpack_tar(*plain, root.get(), options);
  }

  std::string error_of(const std::string& tar, const UnpackOptions& options = {}) {
    try {
      unpack(tar, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(root_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] struct stat look(const std::string& name) const {
    struct stat info{};
    EXPECT_EQ(::lstat((root_ / name).c_str(), &info), 0) << name;
    return info;
  }
  [[nodiscard]] bool is_whiteout(const std::string& name) const {
    const struct stat info = look(name);
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
  }
  [[nodiscard]] std::string xattr(const std::string& name, const char* attribute) const {
    char value[256];
    const ssize_t size = ::lgetxattr((root_ / name).c_str(), attribute, value, sizeof value);
    return size < 0 ? "none" : std::string(value, static_cast<std::size_t>(size));
  }
  [[nodiscard]] bool outside_is_untouched() const { return fs::is_empty(dir_.path() / "outside"); }
  [[nodiscard]] std::string tar_of_root() const {
    const Fd root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string bytes;
    (void)write_layer_tar(root.get(), OverlayMarks::Trusted,
                          [&](std::span<const char> block) { bytes.append(block.data(), block.size()); });
    return bytes;
  }

  davit::test::TempDir dir_;
  fs::path root_ = dir_.path() / "root";
};

constexpr auto kOpaque = "trusted.overlay.opaque";

TEST_F(LayerTar, FilesKeepContentOwnerModeAndTime) {
  const auto done = unpack(TarBuilder()
                               .folder("etc", 0750, [](auto* e) { archive_entry_set_uid(e, 7); })
                               .file("etc/a", "hello",
                                     [](auto* e) {
                                       archive_entry_set_uid(e, 1000);
                                       archive_entry_set_gid(e, 1001);
                                       archive_entry_set_perm(e, 04751);
                                       archive_entry_set_mtime(e, 1234567890, 5000);
                                     })
                               .done());
  EXPECT_EQ(done.bytes, 5);
  EXPECT_EQ(done.entries, 2U);
  EXPECT_EQ(read("etc/a"), "hello");
  const auto info = look("etc/a");
  EXPECT_EQ(info.st_uid, 1000U);
  EXPECT_EQ(info.st_gid, 1001U);
  EXPECT_EQ(info.st_mode & 07777U, 04751U) << "chown drops setuid: the mode must come after it";
  EXPECT_EQ(info.st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(info.st_mtim.tv_nsec, 5000);
  EXPECT_EQ(look("etc").st_mode & 07777U, 0750U);
  EXPECT_EQ(look("etc").st_uid, 7U);
}

TEST_F(LayerTar, FolderKeepsItsTimeThoughFilesWerePutInto) {
  unpack(TarBuilder().folder("d").file("d/a", "x").folder("d/e", 0500).file("d/e/f", "y").done());
  EXPECT_EQ(look("d").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(look("d/e").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(look("d/e").st_mode & 07777U, 0500U);
}

TEST_F(LayerTar, RootEntryLeavesTheRootAsItIs) {
  const auto before = look("");
  unpack(TarBuilder().folder("./", 0700, [](auto* e) { archive_entry_set_gid(e, 5); }).file("./a", "x").done());
  EXPECT_EQ(look("").st_mode, before.st_mode);
  EXPECT_EQ(look("").st_gid, before.st_gid);
  EXPECT_EQ(look("a").st_size, 1);
  EXPECT_THROW(unpack(TarBuilder().file("./", "x").done()), Error);
}

TEST_F(LayerTar, MissingParentsAreMadeWhateverTheUmask) {
  const mode_t before = ::umask(077);
  unpack(TarBuilder().file("/a/b/c", "x").done());
  ::umask(before);
  EXPECT_EQ(read("a/b/c"), "x");
  EXPECT_EQ(look("a").st_mode & 07777U, 0755U);
  EXPECT_EQ(look("a/b/c").st_mode & 07777U, 0644U);
}

TEST_F(LayerTar, LongAndNonAsciiNamesSurvive) {
  const std::string longest = std::string(120, 'd') + "/" + std::string(200, 'f');
  unpack(TarBuilder().file(longest, "x").file("gr\xc3\xbc\xc3\x9f/\xe6\x96\x87", "y").done());
  EXPECT_EQ(read(longest), "x");
  EXPECT_EQ(read("gr\xc3\xbc\xc3\x9f/\xe6\x96\x87"), "y");
}

TEST_F(LayerTar, HardLinksShareTheirInodeAndNeedAnEarlierTarget) {
  unpack(TarBuilder().folder("a").file("a/x", "1").folder("b").hardlink("b/y", "a/x").hardlink("./b/z", "/a/x").done());
  EXPECT_EQ(look("a/x").st_ino, look("b/y").st_ino);
  EXPECT_EQ(look("a/x").st_nlink, 3U);
  EXPECT_THAT(error_of(TarBuilder().hardlink("q", "missing").done()), HasSubstr("hard link to 'missing'"));
}

TEST_F(LayerTar, DevicesAndPipesAreMade) {
  unpack(TarBuilder()
             .device("null", AE_IFCHR, 1, 3, 0666)
             .device("loop", AE_IFBLK, 7, 0)
             .device("pipe", AE_IFIFO, 0, 0, 0622)
             .done());
  EXPECT_TRUE(S_ISCHR(look("null").st_mode));
  EXPECT_EQ(look("null").st_rdev, makedev(1, 3));
  EXPECT_EQ(look("null").st_mode & 07777U, 0666U);
  EXPECT_TRUE(S_ISBLK(look("loop").st_mode));
  EXPECT_TRUE(S_ISFIFO(look("pipe").st_mode));
}

TEST_F(LayerTar, ExtendedAttributesSurviveButNeverOverlaysOwn) {
  const auto with = [](const char* name, std::string_view value) {
    return [=](::archive_entry* e) { archive_entry_xattr_add_entry(e, name, value.data(), value.size()); };
  };
  // VFS_CAP_REVISION_2, cap_net_raw.
  const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  unpack(TarBuilder()
             .file("ping", "x", with("security.capability", capability))
             .file("note", "x", with("user.note", "hi"))
             .folder("evil", 0755, with("trusted.overlay.redirect", "/etc"))
             .folder("evil2", 0755, with("user.overlay.opaque", "y"))
             .done());
  EXPECT_EQ(xattr("ping", "security.capability"), capability);
  EXPECT_EQ(xattr("note", "user.note"), "hi");
  EXPECT_EQ(xattr("evil", "trusted.overlay.redirect"), "none");
  EXPECT_EQ(xattr("evil2", "user.overlay.opaque"), "none");
}

TEST_F(LayerTar, WhiteoutsBecomeOverlays) {
  unpack(TarBuilder()
             .file("d/.wh.gone", "")
             .file("e/.wh..wh..opq", "")
             .file(".wh.top", "")
             .file(".wh..wh.plnk", "")
             .done());
  EXPECT_TRUE(is_whiteout("d/gone"));
  EXPECT_TRUE(is_whiteout("top"));
  EXPECT_EQ(xattr("e", kOpaque), "y");
  EXPECT_FALSE(fs::exists(root_ / ".wh..wh.plnk"));
}

TEST_F(LayerTar, WhiteoutSpeaksOfLowerLayersOnly) {
  // Folder and whiteout of one name, both orders: the folder stays and hides what is below.
  unpack(TarBuilder()
             .file("a/.wh.d", "")
             .file("a/d/new", "x")
             .folder("b/d")
             .file("b/d/new", "x")
             .file("b/.wh.d", "")
             .done());
  EXPECT_EQ(read("a/d/new"), "x");
  EXPECT_EQ(xattr("a/d", kOpaque), "y");
  EXPECT_EQ(read("b/d/new"), "x");
  EXPECT_EQ(xattr("b/d", kOpaque), "y");
  unpack(TarBuilder().file("c/.wh.f", "").folder("c/f").file("e/f", "x").file("e/.wh.f", "").done());
  EXPECT_EQ(xattr("c/f", kOpaque), "y");
  EXPECT_EQ(read("e/f"), "x");
}

TEST_F(LayerTar, WhiteoutBelowAWhiteoutHasNothingLeftToHide) {
  unpack(TarBuilder().file(".wh.foo", "").file("foo/.wh.bar", "").file("foo/.wh..wh..opq", "").done());
  EXPECT_TRUE(is_whiteout("foo"));
}

TEST_F(LayerTar, WhiteoutOfNothingIsRefused) {
  for (const char* bad : {".wh.", "a/.wh..", "a/.wh..."})
    EXPECT_THAT(error_of(TarBuilder().file(bad, "").done()), HasSubstr("whiteout of nothing"));
}

TEST_F(LayerTar, LiteralWhiteoutsAreFiles) {
  unpack(TarBuilder().file(".wh.x", "plain").done(), {.whiteouts = Whiteouts::Literal});
  EXPECT_EQ(read(".wh.x"), "plain");
}

TEST_F(LayerTar, LaterEntriesReplaceEarlierOnes) {
  unpack(TarBuilder()
             .file("a", "one")
             .file("a", "two")
             .folder("d")
             .file("d/f", "x")
             .symlink("d", "elsewhere")
             .symlink("s", "a")
             .file("s", "not through the link")
             .file("f", "x")
             .folder("f")
             .file("f/g", "y")
             .done());
  EXPECT_EQ(read("a"), "two");
  EXPECT_EQ(fs::read_symlink(root_ / "d"), "elsewhere");
  EXPECT_EQ(read("s"), "not through the link");
  EXPECT_EQ(read("f/g"), "y");
}

TEST_F(LayerTar, FoldersMergeAndTakeTheNewAttributes) {
  unpack(TarBuilder().folder("d", 0700).file("d/a", "1").folder("d", 0711).file("d/b", "2").done());
  EXPECT_EQ(read("d/a"), "1");
  EXPECT_EQ(look("d").st_mode & 07777U, 0711U);
}

TEST_F(LayerTar, NamesThatLeaveTheRootAreRefused) {
  for (const char* bad : {"../outside/x", "a/../../outside/x", "/../outside/x"})
    EXPECT_THAT(error_of(TarBuilder().file(bad, "x").done()), HasSubstr("leaves the root")) << bad;
  EXPECT_THAT(error_of(TarBuilder().file("f", "").hardlink("x", "../outside/y").done()), HasSubstr("leaves the root"));
  EXPECT_TRUE(outside_is_untouched());
}

TEST_F(LayerTar, LinksInTheArchiveLeadNowhereOutside) {
  const std::string outside = (dir_.path() / "outside").string();
  std::ofstream(dir_.path() / "secret") << "s";
  // Absolute, relative and chained links as parents of later entries resolve inside the root.
  unpack(TarBuilder()
             .symlink("abs", outside)
             .symlink("rel", "../outside")
             .symlink("up", "../../../../../..")
             .folder("outside")
             .file("rel/through-rel", "x")
             .file("up/through-up", "x")
             .done());
  EXPECT_EQ(read("outside/through-rel"), "x");
  EXPECT_EQ(read("through-up"), "x");
  EXPECT_THAT(error_of(TarBuilder().symlink("abs2", outside).file("abs2/x", "x").done()), HasSubstr("is not a folder"));
  // A link as target of a hard link is linked itself, not followed.
  unpack(
      TarBuilder().symlink("s", (dir_.path() / "secret").string()).hardlink("h", "s").file("h", "overwritten").done());
  EXPECT_TRUE(outside_is_untouched());
  std::ifstream secret(dir_.path() / "secret");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(secret), {}), "s");
}

TEST_F(LayerTar, AbsoluteLinksKeepTheirTargetAsData) {
  unpack(TarBuilder().symlink("etc/mtab", "/proc/mounts").done());
  EXPECT_EQ(fs::read_symlink(root_ / "etc/mtab"), "/proc/mounts");
}

TEST_F(LayerTar, EveryCompressionIsToldByItsContent) {
  using C = TarBuilder::Compression;
  for (const C compression : {C::Gzip, C::Zstd, C::Xz, C::Bzip2}) {
    const std::string name = "f" + std::to_string(static_cast<int>(compression));
    unpack(TarBuilder(compression).file(name, std::string(300000, 'x')).done());
    EXPECT_EQ(read(name).size(), 300000U);
  }
}

TEST_F(LayerTar, LzmaIsNotUnpackedAsWithDocker) {
  EXPECT_THAT(error_of(TarBuilder(TarBuilder::Compression::Lzma).file("a", "1").done()), HasSubstr("no tar archive"));
}

TEST_F(LayerTar, WhatIsNoArchiveOrBrokenIsSaidSo) {
  EXPECT_THAT(error_of("this is just text, and long enough to be looked at"), HasSubstr("no tar archive"));
  EXPECT_THAT(error_of(""), HasSubstr("no tar archive"));
  const std::string tar = TarBuilder().file("a", std::string(5000, 'x')).done();
  EXPECT_THAT(error_of(tar.substr(0, 3000)), HasSubstr("malformed"));
  const std::string gzip = TarBuilder(TarBuilder::Compression::Gzip).file("a", std::string(5000, 'x')).done();
  EXPECT_THAT(error_of(gzip.substr(0, gzip.size() / 2)), HasSubstr("malformed"));
  EXPECT_EQ(error_of(std::string(1024, '\0')), "no error") << "an empty archive";
}

TEST_F(LayerTar, LimitsHold) {
  EXPECT_THAT(error_of(TarBuilder().file("a", "x").file("b", "x").done(), {.max_entries = 1}),
              HasSubstr("more than 1 entries"));
  EXPECT_THAT(error_of(TarBuilder().file("a", "12345").done(), {.max_bytes = 4}), HasSubstr("more than 4 bytes"));
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "d/";
  EXPECT_THAT(error_of(TarBuilder().file(deep + "x", "").done()), HasSubstr("too deep"));
}

TEST_F(LayerTar, SparseFilesKeepTheirHoles) {
  constexpr std::size_t kSize = 4U << 20U;
  std::string content(kSize, '\0');
  content.replace(kSize / 2, 4, "data");
  unpack(
      TarBuilder().file("sparse", content, [](auto* e) { archive_entry_sparse_add_entry(e, 2U << 20U, 4096); }).done());
  EXPECT_EQ(read("sparse"), content);
  EXPECT_LT(look("sparse").st_blocks * 512, 1 << 20);
}

TEST_F(LayerTar, OwnerCanBeGiven) {
  unpack(TarBuilder().file("a", "x", [](auto* e) { archive_entry_set_uid(e, 7); }).done(), {.owner = {{3, 4}}});
  EXPECT_EQ(look("a").st_uid, 3U);
  EXPECT_EQ(look("a").st_gid, 4U);
}

TEST_F(LayerTar, TreeComesBackFromItsOwnArchive) {
  unpack(TarBuilder()
             .folder("d", 02750)
             .file("d/f", "content", [](auto* e) { archive_entry_set_uid(e, 100); })
             .hardlink("d/g", "d/f")
             .symlink("l", "d/f")
             .symlink("long", std::string(150, 't'))
             .file(std::string(150, 'n'), "long")
             .device("null", AE_IFCHR, 1, 3)
             .file("big-owner", "x", [](auto* e) { archive_entry_set_uid(e, 0x7fffffff); })
             .file("d/.wh.gone", "")
             .file("o/.wh..wh..opq", "")
             .file("x", "x", [](auto* e) { archive_entry_xattr_add_entry(e, "user.a", "b=\n", 3); })
             .done());
  const std::string first = tar_of_root();
  remove_tree(root_);
  fs::create_directory(root_);
  unpack(first);
  EXPECT_EQ(digest_of(tar_of_root()), digest_of(first));
  EXPECT_EQ(look("d/f").st_ino, look("d/g").st_ino);
  EXPECT_EQ(look("d/f").st_uid, 100U);
  EXPECT_EQ(look("d").st_mode & 07777U, 02750U);
  EXPECT_EQ(look("big-owner").st_uid, 0x7fffffffU);
  EXPECT_TRUE(is_whiteout("d/gone"));
  EXPECT_EQ(xattr("o", kOpaque), "y");
  EXPECT_EQ(xattr("x", "user.a"), "b=\n");
  EXPECT_EQ(fs::read_symlink(root_ / "long"), std::string(150, 't'));
}

TEST_F(LayerTar, ArchiveDependsOnContentAloneNotOnTheOrderOfMaking) {
  unpack(TarBuilder().file("b", "2").file("a", "1").folder("c").done());
  const std::string one = tar_of_root();
  remove_tree(root_);
  fs::create_directory(root_);
  unpack(TarBuilder().folder("c").file("a", "1").file("b", "2").done());
  EXPECT_EQ(tar_of_root(), one);
  EXPECT_EQ(one.size() % 512, 0U);
}

TEST_F(LayerTar, RenamedFolderOfAnOverlayIsRefused) {
  fs::create_directory(root_ / "d");
  ASSERT_EQ(::setxattr((root_ / "d").c_str(), "trusted.overlay.redirect", "/x", 2, 0), 0);
  EXPECT_THROW((void)tar_of_root(), Error);
}

TEST_F(LayerTar, TarIsToldFromOtherFiles) {
  std::ofstream(dir_.path() / "a.tgz") << TarBuilder(TarBuilder::Compression::Gzip).file("a", "x").done();
  std::ofstream(dir_.path() / "a.txt") << "text";
  EXPECT_TRUE(looks_like_tar((dir_.path() / "a.tgz").string()));
  EXPECT_FALSE(looks_like_tar((dir_.path() / "a.txt").string()));
}

}  // namespace
}  // namespace davit::image
