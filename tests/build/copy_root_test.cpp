// COPY and ADD: sources, destinations, contexts.

#include <cstdlib>
#include <fstream>

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
namespace fs = std::filesystem;

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

TEST_F(BuildRootTest, AFolderWithTheSetgidBitDoesNotGiveFilesItsGroup) {
  write("a", "1");
  const ImageId id = must_build("FROM box\nRUN mkdir /s && chgrp 50 /s && chmod 2775 /s\nCOPY a /s/a\nADD a /s/b\n");
  EXPECT_EQ(stat_line(id, "/s/a"), "100644 0 0");
  EXPECT_EQ(stat_line(id, "/s/b"), "100644 0 0");
  EXPECT_EQ(stat_line(id, "/s"), "42775 0 50");
}

TEST_F(BuildRootTest, AddSeesOnlyWhatTheImageHas) {
  write("a", "1");
  EXPECT_EQ(read(must_build("FROM scratch\nADD a /etc\n"), "/etc"), "1");
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

TEST_F(BuildRootTest, MissingSourceNamesTheNearest) {
  write("requirements.txt", "");
  EXPECT_EQ(must_fail("FROM box\nCOPY requirments.txt .\n"),
            "Dockerfile:2:6: error: 'requirments.txt' is not in the build context '" + context_.string() + "'\n" +
                "    2 | COPY requirments.txt .\n"
                "      |      ^~~~~~~~~~~~~~~\n"
                "  hint: did you mean 'requirements.txt'?\n");
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

}  // namespace
}  // namespace davit::test
