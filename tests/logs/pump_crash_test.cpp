// The pump is killed at every system call it makes, and at random moments of a flood: every byte arrives once, in
// order.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <random>

#include "davit/logs/pump.hpp"
#include "log_folder.hpp"

namespace davit::logs {
namespace {

using testing::contents_of;
using testing::TempFolder;
using testing::whole_log;
using testing::write_all;

Fd copy(const Fd& fd) {
  return Fd{::dup(fd.get())};
}
StreamPipes copy(const StreamPipes& pipes) {
  return {copy(pipes.source), copy(pipes.staging_read), copy(pipes.staging_write)};
}

/// What the keeper holds: the pipes of a container which outlive any pump.
struct Keeper {
  std::array<StreamPipes, kStreams> pipes;
  std::array<Fd, kStreams> container;  ///< write ends

  /// `staging` bounds a batch, in bytes (a multiple of the page size).
  explicit Keeper(int staging = 0) {
    for (std::size_t i = 0; i < kStreams; ++i) {
      auto pipe = make_log_pipe();
      pipes[i] = with_staging(std::move(pipe[0]));
      container[i] = std::move(pipe[1]);
      if (staging != 0) ::fcntl(pipes[i].staging_write.get(), F_SETPIPE_SZ, staging);
    }
  }
};

/// The life of a supervisor, as far as logs go: pumps until both streams have ended.
void supervise(const Keeper& keeper, const TempFolder& folder, RotationPolicy rotation, LogPump::Run run) {
  PumpBuffers buffers;
  LogPump pump{buffers,
               {.folder = folder.log(), .state_file = folder.state(), .rotation = rotation, .run = run, .now = {}},
               copy(keeper.pipes[0]),
               copy(keeper.pipes[1])};
  while (!pump.ended()) {
    std::array<pollfd, kStreams> wait{pollfd{pump.source_fd(Stream::Stdout), POLLIN, 0},
                                      pollfd{pump.source_fd(Stream::Stderr), POLLIN, 0}};
    ::poll(wait.data(), wait.size(), -1);
    for (const Stream stream : {Stream::Stdout, Stream::Stderr})
      if (wait[index(stream)].fd >= 0 && wait[index(stream)].revents != 0) (void)pump.on_readable(stream);
  }
}

/// Runs a supervisor in a child; `traced` stops it at each system call.
pid_t fork_supervisor(const Keeper& keeper, const TempFolder& folder, RotationPolicy rotation, LogPump::Run run,
                      bool traced) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (traced) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
  }
  int code = 0;
  try {
    supervise(keeper, folder, rotation, run);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "supervisor: %s\n", error.what());
    code = 1;
  }
  ::_exit(code);
}

/// Lets a traced child make `stops` entries to and exits from system calls, then kills it. True when it was killed,
/// false when it had ended well before.
bool kill_after(pid_t child, int stops) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  for (int i = 0; i < stops; ++i) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      return false;
    }
    if (!WIFSTOPPED(status)) return false;
  }
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  return true;
}

void finish(const Keeper& keeper, const TempFolder& folder, RotationPolicy rotation) {
  const pid_t child = fork_supervisor(keeper, folder, rotation, LogPump::Run::Resumed, false);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/// Whole records of a log that a reader could have seen.
std::string visible(const std::string& folder) {
  std::string log = whole_log(folder);
  log.resize(log.rfind('\n') == std::string::npos ? 0 : log.rfind('\n') + 1);
  return log;
}

struct Input {
  std::array<std::string, kStreams> bytes;
};

/// Several pages on both streams, so that batches alternate: short lines, an unfinished one at each page's end, no last
/// newline.
Input small_input() {
  Input input;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    for (int line = 0; line < 120; ++line)
      input.bytes[stream] += std::string(name(static_cast<Stream>(stream))) + " " + std::to_string(line) +
                             std::string(static_cast<std::size_t>(line) % 97, '.') + "\n";
    input.bytes[stream] += "no end";
  }
  return input;
}

/// Whether the files that are kept hold all of the output, or its end.
enum class Kept { All, End };

