// The displays of progress on standard error.
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <string>

#include "execute.hpp"
#include "progress.hpp"

namespace davit::cli {
namespace {

using runtime::ProgressEvent;

void write_all(const std::string& text, std::FILE* to) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

class QuietProgress final : public runtime::ProgressSink {
 public:
  void progress(const ProgressEvent&) override {}
};

class LineProgress final : public runtime::ProgressSink {
 public:
  explicit LineProgress(std::string (*format)(const ProgressEvent&)) : format_(format) {}
  void progress(const ProgressEvent& event) override { write_all(format_(event), stderr); }

 private:
  std::string (*format_)(const ProgressEvent&);
};

/// Redraws in place: on every event, and ten times a second while something is at work, so that the time is seen to
/// run. Messages printed meanwhile stand above it.
class BoardProgress final : public runtime::ProgressSink {
 public:
  BoardProgress(asio::io_context& loop, Context& context, std::string title)
      : context_(context), board_(std::move(title), context.colour()), tick_(loop) {
    context_.write_above_display = [this](const std::string& text, std::FILE* to) { draw_below(text, to); };
    schedule();
  }
  ~BoardProgress() override {
    context_.write_above_display = nullptr;
    tick_.cancel();
    if (!board_.empty()) redraw();
  }
  void progress(const ProgressEvent& event) override { board_.update(event, std::chrono::steady_clock::now()); }

 private:
  void schedule() {
    tick_.expires_after(std::chrono::milliseconds(100));
    tick_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      redraw();
      schedule();
    });
  }

  void redraw() {
    if (!board_.empty()) draw_below("", stderr);
  }

  void draw_below(const std::string& message, std::FILE* to) {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size = {.ws_row = 24, .ws_col = 80};
    std::string text = shown_ > 0 ? "\x1b[" + std::to_string(shown_) + "A\r" : "";
    if (!message.empty()) {
      write_all(text + "\x1b[J", stderr);
      write_all(message, to);
      text.clear();
    }
    std::vector<std::string> lines;
    if (!board_.empty()) lines = board_.draw(std::chrono::steady_clock::now(), size.ws_col, size.ws_row);
    for (const auto& line : lines) text += "\x1b[2K" + line + "\n";
    text += "\x1b[J";
    shown_ = lines.size();
    write_all(text, stderr);
  }

  Context& context_;
  ProgressBoard board_;
  asio::steady_timer tick_;
  std::size_t shown_ = 0;
};

}  // namespace

std::unique_ptr<runtime::ProgressSink> make_progress(Session& session, const std::string& title) {
  Context& context = session.context();
  switch (choose_progress(context.global.progress, context.global.ansi, context.stderr_is_terminal)) {
    case ProgressMode::Quiet:
      return std::make_unique<QuietProgress>();
    case ProgressMode::Json:
      return std::make_unique<LineProgress>(json_line);
    case ProgressMode::Plain:
      return std::make_unique<LineProgress>(plain_line);
    case ProgressMode::Tty:
      return std::make_unique<BoardProgress>(session.loop(), context, title);
  }
  return std::make_unique<QuietProgress>();
}

}  // namespace davit::cli
