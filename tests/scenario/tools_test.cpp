// cp, top, images, events, volumes, kill.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "stack.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void compose(const Stack& stack) {
  import_busybox(stack);
  stack.compose(R"(
services:
  web: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s, scale: 2, volumes: ["data:/data"]}
volumes: {data: {}}
)");
  stack.ok({"up", "-d"});
}

TEST(Stats, ShowsWhatRunningContainersUse) {
  Stack stack("toolsstats");
  compose(stack);
  const std::string lines = stack.ok({"stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}"}).out;
  EXPECT_TRUE(contains(lines, "-web-1 1\n") && contains(lines, "-web-2 1\n")) << lines;
  EXPECT_TRUE(contains(stack.ok({"stats", "--no-stream", "web"}).out, "CONTAINER ID   NAME"));
  EXPECT_EQ(stack.davit({"stats", "nobody"}).code, 1);
}

TEST(Stats, WhoeverLooksOnDoesNotKeepTheSupervisor) {
  Stack stack("toolsstatslook");
  compose(stack);
  const auto stats = stack.start({"stats"});
  ASSERT_TRUE(stats->wait_for_output("toolsstatslook-web-1", 30s));
  stack.ok({"down"});
  EXPECT_EQ(stack.keeper(), 0);
  EXPECT_FALSE(fs::exists(stack.run_root() / "toolsstatslook"));
  stats->signal(SIGINT);
  EXPECT_EQ(stats->finish(30s).code, 130);
}

TEST(Cp, CopiesFilesAndFoldersBothWays) {
  Stack stack("toolscp");
  compose(stack);
  stack.write("file", "from the host\n");
  stack.write("folder/inner/deep", "deep\n");
  stack.ok({"cp", "file", "web:/tmp/"});
  for (const char* index : {"1", "2"})
    EXPECT_EQ(stack.ok({"exec", "-T", "--index", index, "web", "cat", "/tmp/file"}).out, "from the host\n");
  stack.ok({"cp", "folder/.", "web:/data"});
  EXPECT_EQ(stack.ok({"exec", "-T", "web", "cat", "/data/inner/deep"}).out, "deep\n") << "into what is mounted there";
  stack.ok({"exec", "-T", "web", "sh", "-c", "mkdir /made; echo inside > /made/f; ln -s /etc/passwd /made/link"});
  stack.ok({"cp", "web:/made", "copied"});
  EXPECT_EQ(read(stack.folder() / "copied/f"), "inside\n");
  EXPECT_EQ(fs::read_symlink(stack.folder() / "copied/link"), "/etc/passwd") << "a link is copied as a link";
  stack.ok({"cp", "-L", "web:/made/link", "passwd"});
  EXPECT_TRUE(contains(read(stack.folder() / "passwd"), "nobody:x:65534")) << "it leads to the container's file";
}

TEST(Cp, ATarOnStandardOutputIsReadBackFromStandardInput) {
  Stack stack("toolscptar");
  compose(stack);
  stack.ok({"exec", "-T", "--index", "1", "web", "sh", "-c", "mkdir /a; echo one > /a/f"});
  const std::string tar = stack.ok({"cp", "web:/a", "-"}).out;
  EXPECT_EQ(tar.substr(257, 5), "ustar");
  stack.ok({"cp", "--index", "2", "-", "web:/tmp"}, 30s, tar);
  EXPECT_EQ(stack.ok({"exec", "-T", "--index", "2", "web", "cat", "/tmp/a/f"}).out, "one\n");
}

TEST(Cp, TheWholeContainerIsItsFilesAndNotWhatTheKernelShows) {
  Stack stack("toolscpall");
  compose(stack);
  stack.ok({"exec", "-T", "--index", "1", "web", "sh", "-c", "echo one > /here"});
  stack.ok({"cp", "web:/", "all"});
  EXPECT_TRUE(fs::exists(stack.folder() / "all/here"));
  EXPECT_TRUE(fs::exists(stack.folder() / "all/bin/busybox"));
  for (const char* folder : {"proc", "sys", "dev"})
    EXPECT_TRUE(fs::is_empty(stack.folder() / "all" / folder)) << folder;
}

TEST(Cp, NoLinkLeadsOutOfTheContainer) {
  Stack stack("toolscplink");
  compose(stack);
  stack.write("secret", "of the host\n");
  const std::string host = (stack.folder() / "secret").string();
  stack.ok({"exec", "-T", "web", "sh", "-c", "ln -s " + host + " /trap; ln -s " + stack.folder().string() + " /out"});
  EXPECT_EQ(stack.davit({"cp", "-L", "web:/trap", "got"}).code, 1) << "there is no such file in the container";
  stack.write("payload", "x\n");
  EXPECT_EQ(stack.davit({"cp", "payload", "web:/out/"}).code, 1);
  EXPECT_FALSE(fs::exists(stack.folder() / "out"));
}

