// A full disk in the middle of a build.

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using BuildRootTest = BuildTest;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

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

}  // namespace
}  // namespace davit::test
