// Builds that really run: mounts, cgroups, an OCI runtime.

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <stop_token>
#include <thread>

#include "build/build_fixture.hpp"
#include "davit/base/fd.hpp"
#include "davit/process/run.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

TEST_F(BuildRootTest, RunsCopiesAndSetsTheConfig) {
  write("app.txt", "hello\n");
  const ImageId id = must_build(
      "FROM box\nENV NAME=world\nWORKDIR /srv\nCOPY app.txt .\nRUN echo \"$NAME $(cat app.txt) $(pwd)\" > out\n"
      "EXPOSE 80\nCMD [\"cat\", \"out\"]\n");
  EXPECT_EQ(read(id, "/srv/out"), "world hello /srv\n");
  const auto image = inspect(id);
  EXPECT_EQ(image.config.cmd, (Strings{"cat", "out"}));
  EXPECT_EQ(image.config.working_dir, "/srv");
  EXPECT_EQ(image.config.env, Strings{"NAME=world"});
  EXPECT_EQ(image.diff_ids.size(), 4U);
  EXPECT_EQ(top_layer(id), (Strings{"/srv", "/srv/out"})) << "nothing of the runtime's mount points may stay";
  std::size_t layers = 0;
  for (const auto& entry : image.config.history) layers += entry.empty_layer ? 0 : 1;
  EXPECT_EQ(layers, image.diff_ids.size());
}

TEST_F(BuildRootTest, SecondBuildDoesNothingAndGivesTheSameImage) {
  write("a", "1");
  const std::string file = "FROM box\nWORKDIR /srv\nCOPY a .\nRUN echo x > b\nENV A=b\nCMD [\"x\"]\n";
  const ImageId first = must_build(file);
  EXPECT_EQ(seen_.executed.size(), 3U);
  EXPECT_EQ(must_build(file), first);
  EXPECT_EQ(seen_.executed, Strings{});
  EXPECT_EQ(seen_.cached_titles.size(), 4U);
}

TEST_F(BuildRootTest, ChangedFileRunsFromItsCopyOn) {
  write("deps", "1");
  write("code", "1");
  const std::string file = "FROM box\nCOPY deps /d\nRUN echo deps > /installed\nCOPY . /app/\nRUN echo done > /done\n";
  must_build(file);
  write("code", "2");
  must_build(file);
  EXPECT_EQ(seen_.executed, (Strings{"[4/5] COPY . /app/", "[5/5] RUN echo done > /done"}));
}

TEST_F(BuildRootTest, TouchChangesNothing) {
  write("code", "1");
  const std::string file = "FROM box\nCOPY . /app/\n";
  const ImageId first = must_build(file);
  fs::last_write_time(context_ / "code", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(must_build(file), first);
  EXPECT_EQ(seen_.executed, Strings{});
}

TEST_F(BuildRootTest, ModeAndNameCountUnrelatedFilesDoNot) {
  write("dir/a", "1");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  must_build(file);
  write("other", "x");
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 0U);
  fs::permissions(context_ / "dir/a", fs::perms(0755));
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
  fs::rename(context_ / "dir/a", context_ / "dir/b");
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
}

TEST_F(BuildRootTest, UnchangedFilesAreSharedWithTheEarlierLayer) {
  write("dir/same", "1");
  write("dir/changed", "1");
  write("dir/other-mode", "1");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  const ImageId first = must_build(file);
  write("dir/changed", "2");
  fs::permissions(context_ / "dir/other-mode", fs::perms(0755));
  const ImageId second = must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
  const auto inode = [this](const ImageId& id, const std::string& path) {
    return fs::hard_link_count(store_->layer_paths(inspect(id)).front().string() + path);
  };
  EXPECT_EQ(inode(second, "/app/same"), 2U);
  EXPECT_EQ(inode(second, "/app/changed"), 1U);
  EXPECT_EQ(inode(second, "/app/other-mode"), 1U);
  EXPECT_EQ(read(first, "/app/changed"), "1");
  EXPECT_EQ(read(second, "/app/changed"), "2");
  EXPECT_EQ(stat_line(first, "/app/other-mode"), "100644 0 0");
  EXPECT_EQ(stat_line(second, "/app/other-mode"), "100755 0 0");
  // A program that writes to the file writes to a copy of its own.
  EXPECT_EQ(read(must_build(file + "RUN echo more >> /app/same\n"), "/app/same"), "1more\n");
  EXPECT_EQ(read(first, "/app/same"), "1");
}

TEST_F(BuildRootTest, ManyFilesAreSharedToo) {
  const auto name = [](int i) { return "f" + std::to_string(i % 20) + "/" + std::to_string(i); };
  for (int i = 0; i < 700; ++i) write("dir/" + name(i), "text " + std::to_string(i));
  write("dir/f3/deep/er", "deep");
  write(".dockerignore", "dir/f7\n!dir/f7/27\n");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  const ImageId first = must_build(file);
  write("dir/" + name(5), "changed");
  fs::remove(context_ / "dir" / name(6));
  write("dir/f4/new", "new");
  const ImageId second = must_build(file);
  const auto links = [&](const std::string& path) {
    return fs::hard_link_count(store_->layer_paths(inspect(second)).front() / "app" / path);
  };
  for (int i = 0; i < 700; ++i) {
    if (i % 20 == 7 && i != 27) {
      EXPECT_EQ(read(second, "/app/" + name(i)), "<none>");
    } else if (i != 5 && i != 6) {
      EXPECT_EQ(links(name(i)), 2U) << i;
      EXPECT_EQ(read(second, "/app/" + name(i)), "text " + std::to_string(i));
    }
  }
  EXPECT_EQ(links("f3/deep/er"), 2U);
  EXPECT_EQ(read(second, "/app/" + name(5)), "changed");
  EXPECT_EQ(read(second, "/app/" + name(6)), "<none>");
  EXPECT_EQ(read(second, "/app/f4/new"), "new");
  EXPECT_EQ(read(first, "/app/" + name(5)), "text 5");
  must_build(file);
  EXPECT_EQ(seen_.executed, Strings{}) << "the walk gives the same twice";
}

