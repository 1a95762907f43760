#include "embedded/exec.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/process/pidfd.hpp"

namespace davit::embedded {
namespace {

/// In the child: system calls only. setns() wants root and current folder for the caller alone; a thread that a library
/// started after the fork (ThreadSanitizer does) would share them.
[[noreturn]] void become(int mount_namespace, char* const* argv) {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::unshare(CLONE_FS) != 0 || ::setns(mount_namespace, CLONE_NEWNS) != 0) ::_exit(125);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execv(argv[0], argv);
  ::_exit(125);
}

/// The program may be gone, or not there yet; and the runtime waits for nobody then.
void kill_program(const std::string& pid_file, pid_t runtime) {
  const auto text = DiskFiles().read(pid_file);
  const long program = text ? std::strtol(text->c_str(), nullptr, 10) : 0;
  if (program > 1) ::kill(static_cast<pid_t>(program), SIGKILL);
  ::kill(runtime, SIGKILL);
}

/// Until the runtime, our child, is a zombie. Cancelled, it passes SIGTERM on to the program, and `failure` is set;
/// cancelled once more, both are killed: a program that ignores SIGTERM holds nobody.
Task<void> until_ended(pid_t runtime, std::string pid_file, std::exception_ptr& failure) {
  const std::optional<process::PidFd> child = process::PidFd::open(runtime);
  for (bool ended = !child; !ended;) {
    bool cancelled = false;
    try {
      co_await child->ended();
      ended = true;
    } catch (const boost::system::system_error& error) {
      cancelled = true;
      if (error.code() != asio::error::operation_aborted) {
        // It cannot be waited for any more: it must end, or the wait for it would not.
        failure = std::current_exception();
        kill_program(pid_file, runtime);
        ended = true;
      } else if (failure) {
        kill_program(pid_file, runtime);
      } else {
        failure = std::current_exception();
        ::kill(runtime, SIGTERM);
      }
    } catch (...) {
      failure = std::current_exception();
      kill_program(pid_file, runtime);
      ended = true;
    }
    if (cancelled) co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  }
}

}  // namespace

Task<int> run_in_keeper(ExecPlan plan, std::vector<std::string> args) {
  const std::string keeper = "/proc/" + std::to_string(plan.keeper_pid);
  const std::string path = keeper + "/ns/mnt";
  const Fd mounts(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!mounts) throw_system_error("open", path, errno);
  std::vector<char*> argv;
  for (auto& arg : plan.argv) argv.push_back(arg.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw_system_error("start", plan.argv.front(), errno);
  if (pid == 0) become(mounts.get(), argv.data());
  const std::string root = keeper + "/root";
  std::exception_ptr failure;
  Task<void> ending = until_ended(pid, root + plan.pid_file, failure);
  co_await std::move(ending);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  // They are where only the keeper's mounts show them.
  const auto messages = DiskFiles().read(root + plan.log_file);
  const bool started = ::access((root + plan.pid_file).c_str(), F_OK) == 0;
  for (const std::string& file : {plan.process_file, plan.log_file, plan.pid_file}) ::unlink((root + file).c_str());
  if (failure) std::rethrow_exception(failure);
  if (status != 0 && !started && messages && !messages->empty()) throw container::start_error(*messages, args);
  co_return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace davit::embedded
