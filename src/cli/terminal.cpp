#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>

namespace davit::cli {

RawTerminal::RawTerminal() {
  termios now{};
  if (::tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  ::cfmakeraw(&now);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

RawTerminal::~RawTerminal() {
  if (before_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
}

std::optional<std::pair<unsigned, unsigned>> terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return std::pair<unsigned, unsigned>(size.ws_col, size.ws_row);
}

bool confirmed(const std::string& question) {
  std::fprintf(stderr, "? %s [yN] ", question.c_str());
  std::fflush(stderr);
  // Byte by byte: what follows on standard input is not ours.
  std::string answer;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) answer += static_cast<char>(std::tolower(c));
  return answer == "y" || answer == "yes";
}

}  // namespace davit::cli