TEST_F(BuildRootTest, SameSizeAndTimeButOtherContentIsSeen) {
  write("dir/a", "1");
  const auto time = fs::last_write_time(context_ / "dir/a");
  const std::string file = "FROM box\nCOPY dir /app/\n";
  must_build(file);
  write("dir/a", "2");
  fs::last_write_time(context_ / "dir/a", time);
  EXPECT_EQ(read(must_build(file), "/app/a"), "2");
}

TEST_F(BuildRootTest, FoldersBelowKeepTheirOwnerAndMode) {
  write("f", "1");
  const ImageId id = must_build(
      "FROM box\nRUN mkdir -p /d/e && chown app:extra /d/e && chmod 1770 /d/e && echo old > /d/e/f && ln -s e /d/l\n"
      "COPY f /d/l/g\nCOPY f /d/e/f\nWORKDIR /d/l/w\n");
  EXPECT_EQ(stat_line(id, "/d/e"), "41770 1000 2000");
  EXPECT_EQ(read(id, "/d/e/f"), "1");
  EXPECT_EQ(read(id, "/d/e/g"), "1");
  EXPECT_EQ(stat_line(id, "/d/e/w"), "40755 0 0");
  EXPECT_EQ(read(id, "/d/l"), "-> e");
}

TEST_F(BuildRootTest, MultiStageToScratch) {
  const std::string file =
      "FROM box AS build\nRUN mkdir /out && echo binary > /out/app && chmod 755 /out/app\n"
      "FROM box AS unused\nRUN exit 1\n"
      "FROM scratch\nCOPY --from=build /out/app /bin/app\nENTRYPOINT [\"/bin/app\"]\n";
  const ImageId id = must_build(file);
  EXPECT_EQ(read(id, "/bin/app"), "binary\n");
  EXPECT_EQ(stat_line(id, "/bin/app"), "100755 0 0");
  EXPECT_EQ(inspect(id).diff_ids.size(), 1U);
  EXPECT_EQ(read(id, "/bin/sh"), "<none>");
  EXPECT_EQ(must_build(file), id);
  EXPECT_EQ(seen_.executed, Strings{});
}

TEST_F(BuildRootTest, SameContentFromARebuiltStageIsAHit) {
  write("src", "1");
  const std::string file =
      "FROM box AS build\nCOPY src /src\nRUN echo fixed > /result\nFROM box\nCOPY --from=build /result /result\nRUN "
      "true\n";
  must_build(file);
  write("src", "2");
  must_build(file);
  EXPECT_EQ(seen_.executed, (Strings{"[build 2/3] COPY src /src", "[build 3/3] RUN echo fixed > /result"}));
}

TEST_F(BuildRootTest, TargetBuildsOnlyWhatItNeeds) {
  request_.target = "first";
  EXPECT_EQ(read(must_build("FROM box AS first\nRUN echo 1 > /1\nFROM first\nRUN exit 1\n"), "/1"), "1\n");
}

TEST_F(BuildRootTest, StageWithoutStepsIsItsParent) {
  EXPECT_EQ(read(must_build("FROM box AS first\nRUN echo 1 > /1\nFROM first AS second\nFROM second\n"), "/1"), "1\n");
}

TEST_F(BuildRootTest, ArgumentsReachOnlyWhatComesAfterThem) {
  request_.args = {{"V", "1"}};
  const std::string file = "FROM box\nRUN echo \"[$V]\" > /before\nARG V=0\nRUN echo \"[$V]\" > /after\n";
  const ImageId id = must_build(file);
  EXPECT_EQ(read(id, "/before"), "[]\n");
  EXPECT_EQ(read(id, "/after"), "[1]\n");
  request_.args = {{"V", "2"}};
  must_build(file);
  EXPECT_EQ(seen_.executed, Strings{"[3/3] RUN echo \"[$V]\" > /after"});
  EXPECT_EQ(inspect(id).config.env, Strings{});
}

TEST_F(BuildRootTest, OnBuildTriggersRunInTheChild) {
  request_.tags = {"parent"};
  must_build("FROM box\nONBUILD COPY app /app\nONBUILD RUN echo triggered > /t\n");
  request_.tags = {};
  write("app", "x");
  const ImageId id = must_build("FROM parent\nRUN cat /t\n");
  EXPECT_EQ(read(id, "/t"), "triggered\n");
  EXPECT_EQ(read(id, "/app"), "x");
  EXPECT_TRUE(inspect(id).config.on_build.empty());
}

TEST_F(BuildRootTest, Heredocs) {
  const ImageId id = must_build(
      "FROM box\nENV X=env\n"
      "RUN <<EOF\necho one > /one\necho $X >> /one\nEOF\n"
      "RUN <<EOF\n#!/bin/sh\necho script $0 > /two\nEOF\n"
      "COPY <<a <<\"b\" /files/\nvalue $X \"quoted\"\na\nraw $X\nb\n"
      "RUN cat <<A > /three\nA gets $X\nA\n");
  EXPECT_EQ(read(id, "/one"), "one\nenv\n");
  EXPECT_EQ(read(id, "/two"), "script /dev/pipes/EOF\n");
  EXPECT_EQ(read(id, "/files/a"), "value env \"quoted\"\n");
  EXPECT_EQ(read(id, "/files/b"), "raw $X\n");
  EXPECT_EQ(read(id, "/three"), "A gets env\n");
}

