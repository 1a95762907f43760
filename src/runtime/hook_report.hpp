#pragma once
// What a lifecycle hook writes: its lines for whoever watches, and the last of them for the message when it fails.
// Pure.

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "davit/engine/engine.hpp"

namespace davit::runtime {

/// The last lines of a stream, as docker compose shows them in an error: ten lines, 2048 bytes; of a line with carriage
/// returns only what is seen in the end, and no empty ones (pkg/compose/hook.go, outputTail).
class OutputTail {
 public:
  void write(std::string_view bytes);
  [[nodiscard]] std::string text() const;

 private:
  void push(std::string line);

  std::deque<std::string> lines_;
  std::string partial_;
};

class HookReport {
 public:
  using Line = std::function<void(const std::string&)>;
  /// `line` gets every line, the last one at finish() even without an end; it may be empty.
  explicit HookReport(Line line) : line_(std::move(line)) {}

  void write(engine::ProgramStream stream, std::string_view bytes);
  void finish();

  /// "db hook exited with status 3: no such table": with what it wrote to standard error, else to standard output.
  [[nodiscard]] std::string failure(const std::string& service, int exit_code) const;

 private:
  Line line_;
  std::string partial_;  ///< both streams share the lines that are shown
  OutputTail out_;
  OutputTail err_;
};

}  // namespace davit::runtime
