#include "hook_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace davit::runtime {
namespace {

constexpr std::size_t kTailLines = 10;
constexpr std::size_t kTailBytes = 2048;
constexpr std::size_t kLineBytes = 64 * 1024;  ///< of a line that is shown; a longer one is broken
constexpr const char* kBlank = " \t\r\n\v\f";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

void OutputTail::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    partial_.append(piece.substr(0, kTailBytes - std::min(kTailBytes, partial_.size())));
    if (end == std::string_view::npos) return;
    push(std::exchange(partial_, {}));
    bytes.remove_prefix(end + 1);
  }
}

void OutputTail::push(std::string line) {
  line.erase(line.find_last_not_of('\r') + 1);
  if (const std::size_t last = line.rfind('\r'); last != std::string::npos) line.erase(0, last + 1);
  if (trimmed(line).empty()) return;
  lines_.push_back(std::move(line));
  if (lines_.size() > kTailLines) lines_.pop_front();
}

std::string OutputTail::text() const {
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  text = trimmed(text + partial_);
  if (text.size() > kTailBytes) text.erase(0, text.size() - kTailBytes);
  return text;
}

void HookReport::write(engine::ProgramStream stream, std::string_view bytes) {
  (stream == engine::ProgramStream::Out ? out_ : err_).write(bytes);
  if (!line_) return;
  partial_.append(bytes);
  for (std::size_t end = 0; (end = partial_.find('\n')) != std::string::npos; partial_.erase(0, end + 1))
    line_(partial_.substr(0, end));
  if (partial_.size() > kLineBytes) line_(std::exchange(partial_, {}));
}

void HookReport::finish() {
  if (line_ && !partial_.empty()) line_(std::exchange(partial_, {}));
}

std::string HookReport::failure(const std::string& service, int exit_code) const {
  const std::string errors = err_.text();
  const std::string output = errors.empty() ? out_.text() : errors;
  return fmt::format("{} hook exited with status {}{}{}", service, exit_code, output.empty() ? "" : ": ", output);
}

}  // namespace davit::runtime
