// volumes_from: who sees what of whom. Each fact but the read-only one was learned from docker compose.
#include <gmock/gmock.h>

#include "stack.hpp"

namespace davit::test {
namespace {

using ::testing::HasSubstr;

TEST(VolumesFrom, AServiceSeesVolumesAndFoldersOfAnotherOneButForItsOwn) {
  Stack stack("volfrom");
  import_busybox(stack);
  stack.write("folder/text", "folder");
  stack.write("own/text", "own");
  stack.compose(R"(
services:
  src:
    image: busybox
    command: [sleep, "3600"]
    volumes: ["data:/data", /anon, "./folder:/folder:ro", "./folder:/own"]
    tmpfs: [/t]
  use:
    image: busybox
    command: [sleep, "3600"]
    volumes_from: [src]
    volumes: ["./own:/own", /data]
  read:
    image: busybox
    command: [sleep, "3600"]
    volumes_from: ["use:ro"]
volumes: {data: {}}
)");
  stack.ok({"up", "-d"});
  stack.ok({"exec", "-T", "src", "sh", "-c", "echo 1 > /data/a; echo 2 > /anon/b"});
  const auto use = stack.ok({"exec", "-T", "use", "sh", "-c",
                             "cat /data/a /anon/b /folder/text /own/text; test ! -e /t && echo new > /data/c"});
  EXPECT_EQ(use.out, "1\n2\nfolderown");
  EXPECT_EQ(stack.ok({"exec", "-T", "src", "cat", "/data/c"}).out, "new\n");
  EXPECT_EQ(stack.ok({"exec", "-T", "read", "cat", "/anon/b", "/own/text"}).out, "2\nown") << "what a sharer shares";
  EXPECT_NE(stack.davit({"exec", "-T", "read", "touch", "/data/c"}).code, 0) << "read-only";
  EXPECT_NE(stack.davit({"exec", "-T", "use", "touch", "/folder/c"}).code, 0) << "as it is there";
  const auto again = stack.ok({"up", "-d"});
  EXPECT_THAT(again.err, HasSubstr("Container volfrom-use-1 Running"));
  stack.ok({"up", "-d", "--force-recreate", "--no-deps", "src"});
  EXPECT_THAT(stack.ok({"up", "-d"}).err, HasSubstr("Container volfrom-use-1 Recreated"));
  EXPECT_EQ(stack.ok({"exec", "-T", "use", "cat", "/anon/b"}).out, "2\n") << "still that of src";
  stack.ok({"down", "-v"});
  EXPECT_TRUE(std::filesystem::is_empty(stack.data_root() / "volumes"));
}

TEST(VolumesFrom, AContainerThatIsOfNoServiceHereIsFoundByItsName) {
  Stack stack("volother");
  import_busybox(stack);
  stack.write("folder/text", "there");
  stack.write("other.yaml", R"(
services:
  src: {image: busybox, command: [sleep, "3600"], volumes: ["./folder:/folder"]}
)");
  stack.compose(R"(
services:
  use: {image: busybox, command: [cat, /folder/text], volumes_from: ["container:volother-src-1"]}
)");
  const auto none = stack.davit({"up", "-d"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no container 'volother-src-1' to take volumes from"));
  stack.ok({"-f", "other.yaml", "create"});
  EXPECT_THAT(stack.ok({"up", "use"}).out, HasSubstr("use-1  | there"));
  stack.ok({"down", "--remove-orphans"});
}

TEST(VolumesFrom, AnAnonymousVolumeStaysWhileAContainerOfAnotherProjectHasIt) {
  Stack stack("voltaken");
  import_busybox(stack);
  stack.write("other.yaml", R"(
name: voltaken-other
services:
  src: {image: busybox, command: [sleep, "3600"], volumes: [/anon]}
)");
  stack.compose(R"(
services:
  use:
    image: busybox
    command: [sleep, "3600"]
    volumes_from: ["container:voltaken-other-src-1"]
)");
  const auto other = [&stack](std::vector<std::string> words) {
    words.insert(words.begin(), {"-p", "voltaken-other", "-f", "other.yaml"});
    return stack.ok(std::move(words));
  };
  other({"up", "-d"});
  other({"exec", "-T", "src", "sh", "-c", "echo kept > /anon/file"});
  stack.ok({"up", "-d"});
  other({"down", "-v"});
  EXPECT_EQ(stack.ok({"exec", "-T", "use", "cat", "/anon/file"}).out, "kept\n");
  stack.ok({"rm", "-f", "-s", "-v"});
  EXPECT_TRUE(std::filesystem::is_empty(stack.data_root() / "volumes")) << "the last one takes it away";
}

}  // namespace
}  // namespace davit::test
