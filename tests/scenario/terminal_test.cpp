// Programs in containers on a terminal of the user's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/fd.hpp"
#include "stack.hpp"
#include "support/patience.hpp"

namespace davit::test {
namespace {

/// davit on a terminal of its own, of which this is the other end.
class OnTerminal {
 public:
  struct Size {
    unsigned short rows;
    unsigned short columns;
  };

  OnTerminal(const Stack& stack, std::vector<std::string> words, Size size) {
    words.insert(words.begin(), {DAVIT_PROGRAM, "--data-root", stack.data_root().string(), "--run-root",
                                 stack.run_root().string(), "-p", stack.name()});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string folder = stack.folder().string();
    const winsize at_first{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    child_ = ::forkpty(&master, nullptr, nullptr, &at_first);
    if (child_ == 0) {
      if (::chdir(folder.c_str()) == 0) ::execv(argv[0], argv.data());
      ::_exit(99);
    }
    master_.reset(master);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
  }
  ~OnTerminal() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  void resize(Size size) {
    const winsize now{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::ioctl(master_.get(), TIOCSWINSZ, &now), 0);
  }
  void type(std::string_view keys) {
    ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  /// Reads until the text is there, behind what was waited for before.
  ::testing::AssertionResult shows(std::string_view text, std::chrono::seconds limit = 30s) {
    const auto until = std::chrono::steady_clock::now() + patient(limit);
    for (;;) {
      if (const auto at = screen_.find(text, seen_); at != std::string::npos) {
        seen_ = at + text.size();
        return ::testing::AssertionSuccess();
      }
      if (!read_until(until)) return ::testing::AssertionFailure() << "no '" << text << "' in:\n" << screen_;
    }
  }
  [[nodiscard]] const std::string& screen() const { return screen_; }
  /// The exit code.
  int finish(std::chrono::seconds limit = 30s) {
    const auto until = std::chrono::steady_clock::now() + patient(limit);
    while (read_until(until)) {
    }
    if (std::chrono::steady_clock::now() >= until) ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  /// False when the terminal was closed, or time is over.
  bool read_until(std::chrono::steady_clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{master_.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 4096> chunk{};
    const ssize_t got = ::read(master_.get(), chunk.data(), chunk.size());
    if (got > 0) screen_.append(chunk.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t child_ = -1;
  Fd master_;
  std::string screen_;
  std::size_t seen_ = 0;
};

/// Says the size of its terminal, at first and when it changes, until it reads a line. Of an exec crun sets the size
/// when the program runs already, and tells it: until then there is none.
const std::string kSayer = "trap 'stty size' WINCH; stty size; until read -t 1 line; do :; done; exit 7";

void follows_the_size(OnTerminal& program) {
  ASSERT_TRUE(program.shows("33 111\r\n"));
  program.resize({44, 222});
  ASSERT_TRUE(program.shows("44 222\r\n"));
  program.resize({20, 60});
  ASSERT_TRUE(program.shows("20 60\r\n"));
  program.type("end\r");
  EXPECT_EQ(program.finish(), 7);
}

TEST(OnATerminal, ExecFollowsItsSize) {
  Stack stack("ttyexec");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, init: true, command: [sleep, '3600']}}\n");
  stack.ok({"up", "-d"});
  OnTerminal program(stack, {"--progress", "quiet", "exec", "a", "sh", "-c", kSayer}, {33, 111});
  follows_the_size(program);
}

TEST(OnATerminal, RunFollowsItsSize) {
  Stack stack("ttyrun");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox}}\n");
  OnTerminal program(stack, {"--progress", "quiet", "run", "--rm", "a", "sh", "-c", kSayer}, {33, 111});
  follows_the_size(program);
}

TEST(OnATerminal, CtrlCIsThePrograms) {
  Stack stack("ttyint");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox}}\n");
  OnTerminal program(stack,
                     {"--progress", "quiet", "run", "--rm", "a", "sh", "-c",
                      "trap 'echo caught' INT; echo ready; for i in 1 2 3; do read line; done; echo over"},
                     {33, 111});
  ASSERT_TRUE(program.shows("ready\r\n"));
  program.type("\x03");
  ASSERT_TRUE(program.shows("caught\r\n"));
  program.type("\x03");
  ASSERT_TRUE(program.shows("caught\r\n"));
  for (int i = 0; i < 3; ++i) program.type("line\r");
  ASSERT_TRUE(program.shows("over\r\n"));
  EXPECT_EQ(program.finish(), 0);
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
}

TEST(OnATerminal, MegabytesOfARunArriveWhole) {
  Stack stack("ttylong");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox}}\n");
  OnTerminal program(stack,
                     {"--progress", "quiet", "run", "--rm", "a", "sh", "-c", "seq -w 300000; echo; echo that is all"},
                     {33, 111});
  ASSERT_TRUE(program.shows("000001\r\n"));
  for (const std::string line : {"100000\r\n", "200000\r\n", "299999\r\n300000\r\n", "that is all\r\n"})
    ASSERT_TRUE(program.shows(line)) << line;
  EXPECT_EQ(program.finish(), 0);
  EXPECT_GE(program.screen().size(), 300'000U * 8U);
}

TEST(OnATerminal, InputGoesOnAfterTheSupervisorWasKilled) {
  Stack stack("ttykill");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox}}\n");
  OnTerminal program(
      stack, {"--progress", "quiet", "run", "--rm", "a", "sh", "-c", "echo ready; read x; echo \"[$x]\"; exit 9"},
      {33, 111});
  ASSERT_TRUE(program.shows("ready\r\n"));
  const pid_t supervisor = stack.supervisor();
  ASSERT_NE(supervisor, 0);
  ::kill(supervisor, SIGKILL);
  stack.ok({"ps"});  // answered by the next one
  program.type("word\r");
  ASSERT_TRUE(program.shows("[word]\r\n"));
  EXPECT_EQ(program.finish(), 9);
}

