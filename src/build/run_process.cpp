#include "build/run_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>

#include "build/pipe.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

extern "C" char** environ;

namespace davit::build {
namespace {

// While a stopped process has not ended, it is killed again this often: it may fork faster than one look at its group.
constexpr int kKillAgainMs = 50;
// The runtime itself gets this long to clear up behind its container.
constexpr std::chrono::seconds kTimeToClearUp{1};
// A line without end is cut here, so that a program that never ends one cannot eat the memory.
constexpr std::size_t kLongestLine = std::size_t{1} << 20U;

constexpr int kBlocksAtOnce = 4;
constexpr int kBlocksOfAPipe = 32;  // twice the largest pipe (fs.pipe-max-size), in case somebody still writes

/// Cuts what a pipe brings into lines.
class LineReader {
 public:
  LineReader(Fd fd, OutputStream stream, const std::function<void(OutputStream, std::string_view)>& line)
      : fd_(std::move(fd)), stream_(stream), line_(line) {
    (void)::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Reads what is there, but no more than a few blocks: a program that never pauses must not keep us from looking at
  /// the other stream and at a wish to stop. At the end of the pipe the descriptor is closed.
  void drain(int blocks = kBlocksAtOnce) {
    std::array<char, 65536> block{};
    for (; fd_ && blocks > 0; --blocks) {
      const ssize_t got = ::read(fd_.get(), block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return;
      if (got == 0) fd_.reset();
      add({block.data(), static_cast<std::size_t>(got)});
    }
  }
  /// What a program that has ended left in the pipe.
  void finish() {
    drain(kBlocksOfAPipe);
    if (!partial_.empty()) line_(stream_, partial_);
    partial_.clear();
  }

 private:
  void add(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      partial_ += text.substr(0, end);
      if (end == std::string_view::npos) {
        if (partial_.size() < kLongestLine) return;
        text = {};
      } else {
        text.remove_prefix(end + 1);
      }
      if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
      line_(stream_, partial_);
      partial_.clear();
    }
  }

  Fd fd_;
  OutputStream stream_;
  const std::function<void(OutputStream, std::string_view)>& line_;
  std::string partial_;
};

class SpawnSettings {
 public:
  SpawnSettings(int out, int err, int inherited) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, 1);
    posix_spawn_file_actions_adddup2(&actions_, err, 2);
    if (inherited >= 0) posix_spawn_file_actions_adddup2(&actions_, inherited, 3);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // Its own session: Ctrl-C of the terminal reaches davit alone, which then stops the step in order.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  pid_t spawn(const std::vector<std::string>& argv) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, argv[0].c_str(), &actions_, &attributes_, words.data(), environ);
    if (error != 0) throw_system_error("run", argv[0], error);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Ends a step, and the runtime too when that does not follow.
class Killer {
 public:
  Killer(pid_t runtime, const ProcessControl& control) : runtime_(runtime), control_(control) {}

  /// To be called until the runtime has ended.
  void kill() {
    control_.kill();
    const auto now = std::chrono::steady_clock::now();
    if (!first_) first_ = now;
    if (now - *first_ > kTimeToClearUp) (void)::kill(runtime_, SIGKILL);
  }

 private:
  pid_t runtime_;
  const ProcessControl& control_;
  std::optional<std::chrono::steady_clock::time_point> first_;
};

/// As waitpid gives it.
int status_at_the_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ProcessEnd run_process(const std::vector<std::string>& argv, const ProcessControl& control,
                       const std::function<void(OutputStream, std::string_view)>& line) {
  const Fd stop_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto wake = [&stop_event] {
    const std::uint64_t one = 1;
    (void)!::write(stop_event.get(), &one, sizeof(one));
  };
  const std::stop_callback on_stop(control.stop, wake);
  Pipe out;
  Pipe err;
  const pid_t pid = SpawnSettings(out.write.get(), err.write.get(), control.inherited).spawn(argv);
  out.write.reset();
  err.write.reset();
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) {
    const int error = errno;
    control.kill();
    (void)::kill(pid, SIGKILL);  // its end would not be seen
    (void)status_at_the_end(pid);
    throw_system_error("watch", argv[0], error);
  }
  std::array<LineReader, 2> readers{LineReader(std::move(out.read), OutputStream::Out, line),
                                    LineReader(std::move(err.read), OutputStream::Err, line)};
  Killer killer(pid, control);
  for (bool ended = false; !ended;) {
    const bool stopping = control.stop.stop_requested();
    std::array<struct pollfd, 4> wait{{{process.get(), POLLIN, 0},
                                       {readers[0].fd(), POLLIN, 0},
                                       {readers[1].fd(), POLLIN, 0},
                                       {stopping ? -1 : stop_event.get(), POLLIN, 0}}};
    const int ready = ::poll(wait.data(), wait.size(), stopping ? kKillAgainMs : -1);
    for (LineReader& reader : readers) reader.drain();
    ended = ready > 0 && wait[0].revents != 0;
    if (!ended && control.stop.stop_requested()) killer.kill();
  }
  const int status = status_at_the_end(pid);
  for (LineReader& reader : readers) reader.finish();
  return {exit_code(status), control.stop.stop_requested()};
}

}  // namespace davit::build
