#pragma once
// Running a program from a test, with a limit: output, exit code, or a running child to signal.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "support/patience.hpp"

namespace davit::test {

struct ProgramOutput {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out;
  std::string err;
};

/// A child with captured output. Limits are stretched for sanitized builds (patience.hpp). The destructor kills what is
/// still running.
class Program {
 public:
  struct Options {
    std::string cwd;
    std::map<std::string, std::string> environment;  ///< added to the test's own
    std::string input;
  };

  Program(std::vector<std::string> words, Options options) {
    int out[2];
    int err[2];
    int in[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0)
      throw std::runtime_error("pipe");
    out_.reset(out[0]);
    err_.reset(err[0]);
    Fd input(in[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    if (!options.cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, options.cwd.c_str());
    std::map<std::string, std::string> environment = options.environment;
    for (char** e = environ; *e != nullptr; ++e) {
      const std::string text(*e);
      environment.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
    }
    if (!options.cwd.empty()) environment["PWD"] = options.cwd;
    std::vector<std::string> pairs;
    for (const auto& [key, value] : environment) pairs.push_back(key + "=" + value);
    std::vector<char*> envp;
    for (auto& pair : pairs) envp.push_back(pair.data());
    envp.push_back(nullptr);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int failed = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    ::close(in[0]);
    if (failed != 0) throw std::runtime_error("cannot run " + words[0]);
    if (!options.input.empty() &&
        ::write(input.get(), options.input.data(), options.input.size()) != static_cast<ssize_t>(options.input.size()))
      throw std::runtime_error("cannot write the input");
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  /// Reads until `text` has appeared on stdout or stderr; false when the program ended or the limit passed first.
  bool wait_for_output(const std::string& text, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + patient(limit);
    while (output_.out.find(text) == std::string::npos && output_.err.find(text) == std::string::npos)
      if (!read_some(end)) return false;
    return true;
  }

  /// Output so far.
  [[nodiscard]] const ProgramOutput& output() const { return output_; }

  /// Reads to the end and waits. Throws when the limit passes: the program is killed then.
  ProgramOutput finish(std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + patient(limit);
    while (read_some(end)) {
    }
    if (out_ || err_) throw std::runtime_error("no end within the limit; so far:\n" + output_.out + output_.err);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    output_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output_;
  }

 private:
  bool read_some(std::chrono::steady_clock::time_point end) {
    pollfd fds[2] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
    if (!out_ && !err_) return false;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(fds, 2, static_cast<int>(left.count())) <= 0) return false;
    take(out_, fds[0], output_.out);
    take(err_, fds[1], output_.err);
    return true;
  }

  static void take(Fd& fd, const pollfd& ready, std::string& to) {
    if (!fd || (ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
    char buffer[65536];
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got > 0)
      to.append(buffer, static_cast<std::size_t>(got));
    else
      fd.reset();
  }

  pid_t pid_ = -1;
  Fd out_;
  Fd err_;
  ProgramOutput output_;
};

}  // namespace davit::test