TEST_F(BuildRootTest, AddUnpacksArchivesAndCopyDoesNot) {
  fs::create_directories(root_ / "t/in");
  std::ofstream(root_ / "t/in/file") << "packed";
  const std::string tar = "tar -C " + (root_ / "t").string() + " -czf " + (context_ / "a.tgz").string() + " in";
  ASSERT_EQ(std::system(tar.c_str()), 0);
  const ImageId id =
      must_build("FROM box\nADD a.tgz /unpacked\nCOPY a.tgz /copied/\nADD --unpack=false a.tgz /kept/\n");
  EXPECT_EQ(read(id, "/unpacked/in/file"), "packed");
  EXPECT_EQ(stat_line(id, "/copied/a.tgz").substr(0, 6), "100644");
  EXPECT_EQ(stat_line(id, "/kept/a.tgz").substr(0, 6), "100644");
}

TEST_F(BuildRootTest, CopyRules) {
  write("dir/one", "1");
  write("dir/sub/two", "2", 0600);
  write("b.txt", "b");
  write("c.txt", "c");
  fs::create_symlink("one", context_ / "dir/link");
  fs::create_symlink("b.txt", context_ / "link-to-b");
  const ImageId id = must_build(
      "FROM box\n"
      "COPY dir /new\n"             // contents, not the folder
      "COPY b.txt /etc\n"           // an existing folder takes the file
      "COPY *.txt /texts/\n"        // wildcard
      "COPY nothing* b.txt /w/\n"   // a wildcard may match nothing
      "COPY link-to-b /followed\n"  // a link named as source is followed
      "COPY b.txt /data-link/\n"    // links in the destination are followed inside the root
      "COPY --chown=app b.txt /owned\nCOPY --chown=5 b.txt /five\nCOPY --chown=app:extra --chmod=640 c.txt "
      "/new2/deep/c\n"
      "COPY --chmod=u=rwX,go=rX dir /sym\n"
      "COPY --exclude=sub dir /less/\n"
      "COPY --parents dir/sub/two /tree/\n"
      "COPY ../b.txt /clamped\n");
  EXPECT_EQ(read(id, "/new/one"), "1");
  EXPECT_EQ(read(id, "/new/link"), "-> one");
  EXPECT_EQ(stat_line(id, "/new/sub/two"), "100600 0 0");
  EXPECT_EQ(read(id, "/etc/b.txt"), "b");
  EXPECT_EQ(read(id, "/texts/c.txt"), "c");
  EXPECT_EQ(read(id, "/w/b.txt"), "b");
  EXPECT_EQ(read(id, "/followed"), "b");
  EXPECT_EQ(read(id, "/var/data/b.txt"), "b");
  EXPECT_EQ(read(id, "/data-link"), "-> /var/data");
  EXPECT_EQ(stat_line(id, "/owned"), "100644 1000 1001");
  EXPECT_EQ(stat_line(id, "/five"), "100644 5 5");
  EXPECT_EQ(stat_line(id, "/new2/deep/c"), "100640 1000 2000");
  EXPECT_EQ(stat_line(id, "/new2/deep"), "40640 1000 2000");
  EXPECT_EQ(stat_line(id, "/sym/sub/two"), "100644 0 0");
  EXPECT_EQ(stat_line(id, "/sym/sub"), "40755 0 0");
  EXPECT_EQ(read(id, "/less/one"), "1");
  EXPECT_EQ(read(id, "/less/sub/two"), "<none>");
  EXPECT_EQ(read(id, "/tree/dir/sub/two"), "2");
  EXPECT_EQ(read(id, "/clamped"), "b");
}

TEST_F(BuildRootTest, CopyRefusesWhatDoesNotFit) {
  write("f", "1");
  write("dir/etc", "1");
  EXPECT_NE(must_fail("FROM box\nCOPY dir /\n").find("cannot copy a file over the folder '/etc'"), std::string::npos);
  write("dir2/bin/sh/x", "1");
  EXPECT_NE(must_fail("FROM box\nCOPY dir2 /\n").find("cannot copy a folder over '/bin/sh', which is none"),
            std::string::npos);
  EXPECT_NE(must_fail("FROM box\nCOPY f dir/etc /x\n").find("the destination '/x' must be a folder"),
            std::string::npos);
  EXPECT_NE(must_fail("FROM box\nCOPY --chown=nobody f /x\n").find("unable to find user 'nobody'"), std::string::npos);
  EXPECT_NE(must_fail("FROM box\nCOPY --chmod=999 f /x\n").find("--chmod is '999'"), std::string::npos);
}

TEST_F(BuildRootTest, CopyFromStageKeepsOwners) {
  const ImageId id = must_build(
      "FROM box AS s\nRUN echo x > /f && chown app:extra /f\nFROM box\nCOPY --from=s /f /kept\nCOPY --from=0 "
      "--chown=root /f /r\n");
  EXPECT_EQ(stat_line(id, "/kept"), "100644 1000 2000");
  EXPECT_EQ(stat_line(id, "/r"), "100644 0 0");
}

TEST_F(BuildRootTest, CopyFromImage) {
  EXPECT_EQ(read(must_build("FROM scratch\nCOPY --from=box /etc/group /g\n"), "/g").substr(0, 5), "root:");
}

