#pragma once
// A project in a folder of its own, with data and run roots of its own, driven through the program as a user would.
// At the end it is lowered, and nothing of it may be left on the machine.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/named_pipe.hpp"
#include "support/program.hpp"
#include "support/watch.hpp"

namespace davit::test {

using namespace std::chrono_literals;

class Stack {
 public:
  /// `name` is the project's name and must be unique among the tests. All of it is in a folder of its own in `parent`.
  explicit Stack(std::string name, const std::filesystem::path& parent = "/var/tmp");
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// Writes a file of the project, making its folders.
  void write(const std::string& path, const std::string& text) const;
  void compose(const std::string& text) const { write("compose.yaml", text); }

  /// Runs `davit -p NAME WORDS...` to its end.
  ProgramOutput davit(std::vector<std::string> words, std::chrono::seconds limit = 120s, std::string input = {}) const;
  /// Starts it and leaves it running.
  [[nodiscard]] std::unique_ptr<Program> start(std::vector<std::string> words) const;
  /// As davit(), and fails the test unless it exits 0.
  ProgramOutput ok(std::vector<std::string> words, std::chrono::seconds limit = 120s, std::string input = {}) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path run_root() const { return root_ / "run"; }
  [[nodiscard]] std::filesystem::path data_root() const { return root_ / "data"; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Processes whose environment or command line names this stack's run root: keeper, supervisor, runtimes.
  [[nodiscard]] std::vector<pid_t> engine_processes() const;
  /// The supervisor alone.
  [[nodiscard]] pid_t supervisor() const;
  [[nodiscard]] pid_t keeper() const;

  /// Waits until the journal tells of something in one line, as `events` shows it: " container die ". It may have been
  /// before. False when the limit passes first.
  [[nodiscard]] bool happens(const std::string& text, std::chrono::seconds limit = 30s) const;
  /// Waits until the log of the running containers holds the text.
  [[nodiscard]] bool logs(const std::string& text, std::chrono::seconds limit = 30s) const;
  /// Waits until no process of the stack's engine is left.
  [[nodiscard]] bool engine_ends(std::chrono::seconds limit = 10s) const;

  /// What is left on the machine of this stack: links, mounts, cgroups, processes, run folders.
  [[nodiscard]] std::vector<std::string> leftovers() const;
  /// Waits until nothing is left: the keeper ends a moment after `down`. Says what is there when the limit passes.
  [[nodiscard]] ::testing::AssertionResult leaves_nothing(std::chrono::seconds limit = 10s) const;

 private:
  std::string name_;
  std::filesystem::path root_;
  std::filesystem::path folder_;
};

/// Imports a small image "busybox" into the stack's own data root.
void import_busybox(const Stack& stack);

}  // namespace davit::test
