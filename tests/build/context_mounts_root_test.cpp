// What RUN --mount shows: of the build context, and of caches that are filled from elsewhere.

#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;

class BindMounts : public BuildTest {
 protected:
  BindMounts() {
    write(".dockerignore", "**/.env\nsecret\n*.log\n!keep.log\nonly/*\n!only/this\n");
    for (const char* path :
         {".env", "a.log", "keep.log", "secret/key", "src/.env", "src/main", "only/this", "only/that"})
      write(path, path);
    fs::permissions(context_ / "src", fs::perms(0711));
  }
  ~BindMounts() override {
    for (auto place = mounted_.rbegin(); place != mounted_.rend(); ++place) (void)::umount2(place->c_str(), MNT_DETACH);
  }
  void mount_at(const std::string& path) {
    fs::create_directories(context_ / path);
    ASSERT_EQ(::mount("tmpfs", (context_ / path).c_str(), "tmpfs", 0, "size=1m"), 0);
    mounted_.push_back(context_ / path);
  }
  /// What a RUN with this mount at /m writes.
  std::string seen(const std::string& mount, const std::string& script) {
    const std::string run = "RUN --mount=type=bind,target=/m," + mount + " (" + script + "; true) > /seen 2>&1\n";
    return read(must_build("FROM box\n" + run), "/seen");
  }
  std::vector<fs::path> mounted_;
};

constexpr const char* kList = "cd /m; for f in .[a-z]* * */.[a-z]* */*; do if test -e $f; then echo $f; fi; done";

TEST_F(BindMounts, ShowTheContextWithoutWhatIsIgnored) {
  const std::string all = ".dockerignore\nkeep.log\nonly\nsrc\nonly/this\nsrc/main\n";
  EXPECT_EQ(seen("source=/", kList), all);
  EXPECT_EQ(seen("rw", std::string(kList) + "; echo new > src/.env; cat src/.env"), all + "new\n");
  EXPECT_EQ(read(must_build("FROM box\nRUN --mount=target=/m stat -c '%a %u' /m/src > /seen\n"), "/seen"), "711 0\n");
  std::ifstream untouched(context_ / "src/.env");
  std::string text;
  untouched >> text;
  EXPECT_EQ(text, "src/.env");
}

TEST_F(BindMounts, ThatCanBeWrittenLookAsTheirSource) {
  const std::string run = "RUN --mount=type=bind,from=base,target=/m,rw,source=";
  const ImageId id =
      must_build("FROM box AS base\nRUN mkdir /own && chown app:extra /own && chmod 2750 /own\nFROM box\n" + run +
                 "/tmp stat -c '%a %u %g' /m > /tmp-looks\n" + run +
                 "/own stat -c '%a %u %g' /m > /own-looks\nUSER app\n" + run + "/tmp echo > /m/x\n");
  EXPECT_EQ(read(id, "/tmp-looks"), "1777 0 0\n");
  EXPECT_EQ(read(id, "/own-looks"), "2750 1000 2000\n");
  mount_at("disk");
  fs::permissions(context_ / "disk", fs::perms(01777));
  ASSERT_EQ(::chown((context_ / "disk").c_str(), 7, 8), 0);
  EXPECT_EQ(seen("rw", "stat -c '%a %u %g' /m/disk /m/src"), "1777 7 8\n711 0 0\n");
}

TEST_F(BindMounts, OfAPartToo) {
  EXPECT_EQ(seen("source=src", "ls -a /m"), ".\n..\nmain\n");
  EXPECT_EQ(seen("source=src/main", "cat /m; echo x > /m"),
            "src/main/bin/sh: can't create /m: Read-only file system\n");
  const std::string message = must_fail("FROM box\nRUN --mount=source=.env,target=/m cat /m\n");
  EXPECT_NE(message.find("'.env' is excluded from the build context"), std::string::npos) << message;
  fs::create_symlink("src/.env", context_ / "way");
  const std::string link = must_fail("FROM box\nRUN --mount=source=way,target=/m cat /m\n");
  EXPECT_NE(link.find("its path leads over 'src/.env'"), std::string::npos) << link;
}

