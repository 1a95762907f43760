#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

using namespace std::chrono_literals;
using Status = runtime::ProgressEvent::Status;

ProgressBoard::Time at(std::chrono::milliseconds ms) {
  return ProgressBoard::Time(ms);
}

TEST(Progress, ThePlainLineIsDockerComposes) {
  EXPECT_EQ(plain_line({"Container p-web-1", "Created", Status::Done, ""}), " Container p-web-1 Created \n");
}

TEST(Progress, TheJsonLineHasStatusAndText) {
  EXPECT_EQ(
      json_line({"Container p-web-1", "Error", Status::Error, "no \"image\""}),
      "{\"id\":\"Container p-web-1\",\"status\":\"Error\",\"text\":\"Error\",\"details\":\"no \\\"image\\\"\"}\n");
}

TEST(Progress, TheModeFollowsTheTerminalUnlessAskedFor) {
  EXPECT_EQ(choose_progress("auto", "auto", true), ProgressMode::Tty);
  EXPECT_EQ(choose_progress("auto", "auto", false), ProgressMode::Plain);
  EXPECT_EQ(choose_progress("auto", "never", true), ProgressMode::Plain);
  EXPECT_EQ(choose_progress("json", "auto", true), ProgressMode::Json);
  EXPECT_EQ(choose_progress("quiet", "auto", true), ProgressMode::Quiet);
}

TEST(ProgressBoard, CountsWhatIsDoneAndShowsHowLongItTook) {
  ProgressBoard board("up", false);
  board.update({"Network p_default", "Creating", Status::Working, ""}, at(0ms));
  board.update({"Network p_default", "Created", Status::Done, ""}, at(300ms));
  board.update({"Container p-a-1", "Starting", Status::Working, ""}, at(300ms));
  const auto lines = board.draw(at(1300ms), 51, 10);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "[+] up 1/2");
  EXPECT_EQ(lines[1], " ✔ Network p_default  Created                 0.3s");
  EXPECT_EQ(lines[2], " ⠋ Container p-a-1    Starting                1.0s");
}

TEST(ProgressBoard, KeepsWhatIsAtWorkWhenTheScreenIsSmall) {
  ProgressBoard board("up", false);
  for (int i = 0; i < 10; ++i)
    board.update({"Container p-a-" + std::to_string(i), "Started", Status::Done, ""}, at(0ms));
  board.update({"Container p-b-1", "Starting", Status::Working, ""}, at(0ms));
  const auto lines = board.draw(at(0ms), 60, 5);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_NE(lines[1].find("p-b-1"), std::string::npos);
  EXPECT_EQ(lines.back(), " ... 8 more");
}

}  // namespace
}  // namespace davit::cli
