#pragma once
// Input and output of the one container that `run` has made.

#include "davit/async/task.hpp"
#include "session.hpp"

namespace davit::cli {

/// Copies standard input to the container until its end, then closes it. Ends by itself when the container has ended.
Task<void> feed_input(Session& session, ContainerId container);

/// Tells the container's terminal of changes of size, until it is cancelled.
Task<void> follow_terminal_size(Session& session, ContainerId container);

/// A container's output as bytes, from the beginning of its log: prompts without an end of line are seen at once.
class RawOutput {
 public:
  explicit RawOutput(const std::string& log_folder);
  ~RawOutput();
  RawOutput(const RawOutput&) = delete;
  RawOutput& operator=(const RawOutput&) = delete;

  /// Prints until it is cancelled.
  Task<void> follow();
  /// Prints what is there.
  void drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::cli
