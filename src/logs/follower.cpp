#include "davit/logs/follower.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::logs {
namespace {

constexpr std::size_t kChunk = 256U << 10U;
constexpr std::uint32_t kNews = IN_MODIFY | IN_CREATE | IN_MOVED_TO;

}  // namespace

struct LogFollower::Impl {
  struct Input {
    Input(LogReader log, std::size_t print_as, int watched)
        : reader(std::move(log)), printed_as(print_as), watch(watched) {}

    LogReader reader;
    std::size_t printed_as;  ///< the printer's number of its name
    int watch;               ///< of inotify; -1 when it is not followed
    std::optional<Line> head;
    bool settling = false;  ///< show a line without an end once
    bool ended = false;
    bool shown = false;  ///< ended, and nothing is left
  };

  /// The order in which lines are shown: by time, then by source.
  struct Later {
    const std::vector<Input>* inputs;
    bool operator()(std::size_t a, std::size_t b) const {
      const int order = (*inputs)[a].head->time.compare((*inputs)[b].head->time);
      return order != 0 ? order > 0 : a > b;
    }
  };

  Impl(PrintOptions print, Routing how)
      : printer(print), routing(how), events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!events) throw_system_error("watch", "log folders", errno);
  }

  std::size_t printed_as(const std::string& name) {
    const auto [entry, added] = names.try_emplace(name, 0);
    if (added) entry->second = printer.add(name);
    return entry->second;
  }

  int watch_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const int watch = ::inotify_add_watch(events.get(), folder.c_str(), kNews | IN_ONLYDIR);
    if (watch < 0) throw_system_error("watch", folder, errno);
    return watch;
  }

  /// Reads the next line of a source, if it has one, and puts the source in line.
  void advance(std::size_t source) {
    Input& input = inputs[source];
    input.head = input.reader.next();
    if (!input.head && (input.ended || input.settling || input.reader.finished())) {
      input.head = input.reader.flush();
      if (!input.head) {
        input.settling = false;
        input.shown = input.ended || input.reader.finished();
      }
    }
    if (input.head) push(source);
  }

  void push(std::size_t source) {
    heads.push_back(source);
    std::push_heap(heads.begin(), heads.end(), Later{&inputs});
  }

  std::size_t pop() {
    std::pop_heap(heads.begin(), heads.end(), Later{&inputs});
    const std::size_t source = heads.back();
    heads.pop_back();
    return source;
  }

  /// Sources which may have something new, and have no line waiting to be shown.
  void look_again() {
    for (const std::size_t source : std::exchange(news, {})) {
      Input& input = inputs[source];
      if (!input.head && !input.shown) advance(source);
    }
  }

  [[nodiscard]] Stream target(const Line& line) const {
    return routing == Routing::ByStream ? line.stream : Stream::Stdout;
  }

  std::optional<Chunk> collect() {
    look_again();
    if (heads.empty()) return std::nullopt;
    Chunk chunk{.stream = target(*inputs[heads.front()].head), .text = {}};
    chunk.text.reserve(kChunk + kChunk / 8);
    while (!heads.empty() && chunk.text.size() < kChunk) {
      const std::size_t source = heads.front();
      const Line& line = *inputs[source].head;
      if (target(line) != chunk.stream) break;
      printer.print(inputs[source].printed_as, line, chunk.text);
      if (heads.size() == 1) {
        heads.clear();
      } else {
        (void)pop();
      }
      advance(source);
    }
    return chunk;
  }

  void woken() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
    for (;;) {
      const ssize_t got = ::read(events.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      take_events({buffer.data(), static_cast<std::size_t>(got)});
    }
  }

  void take_events(std::string_view bytes) {
    while (!bytes.empty()) {
      inotify_event event{};
      std::copy_n(bytes.data(), sizeof(event), reinterpret_cast<char*>(&event));
      bytes.remove_prefix(sizeof(event) + event.len);
      const bool all = (event.mask & IN_Q_OVERFLOW) != 0;
      for (std::size_t source = 0; source < inputs.size(); ++source)
        if (all || inputs[source].watch == event.wd) add_news(source);
    }
  }

  void add_news(std::size_t source) {
    if (std::find(news.begin(), news.end(), source) == news.end()) news.push_back(source);
  }

  LinePrinter printer;
  Routing routing;
  Fd events;
  std::map<std::string, std::size_t> names;
  std::vector<Input> inputs;
  std::vector<std::size_t> heads;  ///< a heap of the sources with a line to show
  std::vector<std::size_t> news;
};

LogFollower::LogFollower(PrintOptions print, Routing routing) : impl_(std::make_unique<Impl>(print, routing)) {}
LogFollower::~LogFollower() = default;
LogFollower::LogFollower(LogFollower&&) noexcept = default;
LogFollower& LogFollower::operator=(LogFollower&&) noexcept = default;

LogFollower::Source LogFollower::add(const std::string& name, const std::string& folder, ReadOptions options,
                                     Watch watch) {
  // Watched first, then read: what is written in between is news.
  const int watched = watch == Watch::Yes ? impl_->watch_folder(folder) : -1;
  impl_->inputs.emplace_back(LogReader{folder, options}, impl_->printed_as(name), watched);
  const Source source = impl_->inputs.size() - 1;
  impl_->inputs[source].ended = watch == Watch::No;
  impl_->add_news(source);
  return source;
}

void LogFollower::end(Source source) {
  impl_->inputs.at(source).ended = true;
  impl_->add_news(source);
}

void LogFollower::settle(Source source) {
  impl_->inputs.at(source).settling = true;
  impl_->add_news(source);
}

std::optional<LogFollower::Chunk> LogFollower::collect() {
  return impl_->collect();
}

std::string LogFollower::note(Source source, std::string_view text) const {
  std::string out;
  impl_->printer.print_note(impl_->inputs.at(source).printed_as, text, out);
  return out;
}

std::string LogFollower::line(const std::string& name, std::string_view text) {
  std::string out;
  const std::size_t printed_as = impl_->printed_as(name);
  impl_->printer.print(printed_as, {.time = {}, .stream = Stream::Stdout, .text = text}, out);
  return out;
}

int LogFollower::fd() const {
  return impl_->events.get();
}
void LogFollower::woken() {
  impl_->woken();
}

bool LogFollower::done() const {
  return std::all_of(impl_->inputs.begin(), impl_->inputs.end(), [](const auto& input) { return input.shown; });
}

}  // namespace davit::logs