TEST_F(BuildRootTest, LinksInTheDestinationStayInsideTheRoot) {
  write("a", "evil");
  fs::create_directories(root_ / "outside");
  const ImageId id = must_build("FROM box\nRUN ln -s " + (root_ / "outside").string() +
                                " /out && ln -s ../../../../tmp /up\nCOPY a /out/x\nCOPY a /up/y\n");
  EXPECT_TRUE(fs::is_empty(root_ / "outside"));
  EXPECT_EQ(read(id, (root_ / "outside/x").string()), "evil");
  EXPECT_EQ(read(id, "/tmp/y"), "evil");
}

TEST_F(BuildRootTest, DockerignoreKeepsFilesOut) {
  write(".dockerignore", "*.log\nsecret\n!keep.log\n");
  write("a.log", "1");
  write("keep.log", "2");
  write("secret/key", "3");
  write("ok", "4");
  const ImageId id = must_build("FROM box\nCOPY . /app/\n");
  EXPECT_EQ(read(id, "/app/a.log"), "<none>");
  EXPECT_EQ(read(id, "/app/keep.log"), "2");
  EXPECT_EQ(read(id, "/app/secret"), "<none>");
  EXPECT_EQ(read(id, "/app/ok"), "4");
  EXPECT_EQ(must_fail("FROM box\nCOPY ok secret/key /x/\n"),
            "Dockerfile:2:9: error: 'secret/key' is excluded from the build context '" + context_.string() +
                "'\n    2 | COPY ok secret/key /x/\n      |         ^~~~~~~~~~\n  note: line 2 of " +
                (context_ / ".dockerignore").string() + " excludes it: 'secret'\n");
}

TEST_F(BuildRootTest, FailingRunPointsAtItsLineWithItsLastOutput) {
  EXPECT_EQ(
      must_fail("FROM box\nRUN echo fine > /f\nRUN echo working; \\\n  echo broken >&2; exit 3\nRUN echo never\n"),
      "Dockerfile:3:1: error: RUN failed with exit code 3: 'echo working;   echo broken >&2; exit 3'\n"
      "    3 | RUN echo working; \\\n"
      "      | ^~~\n"
      "  note: the last lines of its output:\n"
      "    working\n"
      "    broken\n");
  EXPECT_EQ(seen_.failures.size(), 1U);
  EXPECT_EQ(seen_.executed, Strings{"[2/4] RUN echo fine > /f"});
}

TEST_F(BuildRootTest, MissingSourceNamesTheNearest) {
  write("requirements.txt", "");
  EXPECT_EQ(must_fail("FROM box\nCOPY requirments.txt .\n"),
            "Dockerfile:2:6: error: 'requirments.txt' is not in the build context '" + context_.string() + "'\n" +
                "    2 | COPY requirments.txt .\n"
                "      |      ^~~~~~~~~~~~~~~\n"
                "  hint: did you mean 'requirements.txt'?\n");
}

TEST_F(BuildRootTest, UnknownImageAndStageAreNamed) {
  EXPECT_NE(must_fail("FROM box AS build\nFROM buidl\n").find("did you mean stage 'build'?"), std::string::npos);
  EXPECT_NE(must_fail("FROM nothere\n").find("Dockerfile:1:6: error: image 'nothere' is not in the store"),
            std::string::npos);
}

TEST_F(BuildRootTest, WorkdirBelongsToTheUser) {
  const ImageId id = must_build("FROM box\nUSER app\nWORKDIR /home/app/x\nRUN id > who; echo $HOME >> who\n");
  EXPECT_EQ(read(id, "/home/app/x/who"), "uid=1000(app) gid=1001(app) groups=1001(app),2000(extra)\n/home/app\n");
  EXPECT_EQ(stat_line(id, "/home/app/x"), "40755 1000 1001");
  EXPECT_EQ(inspect(id).config.user, "app");
  EXPECT_NE(must_fail("FROM box\nUSER ap\nRUN id\n").find("unable to find user 'ap'"), std::string::npos);
}

TEST_F(BuildRootTest, DeletionsAreInTheLayer) {
  const ImageId id = must_build("FROM box\nRUN echo x > /gone\nRUN rm /gone\n");
  EXPECT_EQ(read(id, "/gone"), "<none>");
  EXPECT_EQ(inspect(id).diff_ids.size(), 3U);
}

TEST_F(BuildRootTest, StepThatChangesNothingMakesNoLayer) {
  EXPECT_EQ(inspect(must_build("FROM box\nRUN true\nWORKDIR /tmp\n")).diff_ids.size(), 1U);
}

