#pragma once
// Runs a program to its end.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "davit/async/task.hpp"
#include "davit/async/timers.hpp"

namespace davit::process {

struct DevNull {};    ///< /dev/null
struct Inherit {};    ///< davit's own stream
struct Capture {};    ///< read into Exit::out or Exit::err
struct SameAsOut {};  ///< stderr only: where stdout goes, in the order written
struct UseFd {
  int fd = -1;  ///< kept open by the caller until the program has been started
};
using Input = std::variant<DevNull, Inherit, UseFd>;
using Output = std::variant<Capture, DevNull, Inherit, UseFd, SameAsOut>;

/// A descriptor the program gets beside its three streams. Every other descriptor of davit is closed in the program.
struct PassedFd {
  int ours = -1;    ///< kept open by the caller until the program has been started
  int theirs = -1;  ///< its number there, 3 or more
};

struct Command {
  std::vector<std::string> argv;                ///< argv[0] without a slash is looked up in PATH
  std::optional<std::vector<std::string>> env;  ///< "KEY=value"; none: davit's own environment
  std::string cwd;                              ///< empty: davit's own
  Input in = DevNull{};
  Output out = Capture{};
  Output err = Capture{};
  std::vector<PassedFd> pass;
  std::optional<std::chrono::milliseconds> timeout;
  std::size_t capture_limit = std::size_t{64}
                              << 10U;          ///< bytes kept of each captured stream; the rest is read and dropped
  std::chrono::milliseconds kill_grace{2000};  ///< between SIGTERM and SIGKILL, on time-out and cancellation
};

/// How a program ended.
struct Exit {
  int code = 0;            ///< exit status; 128 + signal for a program killed by a signal, as shells count
  int signal = 0;          ///< the signal that killed it, or 0
  bool timed_out = false;  ///< Command::timeout passed, and the program was stopped
  bool truncated = false;  ///< a captured stream was longer than the limit
  std::string out;
  std::string err;
};

/// Starts the program and waits for it. Its signal mask and handlers are the defaults, whatever davit's are. A capture
/// ends with the program, even if a child of it still holds the pipe.
/// Throws Error when the program cannot be started (exit code 127: not found, 126: not executable, 125: anything else).
/// After cancellation and after a time-out the program has ended: it got SIGTERM, and SIGKILL after `kill_grace`.
Task<Exit> run(Timers& timers, Command command);

/// The absolute path of a program named without a slash, looked up in PATH; nullopt if there is none to execute.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

/// The path of a program that belongs to davit, such as "davit-init": beside davit's own binary, or in
/// ../libexec/davit. nullopt if it is in neither. DAVIT_LIBEXEC names another folder.
[[nodiscard]] std::optional<std::string> find_helper(const std::string& name);

}  // namespace davit::process