TEST(Cp, MistakesAreNamed) {
  Stack stack("toolscpbad");
  compose(stack);
  EXPECT_TRUE(contains(stack.davit({"cp", "web:/nosuch", "."}).err, "no such file or folder: '/nosuch'"));
  EXPECT_TRUE(contains(stack.davit({"cp", "a", "b"}).err, "unknown copy direction"));
  EXPECT_TRUE(contains(stack.davit({"cp", "web:/etc", "web:/tmp"}).err, "copying between services is not supported"));
  stack.ok({"stop"});
  EXPECT_TRUE(contains(stack.davit({"cp", "web:/etc/passwd", "."}).err, "is not running"));
}

TEST(Top, ListsTheProcessesOfEachContainer) {
  Stack stack("toolstop");
  import_busybox(stack);
  // Each says that it runs and then is the same process to the end.
  stack.compose(R"(
services:
  web:
    image: busybox
    command: [sh, -c, "echo main > /pipes/main; read line < /pipes/never"]
    stop_grace_period: 0s
    scale: 2
    volumes: [./pipes:/pipes]
)");
  const NamedPipe main(stack.folder() / "pipes/main");
  const NamedPipe other(stack.folder() / "pipes/other");
  const NamedPipe never(stack.folder() / "pipes/never");
  stack.ok({"up", "-d"});
  for (int i = 0; i < 2; ++i) ASSERT_EQ(main.line(30s), "main");
  stack.ok({"exec", "-d", "--index", "2", "web", "sh", "-c", "echo other > /pipes/other; read line < /pipes/never"});
  ASSERT_EQ(other.line(30s), "other");
  const auto top = stack.ok({"top", "web"}).out;
  EXPECT_EQ(std::count(top.begin(), top.end(), '\n'), 4) << "a heading and three processes\n" << top;
  EXPECT_TRUE(contains(top, "sh -c echo main > ")) << top;
  EXPECT_TRUE(contains(top, "sh -c echo other > ")) << top;
  EXPECT_EQ(stack.ok({"top"}).out, top);
  EXPECT_EQ(stack.davit({"top", "nobody"}).code, 1);
}

TEST(Images, ListsThoseOfTheContainers) {
  Stack stack("toolsimages");
  compose(stack);
  const auto table = stack.ok({"images"}).out;
  EXPECT_TRUE(contains(table, "toolsimages-web-2")) << table;
  EXPECT_TRUE(contains(table, "busybox             latest")) << table;
  const auto ids = stack.ok({"images", "-q"}).out;
  EXPECT_EQ(ids.size(), 65U) << "one id for both: " << ids;
  EXPECT_TRUE(contains(stack.ok({"images", "--format", "json"}).out, "\"ContainerName\":\"toolsimages-web-1\""));
}

TEST(Volumes, ListsThoseOfTheProject) {
  Stack stack("toolsvolumes");
  compose(stack);
  EXPECT_EQ(stack.ok({"volumes", "-q"}).out, "toolsvolumes_data\n");
  EXPECT_EQ(stack.ok({"volumes", "--format", "{{.Name}} {{.Driver}}"}).out, "toolsvolumes_data local\n");
  stack.ok({"down", "-v"});
}

TEST(Events, TellWhatHappensAndWhatHasHappened) {
  Stack stack("toolsevents");
  compose(stack);
  const auto events = stack.start({"events", "--json", "--since", "1h", "web"});
  ASSERT_TRUE(events->wait_for_output("\"action\":\"start\"", 30s)) << "of the past; from there on it listens";
  EXPECT_FALSE(contains(events->output().out, "\"action\":\"die\""));
  stack.ok({"restart", "-t", "0"});
  EXPECT_TRUE(events->wait_for_output("\"action\":\"die\"", 30s));
  events->signal(SIGINT);
  EXPECT_EQ(events->finish(30s).code, 130);
  const auto reversed = stack.davit({"events", "--since", "1", "--until", "0"});
  EXPECT_EQ(reversed.code, 1);
  EXPECT_TRUE(contains(reversed.err, "--since 1 is later than --until 0")) << reversed.err;
  const auto past = stack.ok({"events", "--since", "10m", "--until", "0s"}).out;
  for (const char* action : {" container create ", " container start ", " container die ", "image=busybox"})
    EXPECT_TRUE(contains(past, action)) << action << "\n" << past;
}

TEST(Kill, TakesOneOffsAndOnRequestOrphans) {
  Stack stack("toolskill");
  compose(stack);
  stack.write("less.yaml", "services: {other: {image: busybox}}\n");
  stack.ok({"run", "-d", "--name", "toolskillone", "web", "sleep", "3600"});
  EXPECT_TRUE(contains(stack.ok({"-f", "less.yaml", "kill"}).err, "No container to kill"));
  EXPECT_EQ(stack.ok({"ps", "-q"}).out.size(), 2 * 65U);
  stack.ok({"kill", "web"});
  EXPECT_FALSE(contains(stack.ok({"ps", "-a"}).out, " Up ")) << "the one-off too";
  stack.ok({"up", "-d"});
  stack.ok({"-f", "less.yaml", "kill", "--remove-orphans"});
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, "");
  stack.ok({"down", "--remove-orphans"});
}

}  // namespace
}  // namespace davit::test