TEST_F(BindMounts, ShowWhatIsMountedInTheContextAndKeepItFromWrites) {
  mount_at("disk");
  mount_at("secret");
  write("disk/file", "deep");
  write("disk/.env", "no");
  write("secret/key", "no");
  const std::string script = "cat /m/disk/file; ls -a /m/disk; echo x > /m/disk/file; ls /m/secret";
  const std::string refused = "/bin/sh: can't create /m/disk/file: Read-only file system\n";
  EXPECT_EQ(seen("source=/", script), "deep.\n..\nfile\n" + refused + "ls: /m/secret: No such file or directory\n");
  EXPECT_EQ(seen("rw", "cat /m/disk/file; echo x > /m/disk/file; cat /m/disk/file"), "deepx\n");
  fs::remove(context_ / ".dockerignore");
  EXPECT_EQ(seen("source=/", script), "deep.\n..\n.env\nfile\n" + refused + "key\n") << "nothing is ignored";
  std::ifstream file(context_ / "disk/file");
  std::string text;
  file >> text;
  EXPECT_EQ(text, "deep");
}

class FilledCaches : public BuildTest {
 protected:
  std::vector<std::string> caches() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(data_root_ / "build/cache"))
      if (entry.is_directory()) out.push_back(entry.path().filename().string());
    return out;
  }
};

TEST_F(FilledCaches, KeepOwnersModesAndLinks) {
  const ImageId id = must_build(
      "FROM box AS seed\n"
      "RUN mkdir -p /t/d && echo x > /t/d/f && ln /t/d/f /t/same && ln -s d/f /t/way && chown 1000:1001 /t/d/f /t/d && "
      "chown 7:8 /t && chmod 4750 /t/d/f && chmod 2775 /t/d && chmod 1770 /t\n"
      "FROM box\nRUN --mount=type=cache,target=/c,from=seed,source=/t cd /c && "
      "stat -c '%a %u %g %h %N' . d d/f same way > /seen\n");
  EXPECT_EQ(read(id, "/seen"),
            "1770 7 8 3 .\n2775 1000 1001 2 d\n4750 1000 1001 2 d/f\n4750 1000 1001 2 same\n"
            "777 0 0 1 'way' -> 'd/f'\n");
}

TEST_F(FilledCaches, AreSharedOnlyWhenTheyAreFull) {
  std::string file =
      "FROM box AS seed\nRUN mkdir /t && i=0; while test $i -lt 3000; do echo > /t/$i; i=$((i+1)); done\n";
  const char* const use = "RUN --mount=type=cache,target=/c,from=seed,source=/t ls /c | wc -l > /n";
  for (const char* stage : {"a", "b", "c"})
    file += std::string("FROM box AS ") + stage + "\n" + use + "; echo " + stage + "\n";
  const ImageId id = must_build(file + "FROM box\nCOPY --from=a /n /a\nCOPY --from=b /n /b\nCOPY --from=c /n /c\n");
  for (const char* path : {"/a", "/b", "/c"}) EXPECT_EQ(read(id, path), "3000\n") << path;
}

TEST_F(FilledCaches, LeaveNothingWhenTheyCannotBeFilled) {
  request_.tags = {"seed"};
  must_build("FROM box\nRUN mkdir /t && head -c 3000000 /dev/zero > /t/big && echo z > /t/z\n");
  request_.tags = {};
  use_small_disk("32m");
  const std::string file = "FROM box\nRUN --mount=type=cache,target=/c,from=seed,source=/t cat /c/z > /seen\n";
  fill_disk(1'500'000 / 4096 * 4096);
  const std::string message = must_fail(file);
  EXPECT_NE(message.find("is full"), std::string::npos) << message;
  EXPECT_EQ(caches(), std::vector<std::string>{});
  fs::remove(data_root_ / "filler");
  EXPECT_EQ(read(must_build(file), "/seen"), "z\n");
  EXPECT_EQ(caches().size(), 1U);
}

TEST_F(FilledCaches, TakeWhatAContextShows) {
  write("more/here", "1");
  write("more/.env", "2");
  write("more/.dockerignore", ".env\n");
  fs::permissions(context_ / "more", fs::perms(0700));
  ASSERT_EQ(::chown((context_ / "more/here").c_str(), 5, 6), 0);
  request_.contexts = {{"more", (context_ / "more").string()}};
  const ImageId id = must_build(
      "FROM box\nRUN --mount=type=cache,target=/c,from=more (stat -c '%a %u' /c /c/here; ls -a /c) > /seen\n");
  EXPECT_EQ(read(id, "/seen"), "700 0\n644 0\n.\n..\n.dockerignore\nhere\n");
  const std::string message =
      must_fail("FROM box\nRUN --mount=type=cache,target=/c,from=more,source=here,id=other true\n");
  EXPECT_NE(message.find("Dockerfile:2:5: error: 'here' cannot fill a cache: it is no folder"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace davit::test