void kill_at_every_system_call(RotationPolicy rotation, Kept kept = Kept::All) {
  const bool all = kept == Kept::All;
  const Input input = small_input();
  int stops = 1;
  for (bool killed = true; killed; ++stops) {
    ASSERT_LT(stops, 5'000) << "the supervisor never ends";
    const TempFolder folder;
    Keeper keeper{4096};
    for (std::size_t i = 0; i < kStreams; ++i) {
      write_all(keeper.container[i].get(), input.bytes[i]);
      keeper.container[i].reset();
    }
    killed = kill_after(fork_supervisor(keeper, folder, rotation, LogPump::Run::New, true), stops);
    const std::string seen = visible(folder.log());
    // The successor is killed as well, soon after it began.
    if (killed)
      (void)kill_after(fork_supervisor(keeper, folder, rotation, LogPump::Run::Resumed, true), 10 + stops % 60);
    const std::string seen_later = visible(folder.log());
    ASSERT_TRUE(!all || seen_later.starts_with(seen)) << "a reader saw what was taken back, stop " << stops;
    if (killed) finish(keeper, folder, rotation);
    const std::string log = whole_log(folder.log());
    ASSERT_TRUE(!all || log.starts_with(seen_later)) << "a reader saw what was taken back, stop " << stops;
    const auto contents = contents_of(log);
    ASSERT_FALSE(contents.torn) << stops;
    for (std::size_t i = 0; i < kStreams; ++i) {
      const std::string& logged = contents.bytes[i];
      ASSERT_TRUE(all ? logged == input.bytes[i] : input.bytes[i].ends_with(logged))
          << "killed at stop " << stops << ": " << logged;
    }
    ASSERT_TRUE(all || testing::log_files(folder.log()).size() <= rotation.max_files) << "killed at stop " << stops;
    ASSERT_TRUE(std::is_sorted(contents.times.begin(), contents.times.end())) << stops;
  }
  EXPECT_GT(stops, 50) << "the supervisor was hardly traced";
}

TEST(PumpCrash, KilledAtEverySystemCall) {
  kill_at_every_system_call({});
}

TEST(PumpCrash, KilledAtEverySystemCallWhileFilesRotate) {
  kill_at_every_system_call({.max_size = 1'500, .max_files = 100});
}

TEST(PumpCrash, KilledAtEverySystemCallWhileFilesAreRemoved) {
  kill_at_every_system_call({.max_size = 1'500, .max_files = 2}, Kept::End);
}

/// A container which floods both streams with numbered lines.
pid_t fork_flood(Keeper& keeper, int lines) {
  const pid_t child = ::fork();
  if (child != 0) {
    for (Fd& end : keeper.container) end.reset();
    return child;
  }
  for (StreamPipes& pipes : keeper.pipes) pipes = {};
  std::array<std::string, kStreams> pending;
  std::mt19937 random{11};  // NOLINT: a fixed seed
  for (int line = 0; line < lines; ++line) {
    for (std::size_t i = 0; i < kStreams; ++i) {
      pending[i] += std::to_string(line) + " the quick brown fox jumps over the lazy dog\n";
      if (random() % 50 != 0 && line + 1 != lines) continue;
      for (std::string_view rest = pending[i]; !rest.empty();) {
        const ssize_t wrote =
            ::write(keeper.container[i].get(), rest.data(), std::min<std::size_t>(rest.size(), 1 + random() % 9000));
        if (wrote <= 0) ::_exit(1);
        rest.remove_prefix(static_cast<std::size_t>(wrote));
      }
      pending[i].clear();
    }
  }
  ::_exit(0);
}

std::string flood_of(int lines) {
  std::string bytes;
  for (int line = 0; line < lines; ++line)
    bytes += std::to_string(line) + " the quick brown fox jumps over the lazy dog\n";
  return bytes;
}

/// Waits until a child ends, or for so long; true when it ended.
bool ends_within(pid_t child, std::chrono::microseconds limit) {
  const Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  pollfd wait{pidfd.get(), POLLIN, 0};
  const timespec time{.tv_sec = 0, .tv_nsec = limit.count() * 1000};
  return ::ppoll(&wait, 1, &time, nullptr) == 1;
}

void kill_in_a_flood(RotationPolicy rotation, unsigned seed) {
  constexpr int kLines = 120'000;
  constexpr int kKills = 150;
  const TempFolder folder;
  Keeper keeper;
  const pid_t flood = fork_flood(keeper, kLines);
  std::mt19937 random{seed};
  auto run = LogPump::Run::New;
  int kills = 0;
  for (; kills < kKills; ++kills) {
    const pid_t child = fork_supervisor(keeper, folder, rotation, run, false);
    run = LogPump::Run::Resumed;
    const bool ended = ends_within(child, std::chrono::microseconds{200 + random() % 3000});
    if (!ended) ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
  }
  finish(keeper, folder, rotation);
  int status = 0;
  ASSERT_EQ(::waitpid(flood, &status, 0), flood);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the container must not notice";
  const auto contents = contents_of(whole_log(folder.log()));
  const std::string expected = flood_of(kLines);
  for (const std::string& bytes : contents.bytes) {
    ASSERT_EQ(bytes.size(), expected.size()) << kills << " kills";
    ASSERT_TRUE(bytes == expected) << kills << " kills";
  }
  EXPECT_TRUE(std::is_sorted(contents.times.begin(), contents.times.end()));
  EXPECT_GT(kills, 0) << "the flood was over too soon to say anything";  // how many is a matter of the machine
}

TEST(PumpCrash, KilledInTheMiddleOfAFlood) {
  for (unsigned seed = 1; seed <= 2; ++seed) kill_in_a_flood({}, seed);
}

TEST(PumpCrash, KilledInTheMiddleOfAFloodWhileFilesRotate) {
  kill_in_a_flood({.max_size = 100'000, .max_files = 10'000}, 4);
}

}  // namespace
}  // namespace davit::logs