TEST_F(BuildRootTest, TheContainerIsSeparate) {
  const ImageId id = must_build(
      "FROM box\nRUN hostname > /h; ls /proc | grep -c '^[0-9]' > /p; cat /etc/hosts > /e; "
      "test -c /dev/null && echo null >> /h; echo x > /dev/shm/y; env > /env\n");
  EXPECT_EQ(read(id, "/h"), "buildkitsandbox\nnull\n");
  EXPECT_LE(std::stoi(read(id, "/p")), 5);
  EXPECT_NE(read(id, "/e").find("localhost"), std::string::npos);
  EXPECT_NE(read(id, "/env").find("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            std::string::npos);
  for (const char* path : {"/etc/hosts", "/etc/resolv.conf", "/proc", "/sys", "/dev"})
    EXPECT_EQ(read(id, path), "<none>") << path;
}

TEST_F(BuildRootTest, RunMounts) {
  write("in/file", "from context");
  write("secret", "hush");
  request_.secrets = {{"token", {(context_ / "secret").string(), std::nullopt}}, {"text", {"", "in memory"}}};
  const ImageId id = must_build(
      "FROM box AS other\nRUN echo staged > /s\n"
      "FROM box\nWORKDIR /w\n"
      "RUN --mount=type=bind,source=in,target=/in cat /in/file > /a\n"
      "RUN --mount=from=other,target=/o cat /o/s > /b\n"
      "RUN --mount=type=cache,target=/c echo kept >> /c/log\n"
      "RUN --mount=type=cache,target=/c cat /c/log > /d\n"
      "RUN --mount=type=tmpfs,target=/t echo x > /t/x\n"
      "RUN --mount=type=secret,id=token cat /run/secrets/token > /e\n"
      "RUN --mount=type=secret,id=text,env=TEXT echo $TEXT > /f\n"
      "RUN --mount=type=bind,source=in,target=/in,rw echo more > /in/new\n");
  EXPECT_EQ(read(id, "/a"), "from context");
  EXPECT_EQ(read(id, "/b"), "staged\n");
  EXPECT_EQ(read(id, "/d"), "kept\n");
  EXPECT_EQ(read(id, "/e"), "hush");
  EXPECT_EQ(read(id, "/f"), "in memory\n");
  EXPECT_FALSE(fs::exists(context_ / "in/new"));
  for (const char* path : {"/in", "/o", "/c", "/t", "/run"}) EXPECT_EQ(read(id, path), "<none>") << path;
  EXPECT_NE(must_fail("FROM box\nRUN --mount=type=secret,id=other,required true\n").find("secret 'other' is required"),
            std::string::npos);
}

/// Says "hi" to whoever connects to its port of the host.
class Greeter {
 public:
  explicit Greeter(std::uint32_t address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(address);
    socklen_t size = sizeof where;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(fd_.get(), 8) != 0)
      throw std::runtime_error("cannot listen");
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&where), &size);
    port_ = std::to_string(ntohs(where.sin_port));
    thread_ = std::thread([this] { greet(); });
  }
  Greeter(const Greeter&) = delete;
  Greeter& operator=(const Greeter&) = delete;
  ~Greeter() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] const std::string& port() const { return port_; }

 private:
  void greet() const {
    for (;;) {
      const Fd guest(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!guest) return;
      (void)!::write(guest.get(), "hi\n", 3);
    }
  }
  Fd fd_;
  std::string port_;
  std::thread thread_;
};

TEST_F(BuildRootTest, RunHasANetworkOfItsOwnWithAWayOutButNotToTheHostsLoopback) {
  const Greeter loopback(INADDR_LOOPBACK);
  const Greeter everywhere(INADDR_ANY);
  request_.args = {{"LOOPBACK", loopback.port()}, {"EVERYWHERE", everywhere.port()}};
  const ImageId id = must_build(
      "FROM box\nARG LOOPBACK\nARG EVERYWHERE\n"
      "RUN set -- $(ip route | grep default); gateway=$3; "
      "for to in \"127.0.0.1 $LOOPBACK\" \"127.0.0.1 $EVERYWHERE\" \"$gateway $LOOPBACK\" \"$gateway $EVERYWHERE\"; do "
      "nc -w 5 $to </dev/null >>/r 2>/dev/null || echo none >> /r; done; "
      "cat /etc/resolv.conf > /dns; ip -o addr > /addresses\n");
  EXPECT_EQ(read(id, "/r"), "none\nnone\nnone\nhi\n") << read(id, "/addresses");
  EXPECT_NE(read(id, "/dns").find("nameserver 127.0.0.11\n"), std::string::npos);
  EXPECT_NE(read(id, "/addresses").find("eth0"), std::string::npos);
}

TEST_F(BuildRootTest, StepsOfABuildShareTheirNetwork) {
  const ImageId id = must_build(
      "FROM box AS a\nRUN ip -o addr show eth0 > /a\nFROM box AS b\nRUN echo b; ip -o addr show eth0 > /b\n"
      "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n");
  EXPECT_EQ(read(id, "/a"), read(id, "/b"));
}

TEST_F(BuildRootTest, NetworkCanBeNoneOrTheHosts) {
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string look = " cat /proc/net/dev > /d; readlink /proc/self/ns/net > /ns\n";
  const ImageId none = must_build("FROM box\nRUN --network=none" + look);
  EXPECT_EQ(lines(read(none, "/d")), 3) << read(none, "/d");
  const std::string host = fs::read_symlink("/proc/self/ns/net").string() + "\n";
  EXPECT_NE(read(none, "/ns"), host);
  EXPECT_NE(read(must_build("FROM box\nRUN" + look), "/ns"), host);

  request_.network = build::RunNetworkMode::None;
  EXPECT_EQ(lines(read(must_build("FROM box\nRUN" + look), "/d")), 3) << "and not the cached one";
  request_.network = build::RunNetworkMode::Host;
  EXPECT_EQ(read(must_build("FROM box\nRUN" + look), "/ns"), host);
  EXPECT_EQ(read(must_build("FROM box\nRUN --network=host" + look), "/ns"), host);
  request_.network = build::RunNetworkMode::Sandbox;
  EXPECT_EQ(
      must_fail("FROM box\nRUN --network=host true\n"),
      "Dockerfile:2:5: error: RUN may not use the host's network: it was not allowed to\n"
      "    2 | RUN --network=host true\n"
      "      |     ^~~~~~~~~~~~~~\n"
      "  hint: allow it with --allow network.host, in a Compose file with 'build.entitlements: [network.host]'\n");
  request_.host_network = build::HostNetwork::Allowed;
  EXPECT_EQ(read(must_build("FROM box\nRUN --network=host echo 2;" + look), "/ns"), host);
}

