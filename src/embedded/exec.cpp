#include "embedded/exec.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

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
  struct sigaction action {};
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
  const std::optional<process::PidFd> child = process::PidFd::open(pid);
  std::exception_ptr failure;
  try {
    if (child) co_await child->ended();
  } catch (...) {
    failure = std::current_exception();
    ::kill(pid, SIGTERM);  // the runtime passes it on to the program
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  // They are where only the keeper's mounts show them.
  const std::string root = keeper + "/root";
  const auto messages = DiskFiles().read(root + plan.log_file);
  const bool started = ::access((root + plan.pid_file).c_str(), F_OK) == 0;
  for (const std::string& file : {plan.process_file, plan.log_file, plan.pid_file}) ::unlink((root + file).c_str());
  if (failure) std::rethrow_exception(failure);
  if (status != 0 && !started && messages && !messages->empty()) throw container::start_error(*messages, args);
  co_return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace davit::embedded
