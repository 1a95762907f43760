#include "davit/logs/follower.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "davit/logs/pump.hpp"
#include "log_folder.hpp"

namespace davit::logs {
namespace {

using namespace std::chrono_literals;
using testing::TempFolder;
using Watch = LogFollower::Watch;
using Routing = LogFollower::Routing;

constexpr WallTime kStart{1795404600s};

void append(const TempFolder& folder, std::chrono::seconds after, std::string_view stream, std::string_view text,
            std::uint64_t number = 1, std::string_view tag = "F") {
  std::filesystem::create_directories(folder.log());
  std::ofstream file(folder.log() + "/" + log_file_name(number), std::ios::app | std::ios::binary);
  file << view(format_timestamp(kStart + after)) << ' ' << stream << ' ' << tag << ' ' << text << '\n';
}

std::string collect_all(LogFollower& follower) {
  std::string all;
  while (const auto chunk = follower.collect()) all += chunk->text;
  return all;
}

/// Waits for news, with a limit.
bool wait_for_news(LogFollower& follower) {
  pollfd wait{follower.fd(), POLLIN, 0};
  if (::poll(&wait, 1, 10'000) != 1) return false;
  follower.woken();
  return true;
}

TEST(LogFollower, MergesContainersByTime) {
  const TempFolder web;
  const TempFolder database;
  append(web, 1s, "stdout", "second");
  append(web, 3s, "stderr", "fourth");
  append(database, 0s, "stdout", "first");
  append(database, 2s, "stdout", "third");
  LogFollower follower{{}, Routing::AllToStdout};
  follower.add("web-1", web.log(), {}, Watch::No);
  follower.add("db-1", database.log(), {}, Watch::No);
  EXPECT_EQ(collect_all(follower), "db-1   | first\nweb-1  | second\ndb-1   | third\nweb-1  | fourth\n");
  EXPECT_TRUE(follower.done());
}

TEST(LogFollower, LinesOfTheSameMomentKeepTheirOrder) {
  const TempFolder one;
  const TempFolder two;
  for (const auto* text : {"a", "b", "c"}) append(one, 0s, "stdout", text);
  for (const auto* text : {"x", "y"}) append(two, 0s, "stdout", text);
  LogFollower follower{{.prefix = false}, Routing::AllToStdout};
  follower.add("one", one.log(), {}, Watch::No);
  follower.add("two", two.log(), {}, Watch::No);
  EXPECT_EQ(collect_all(follower), "a\nb\nc\nx\ny\n");
}

TEST(LogFollower, AnAttachedUpKeepsTheStreamsApart) {
  const TempFolder web;
  append(web, 0s, "stdout", "out");
  append(web, 0s, "stderr", "err");
  append(web, 0s, "stdout", "out again");
  LogFollower follower{{.prefix = false}, Routing::ByStream};
  follower.add("web-1", web.log(), {}, Watch::No);
  std::vector<std::pair<Stream, std::string>> chunks;
  while (const auto chunk = follower.collect()) chunks.emplace_back(chunk->stream, chunk->text);
  EXPECT_EQ(chunks, (std::vector<std::pair<Stream, std::string>>{
                        {Stream::Stdout, "out\n"}, {Stream::Stderr, "err\n"}, {Stream::Stdout, "out again\n"}}));
}

TEST(LogFollower, GoesOnWhileLogsGrowAndRotate) {
  const TempFolder web;
  LogFollower follower{{.prefix = false}, Routing::AllToStdout};
  const auto source = follower.add("web-1", web.log(), {}, Watch::Yes);
  EXPECT_EQ(collect_all(follower), "");
  append(web, 0s, "stdout", "one");
  ASSERT_TRUE(wait_for_news(follower));
  EXPECT_EQ(collect_all(follower), "one\n");
  append(web, 1s, "stdout", "two");
  append(web, 2s, "stdout", "three", 2);
  ASSERT_TRUE(wait_for_news(follower));
  EXPECT_EQ(collect_all(follower), "two\nthree\n");
  EXPECT_FALSE(follower.done());
  follower.end(source);
  EXPECT_EQ(collect_all(follower), "");
  EXPECT_TRUE(follower.done());
}

TEST(LogFollower, AContainerMadeAnewKeepsItsPrefixAndColour) {
  const TempFolder before;
  const TempFolder after;
  append(before, 0s, "stdout", "old");
  append(after, 1s, "stdout", "new");
  LogFollower follower{{.colour = true}, Routing::AllToStdout};
  const auto old = follower.add("web-1", before.log(), {}, Watch::Yes);
  EXPECT_EQ(collect_all(follower), "\x1b[36mweb-1  | \x1b[0mold\n");
  follower.end(old);
  const auto anew = follower.add("web-1", after.log(), {}, Watch::Yes);
  EXPECT_EQ(collect_all(follower), "\x1b[36mweb-1  | \x1b[0mnew\n");
  EXPECT_EQ(follower.note(anew, "exited with code 0"), "\x1b[36mweb-1 exited with code 0\x1b[0m\n");
}

TEST(LogFollower, TheLastLineIsShownWithoutItsEnd) {
  const TempFolder web;
  append(web, 0s, "stdout", "no newline", 1, "P");
  LogFollower follower{{.prefix = false}, Routing::AllToStdout};
  const auto source = follower.add("web-1", web.log(), {}, Watch::Yes);
  EXPECT_EQ(collect_all(follower), "");
  follower.end(source);
  EXPECT_EQ(collect_all(follower), "no newline\n");
  EXPECT_TRUE(follower.done());
}

TEST(LogFollower, ARestartedContainerIsFollowedOverItsEnd) {
  const TempFolder web;
  append(web, 0s, "stdout", "cut o", 1, "P");
  LogFollower follower{{.prefix = false}, Routing::AllToStdout};
  const auto source = follower.add("web-1", web.log(), {}, Watch::Yes);
  EXPECT_EQ(collect_all(follower), "");
  follower.settle(source);
  EXPECT_EQ(collect_all(follower), "cut o\n");
  EXPECT_FALSE(follower.done());
  append(web, 1s, "stdout", "");
  append(web, 1s, "stdout", "second run");
  ASSERT_TRUE(wait_for_news(follower));
  EXPECT_EQ(collect_all(follower), "second run\n");
}

TEST(LogFollower, TailCountsForEachContainer) {
  const TempFolder one;
  const TempFolder two;
  for (int i = 0; i < 5; ++i) {
    append(one, std::chrono::seconds{i}, "stdout", std::to_string(i));
    append(two, std::chrono::seconds{i}, "stdout", std::to_string(i));
  }
  LogFollower follower{{}, Routing::AllToStdout};
  follower.add("a", one.log(), {.tail = 2}, Watch::No);
  follower.add("b", two.log(), {.tail = 2}, Watch::No);
  EXPECT_EQ(collect_all(follower), "a  | 3\nb  | 3\na  | 4\nb  | 4\n");
}

TEST(LogFollower, SeesWhatThePumpWrites) {
  const TempFolder web;
  PumpBuffers buffers;
  auto pipe = make_log_pipe();
  LogPump pump{
      buffers,
      {.folder = web.log(), .state_file = web.state(), .rotation = {.max_size = 2'000, .max_files = 3}, .now = {}},
      with_staging(std::move(pipe[0]))};
  LogFollower follower{{.prefix = false}, Routing::AllToStdout};
  follower.add("web-1", web.log(), {}, Watch::Yes);
  std::string expected;
  std::string shown;
  for (int i = 0; i < 500; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    expected += line;
    testing::write_all(pipe[1].get(), line);
    (void)pump.on_readable(Stream::Stdout);
    ASSERT_TRUE(wait_for_news(follower));
    shown += collect_all(follower);
  }
  EXPECT_EQ(shown, expected);
}

}  // namespace
}  // namespace davit::logs
