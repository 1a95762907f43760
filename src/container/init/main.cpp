// davit-init: the first process of a container with `init: true`. Starts the program, passes signals on to it, and
// reaps whatever is orphaned in the container. Static and without the C++ library's streams: it runs in every image.
//
//   davit-init -- PROGRAM [ARGUMENT...]    exits with the program's status, 128 + signal if a signal killed it
//   davit-init --self-test                 exits with 0: a container runtime that gets so far works

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

namespace {

void say(const char* a, const char* b = "", const char* c = "") {
  for (const char* text : {"davit-init: ", a, b, c, "\n"})
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody to tell
}

[[noreturn]] void run_program(char** argv, const sigset_t& mask) {
  // Its own process group, in the foreground of the terminal if there is one, as a shell would have it.
  ::setpgid(0, 0);
  ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(STDIN_FILENO, ::getpid());
  ::signal(SIGTTOU, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(argv[0], argv);
  const int error = errno;
  say(argv[0], ": ", std::strerror(error));
  ::_exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

/// Reaps all that have ended. The status of `program` once it is among them, else -1.
int reap(pid_t program) {
  int result = -1;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return result;
    if (pid == program) result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

int supervise(pid_t program, const sigset_t& all) {
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    if (signal < 0) continue;
    if (signal != SIGCHLD) {
      ::kill(program, signal);  // ESRCH: it has ended, and SIGCHLD is on its way
      continue;
    }
    const int status = reap(program);
    if (status >= 0) return status;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--self-test") == 0) return 0;
  if (argc < 3 || std::strcmp(argv[1], "--") != 0) {
    say("usage: davit-init -- PROGRAM [ARGUMENT...]");
    return 125;
  }
  // Blocked and awaited, a signal has no handler that could interrupt anything; blocked signals do reach a PID 1.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  for (const int fault : {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS}) ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t program = ::fork();
  if (program < 0) {
    say("cannot fork: ", std::strerror(errno));
    return 125;
  }
  if (program == 0) run_program(argv + 2, before);
  return supervise(program, all);
}