TEST_F(BuildRootTest, HostsLimitsAndSharedMemoryReachTheStep) {
  request_.extra_hosts = {{"db", "10.1.2.3"}, {"me", "host-gateway"}};
  request_.ulimits = {{"nofile", 123, 456}};
  request_.shm_size = 1 << 20;
  const ImageId id = must_build(
      "FROM box\nRUN cat /etc/hosts > /hosts; ulimit -n > /n; ip route > /route; grep /dev/shm /proc/mounts > /shm\n");
  EXPECT_NE(read(id, "/hosts").find("10.1.2.3\tdb\n"), std::string::npos) << read(id, "/hosts");
  const std::string gateway = read(id, "/route").substr(12, read(id, "/route").find(" dev") - 12);
  EXPECT_NE(read(id, "/hosts").find(gateway + "\tme\n"), std::string::npos) << read(id, "/hosts") << gateway;
  EXPECT_EQ(read(id, "/n"), "123\n");
  EXPECT_NE(read(id, "/shm").find("size=1024k"), std::string::npos) << read(id, "/shm");
}

/// Both runtimes confine a step in the same way.
class RuntimeTest : public BuildTest, public testing::WithParamInterface<const char*> {};

TEST_P(RuntimeTest, StepsAreConfinedAsContainersAre) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  // Without the filter a new user namespace is anybody's: nothing else here would refuse it.
  const ImageId id = must_build(
      "FROM box\nRUN unshare -U true && echo allowed > /unshare || echo denied > /unshare; "
      "grep -E '^(CapEff|CapBnd|Seccomp|NoNewPrivs):' /proc/self/status > /status; "
      "head -c 1 /proc/kcore > /kcore 2>&1; echo 1 > /proc/sys/vm/drop_caches; echo $? > /sys-is-read-only; "
      "test -e /dev/kmsg; echo $? > /no-kmsg; echo $$ > /one\n");
  EXPECT_EQ(read(id, "/unshare"), "denied\n");
  std::string status = read(id, "/status");
  std::erase(status, '\t');
  EXPECT_EQ(status, "CapEff:00000000a80425fb\nCapBnd:00000000a80425fb\nNoNewPrivs:0\nSeccomp:2\n");
  EXPECT_NE(read(id, "/sys-is-read-only"), "0\n");
  EXPECT_EQ(read(id, "/no-kmsg"), "1\n");
  EXPECT_EQ(read(id, "/one"), "1\n");
}

TEST_P(RuntimeTest, FailureAndOutputAreTheProgramsOwn) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  const std::string message = must_fail("FROM box\nRUN echo one; echo two >&2; exit 9\n");
  EXPECT_NE(message.find("RUN failed with exit code 9"), std::string::npos) << message;
  EXPECT_EQ(std::count(seen_.text.begin(), seen_.text.end(), '\n'), 2) << seen_.text;
  const std::string missing = must_fail("FROM scratch\nRUN something\n");
  EXPECT_NE(missing.find("/bin/sh"), std::string::npos) << missing;
  EXPECT_NE(missing.find("exit code 127"), std::string::npos) << missing;
}

/// Runs a build on a thread of its own; the test goes on when the first line of output is there.
class BuildAside {
 public:
  BuildAside(build::BuildRequest request, image::ImageStore& store)
      : request_(std::move(request)), observer_(*this), result_(std::async(std::launch::async, [this, &store] {
          request_.stop = source_.get_token();
          return build::build(request_, store, observer_);
        })) {}
  BuildAside(const BuildAside&) = delete;
  BuildAside& operator=(const BuildAside&) = delete;

  /// False when the build ended, or said nothing for a minute.
  [[nodiscard]] bool has_spoken() {
    std::unique_lock lock(mutex_);
    return condition_.wait_for(lock, std::chrono::minutes(1), [this] { return !text_.empty(); });
  }
  void stop() { source_.request_stop(); }
  [[nodiscard]] Result<ImageId, build::BuildFailure> result() { return result_.get(); }
  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  class Observer final : public build::BuildObserver {
   public:
    explicit Observer(BuildAside& owner) : owner_(owner) {}
    void warning(const Diagnostic&) override {}
    void started(const build::Vertex&) override {}
    void cached(const build::Vertex&) override {}
    void output(const build::Vertex& vertex, Stream, Seconds, std::string_view line) override {
      if (!vertex.title.starts_with("[")) return;
      const std::lock_guard lock(owner_.mutex_);
      owner_.text_ += std::string(line) + "\n";
      owner_.condition_.notify_all();
    }
    void done(const build::Vertex&, Seconds) override {}
    void failed(const build::Vertex&, const std::string&) override {}
    void cancelled(const build::Vertex&) override {}

   private:
    BuildAside& owner_;
  };
  build::BuildRequest request_;
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::string text_;
  Observer observer_;
  std::future<Result<ImageId, build::BuildFailure>> result_;
};

/// Names of the files in the folder that hold the text.
Strings files_with(const fs::path& folder, const std::string& text) {
  Strings out;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    std::ifstream file(entry->path());
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    if (content.find(text) != std::string::npos) out.push_back(entry->path().string());
  }
  return out;
}

Strings titles_with(const std::string& text) {
  Strings out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string title{std::istreambuf_iterator<char>(file), {}};
    if (title.find(text) != std::string::npos) out.push_back(entry.path().string() + ": " + title);
  }
  return out;
}