/// The lines that stand on a terminal in the end, of the few controls that davit writes.
std::vector<std::string> lines_of(std::string_view raw) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  std::size_t column = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r') {
      column = 0;
    } else if (raw[i] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (raw[i] != '\x1b') {
      lines[row].resize(std::max(lines[row].size(), column + 1), ' ');
      lines[row][column++] = raw[i];
    } else {
      const std::size_t end = raw.find_first_not_of("[0123456789;?", i + 1);
      if (end == std::string_view::npos) break;
      const int number = std::atoi(std::string(raw.substr(i + 2, end - i - 2)).c_str());
      if (raw[end] == 'A') row -= std::min<std::size_t>(row, static_cast<std::size_t>(std::max(number, 1)));
      if (raw[end] == 'K') lines[row].clear();
      if (raw[end] == 'J') {
        lines.resize(row + 1);
        lines[row].resize(std::min(lines[row].size(), column));
      }
      i = end;
    }
  }
  return lines;
}

TEST(OnATerminal, LogsStandAboveTheDisplay) {
  Stack stack("ttylogs");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sh, -c, "echo line-1; echo line-2; touch /ready; exec sleep 3600"]
    init: true
    healthcheck: {test: "test -e /ready", interval: 300ms}
  b: {image: busybox, command: [echo, hello], depends_on: {a: {condition: service_healthy}}}
)");
  OnTerminal program(stack, {"up"}, {33, 111});
  ASSERT_TRUE(program.shows("hello"));
  ASSERT_TRUE(program.shows("exited with code 0"));
  program.type("\x03");
  EXPECT_EQ(program.finish(), 130);
  const std::vector<std::string> lines = lines_of(program.screen());
  for (const std::string text : {"line-1", "line-2", "hello"}) {
    const auto has = [&text](const std::string& line) { return line.ends_with(text); };
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), has), 1) << text << " in:\n" << program.screen();
  }
}

TEST(OnATerminal, WarningsOfABuildStandAboveTheDisplay) {
  Stack stack("ttywarn");
  import_busybox(stack);
  stack.write("Dockerfile", "FROM busybox\nMAINTAINER me\nRUN true\n");
  stack.compose("services: {a: {build: .}}\n");
  OnTerminal program(stack, {"build"}, {33, 111});
  ASSERT_TRUE(program.shows("MAINTAINER is deprecated\r\n"));
  ASSERT_TRUE(program.shows("    2 | MAINTAINER me\r\n"));
  ASSERT_TRUE(program.shows("[+] build 1/1"));
  EXPECT_EQ(program.finish(), 0);
}

}  // namespace
}  // namespace davit::test
