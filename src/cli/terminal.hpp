#pragma once
// The terminal on standard input, while a program in a container has it.

#include <termios.h>

#include <optional>
#include <string>
#include <utility>

namespace davit::cli {

/// Passes every key through, Ctrl-C too, until it is destroyed.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  std::optional<termios> before_;
};

/// Columns and rows of the terminal on standard output; nullopt when there is none.
[[nodiscard]] std::optional<std::pair<unsigned, unsigned>> terminal_size();

/// Asks on standard error and reads a line from standard input. Only "y" and "yes" are a yes.
[[nodiscard]] bool confirmed(const std::string& question);

}  // namespace davit::cli
