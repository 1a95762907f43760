#include "process/launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::process {
namespace {

enum class Stage : int { Descriptors, Folder, Exec };

struct Failure {
  Stage stage;
  int error;
};

/// Everything the child needs, ready before the fork: after vfork it may only make system calls.
struct Prepared {
  const char* path;
  char* const* argv;
  char* const* env;
  const char* cwd;  ///< null: stay
  const std::pair<int, int>* fds;
  int* moved;  ///< room for one number a descriptor
  std::size_t fd_count;
  int report;      ///< closed by a successful exec
  int first_free;  ///< beyond any number the program is given; no higher than needed, for the sake of `ulimit -n`
};

[[noreturn]] void fail(int report, Stage stage) {
  const Failure failure{stage, errno};
  // If the report cannot be written the parent takes it for a program that began and ended with 126.
  const ssize_t written = ::write(report, &failure, sizeof failure);
  ::_exit(written == sizeof failure ? 127 : 126);
}

void default_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Runs in the child, on the parent's memory while the parent sleeps.
[[noreturn]] void child(const Prepared& p) {
  default_signals();
  // All descriptors are marked first, then the wanted ones are moved out of each other's way and put in place: dup2
  // clears the mark. Sources may be targets of others.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0 && errno != ENOSYS && errno != EINVAL)
    fail(p.report, Stage::Descriptors);
  for (std::size_t i = 0; i < p.fd_count; ++i) {
    p.moved[i] = ::fcntl(p.fds[i].first, F_DUPFD_CLOEXEC, p.first_free);
    if (p.moved[i] < 0) fail(p.report, Stage::Descriptors);
  }
  for (std::size_t i = 0; i < p.fd_count; ++i)
    if (::dup2(p.moved[i], p.fds[i].second) < 0) fail(p.report, Stage::Descriptors);
  if (p.cwd != nullptr && ::chdir(p.cwd) != 0) fail(p.report, Stage::Folder);
  ::execve(p.path, p.argv, p.env);
  fail(p.report, Stage::Exec);
}

/// vfork and not fork: a fork copies the page tables of a supervisor with many containers at every probe.
[[gnu::noinline]] pid_t start_child(const Prepared& prepared) {
  const pid_t pid = ::vfork();
  if (pid == 0) child(prepared);
  return pid;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void throw_failure(const LaunchPlan& plan, const Failure& failure) {
  switch (failure.stage) {
    case Stage::Descriptors:
      throw Error("cannot pass a descriptor to '" + plan.path + "': " + system_error_text(failure.error))
          .exit_code(125);
    case Stage::Folder:
      throw Error("cannot run '" + plan.path + "' in folder '" + plan.cwd + "': " + system_error_text(failure.error))
          .exit_code(125);
    case Stage::Exec:
      break;
  }
  const int code = failure.error == ENOENT || failure.error == ENOTDIR ? 127 : failure.error == EACCES ? 126 : 125;
  throw Error("cannot run '" + plan.path + "': " + system_error_text(failure.error)).exit_code(code);
}

int first_free_of(const std::vector<std::pair<int, int>>& fds) {
  int highest = STDERR_FILENO;
  for (const auto& [from, to] : fds) highest = std::max(highest, to);
  return highest + 1;
}

/// Blocks all signals while it lives, so that no handler of ours runs in the child on our memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

pid_t launch(const LaunchPlan& plan) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make a pipe for", plan.path, errno);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  // The report must not be one of the numbers the child's descriptors are put on.
  const int first_free = first_free_of(plan.fds);
  Fd report(::fcntl(write_end.get(), F_DUPFD_CLOEXEC, first_free));
  if (!report) throw_system_error("make a pipe for", plan.path, errno);
  write_end.reset();

  const std::vector<char*> argv = pointers(plan.argv);
  const std::vector<char*> env = pointers(plan.env);
  std::vector<int> moved(plan.fds.size(), -1);
  const Prepared prepared{
      plan.path.c_str(), argv.data(),  env.data(),      plan.cwd.empty() ? nullptr : plan.cwd.c_str(),
      plan.fds.data(),   moved.data(), plan.fds.size(), report.get(),
      first_free};
  pid_t pid = -1;
  {
    const SignalsBlocked blocked;
    pid = start_child(prepared);
  }
  if (pid < 0) throw_system_error("start", plan.path, errno);
  report.reset();

  Failure failure{};
  ssize_t got = 0;
  do got = ::read(read_end.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  throw_failure(plan, failure);
}

}  // namespace davit::process