/// What a step that waits in a cache mount can be told: there is one folder of cache mounts in the data root.
void touch_in_cache_mount(const fs::path& data_root, const std::string& name) {
  for (const auto& entry : fs::directory_iterator(data_root / "build/cache"))
    if (entry.is_directory()) std::ofstream(entry.path() / name) << "x";
}

TEST_P(RuntimeTest, SecretsAreOnNoDiskAndInNoTitle) {
  if (!process::find_program(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  request_.runtime = GetParam();
  const std::string secret = "hush-f00d-" + std::string(GetParam());
  request_.secrets = {{"key", {"", secret}}};
  request_.context = context_.string();
  request_.dockerfile_text =
      "FROM box\nRUN --mount=type=cache,target=/c --mount=type=secret,id=key,env=KEY --mount=type=secret,id=key "
      "test \"$KEY\" = \"$(cat /run/secrets/key)\" && echo same && until test -e /c/go; do sleep 0.01; done\n";
  BuildAside aside(request_, *store_);
  ASSERT_TRUE(aside.has_spoken());
  EXPECT_EQ(files_with(data_root_, secret), Strings{}) << "while the step runs";
  EXPECT_EQ(titles_with(secret), Strings{});
  touch_in_cache_mount(data_root_, "go");
  const auto result = aside.result();
  ASSERT_TRUE(result.has_value()) << result.error().render();
  EXPECT_EQ(aside.text(), "same\n");
  EXPECT_EQ(files_with(data_root_, secret), Strings{}) << "when it has ended: neither history nor cache records";
}

TEST_F(BuildRootTest, AStepDoesNotWaitForACacheMountThatItHasItself) {
  request_.context = context_.string();
  const std::string cache = "--mount=type=cache,id=both,sharing=";
  for (const std::string sharing : {"locked", "private"}) {
    request_.dockerfile_text = "FROM box\nRUN " + cache + sharing + ",target=/a " + cache + sharing +
                               ",target=/b touch /a/" + sharing + " && test -e /b/" + sharing + "\n";
    BuildAside build(request_, *store_);
    EXPECT_TRUE(build.result().has_value()) << sharing << "\n" << build.text();
  }
}

TEST_F(BuildRootTest, WaitingForALockedCacheMountCanBeStopped) {
  request_.context = context_.string();
  const std::string mount = "RUN --mount=type=cache,target=/c,sharing=locked ";
  request_.dockerfile_text = "FROM box\n" + mount + "echo first; until test -e /c/go; do sleep 0.01; done\n";
  BuildAside first(request_, *store_);
  ASSERT_TRUE(first.has_spoken());
  request_.dockerfile_text = "FROM box\n" + mount + "echo second\n";
  BuildAside second(request_, *store_);
  ASSERT_TRUE(second.has_spoken());
  EXPECT_EQ(second.text(), "waiting for the cache mount '/c', which another step has locked\n");
  BuildAside third(request_, *store_);
  ASSERT_TRUE(third.has_spoken());
  second.stop();
  const auto stopped = second.result();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().diagnostics.items().front().code, "cancelled");
  touch_in_cache_mount(data_root_, "go");
  EXPECT_TRUE(first.result().has_value());
  EXPECT_TRUE(third.result().has_value()) << "who still waits gets it";
  EXPECT_NE(third.text().find("second\n"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, RuntimeTest, testing::Values("crun", "runc"),
                         [](const auto& runtime) { return std::string(runtime.param); });

TEST_F(BuildRootTest, NoCacheDoesEverythingAgain) {
  const std::string file = "FROM box\nRUN echo x > /x\n";
  must_build(file);
  request_.cache = build::CacheUse::Ignore;
  must_build(file);
  EXPECT_EQ(seen_.executed.size(), 1U);
}

TEST_F(BuildRootTest, SameStepInTwoStagesIsDoneOnce) {
  must_build(
      "FROM box AS a\nRUN echo same > /same\nFROM box AS b\nRUN echo same > /same\n"
      "FROM box\nCOPY --from=a /same /1\nCOPY --from=b /same /2\n");
  EXPECT_EQ(seen_.executed.size(), 3U) << "one RUN and two COPY";
}

TEST_F(BuildRootTest, StagesRunAtTheSameTime) {
  // Each stage waits for the other: only possible when both run.
  const ImageId id = must_build(
      "FROM box AS a\nRUN --mount=type=cache,target=/c touch /c/a; until test -e /c/b; do sleep 0.01; done; echo a > "
      "/a\n"
      "FROM box AS b\nRUN --mount=type=cache,target=/c touch /c/b; until test -e /c/a; do sleep 0.01; done; echo b > "
      "/b\n"
      "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n");
  EXPECT_EQ(read(id, "/b"), "b\n");
}

/// Asks the build to stop as soon as the step says something.
class StopAtFirstLine final : public build::BuildObserver {
 public:
  explicit StopAtFirstLine(std::stop_source& source) : source_(source) {}
  void warning(const Diagnostic&) override {}
  void started(const build::Vertex&) override {}
  void cached(const build::Vertex&) override {}
  void output(const build::Vertex&, Stream, Seconds, std::string_view) override { source_.request_stop(); }
  void done(const build::Vertex&, Seconds) override {}
  void failed(const build::Vertex&, const std::string&) override {}
  void cancelled(const build::Vertex&) override {}

 private:
  std::stop_source& source_;
};

TEST_F(BuildRootTest, StopKillsTheStepAndLeavesNothing) {
  std::stop_source source;
  StopAtFirstLine observer(source);
  request_.stop = source.get_token();
  request_.context = context_.string();
  request_.dockerfile_text = "FROM box\nRUN echo started; sleep 1000\n";
  const auto result = build::build(request_, *store_, observer);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().diagnostics.items().front().code, "cancelled");
}

TEST_F(BuildRootTest, FailureStopsTheOtherStages) {
  const std::string message = must_fail(
      "FROM box AS a\nRUN sleep 1000\nFROM box AS b\nRUN exit 4\nFROM box\nCOPY --from=a / /a\nCOPY --from=b / /b\n");
  EXPECT_NE(message.find("exit code 4"), std::string::npos) << message;
  EXPECT_EQ(seen_.cancelled_titles.size(), 1U);
}

TEST_F(BuildRootTest, FullDiskIsAClearErrorAndLeavesNothing) {
  use_small_disk("24m");
  write("big", std::string(64U << 20U, 'x'));
  const std::string copy = must_fail("FROM box\nCOPY big /big\n");
  EXPECT_NE(copy.find("cannot write '/big': no space left on device"), std::string::npos) << copy;
  const std::string run = must_fail("FROM box\nRUN head -c 64000000 /dev/zero > /big\n");
  EXPECT_NE(run.find("the file system of '" + data_root_.string() + "' is full"), std::string::npos) << run;
  must_build("FROM box\nRUN echo small > /small\n");
}

TEST_F(BuildRootTest, FullDiskIsShownAtTheLineWhereverItStrikes) {
  use_small_disk("24m");
  write("big", std::string(24U << 20U, 'x'));
  const std::string full = "  note: the file system of '" + data_root_.string() +
                           "' is full\n  hint: make room on it, or choose another folder with --data-root\n";
  const Strings steps{"COPY big /big", "RUN head -c 24000000 /dev/zero > /big", "COPY --from=box / /copy"};
  for (const std::size_t leave : {0U, 8192U, 16384U, 32768U, 65536U, 131072U, 262144U, 524288U}) {
    for (const std::string& step : steps) {
      fill_disk(leave);
      const auto result = run("FROM box\nLABEL a=b\n" + step + "\n");
      ASSERT_FALSE(result.has_value()) << leave << " " << step;
      const std::string message = result.error().render();
      EXPECT_TRUE(message.starts_with("Dockerfile:3:1: error: ")) << leave << " " << message;
      EXPECT_NE(message.find("    3 | " + step.substr(0, 8)), std::string::npos) << message;
      EXPECT_NE(message.find(full), std::string::npos) << leave << " " << message;
      EXPECT_TRUE(fs::is_empty(data_root_ / "layers/.staging")) << leave << " " << step;
    }
  }
  fs::remove(data_root_ / "filler");
  must_build("FROM box\nRUN echo small > /small\n");
}

TEST_F(BuildRootTest, FullDiskAtTheEndNamesTheFolderToo) {
  use_small_disk("24m");
  fill_disk(0);
  const std::string message = must_fail("FROM box\nLABEL a=b\n");
  EXPECT_NE(message.find("the file system of '" + data_root_.string() + "' is full\n"), std::string::npos) << message;
}

TEST_F(BuildRootTest, AdditionalContextsAreFoldersAndImages) {
  request_.tags = {"tools"};
  must_build("FROM box\nRUN echo tool > /tool\n");
  request_.tags = {};
  write("more/here", "1");
  write("more/not", "2");
  write("more/.dockerignore", "not\n");
  request_.contexts = {{"more", (context_ / "more").string()}, {"box", "docker-image://tools"}};
  const std::string file =
      "FROM box\nCOPY --from=more . /m/\nCOPY --from=box /tool /copied\nRUN --mount=from=more,target=/x cat /x/here > "
      "/y\n";
  const ImageId id = must_build(file);
  EXPECT_EQ(read(id, "/tool"), "tool\n") << "the context hides the image of that name";
  EXPECT_EQ(read(id, "/copied"), "tool\n");
  EXPECT_EQ(read(id, "/m/here"), "1");
  EXPECT_EQ(read(id, "/m/not"), "<none>");
  EXPECT_EQ(read(id, "/y"), "1");
  EXPECT_EQ(must_build(file), id);
  write("more/here", "3");
  EXPECT_EQ(read(must_build(file), "/m/here"), "3");
  EXPECT_NE(must_fail("FROM more\n").find("FROM cannot begin with the folder of the context 'more' yet"),
            std::string::npos);
  request_.contexts = {{"more", "/nowhere"}};
  EXPECT_EQ(must_fail(file),
            "error: the additional context 'more' is '/nowhere', which is not a folder\n"
            "  hint: it can be a folder, or an image as 'docker-image://NAME'\n");
}

TEST_F(BuildRootTest, TagsNameTheImage) {
  request_.tags = {"app:1", "registry.example/app"};
  const ImageId id = must_build("FROM box\nLABEL a=b\n");
  EXPECT_EQ(inspect(id).tags, (Strings{"app:1", "registry.example/app:latest"}));
  EXPECT_EQ(inspect(id).config.labels.at("a"), "b");
}

TEST_F(BuildRootTest, EntrypointResetsTheCmdOfTheBaseOnly) {
  request_.tags = {"with-cmd"};
  must_build("FROM box\nCMD [\"old\"]\n");
  request_.tags = {};
  EXPECT_EQ(inspect(must_build("FROM with-cmd\nENTRYPOINT [\"e\"]\n")).config.cmd, Strings{});
  EXPECT_EQ(inspect(must_build("FROM box\nCMD [\"own\"]\nENTRYPOINT [\"e\"]\n")).config.cmd, Strings{"own"});
}

}  // namespace
}  // namespace davit::test
