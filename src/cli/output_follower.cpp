#include "output_follower.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "container_listing.hpp"
#include "davit/async/task_group.hpp"
#include "davit/runtime/exit_event.hpp"

namespace davit::cli {
namespace {

using logs::LogFollower;

/// How long after a stop by the user a new start is waited for: a restart or a recreation is no end.
constexpr std::chrono::seconds kRestartLimit{2};

bool is_up(const engine::ObservedContainer& container) {
  return container.state == engine::ContainerState::Running || container.state == engine::ContainerState::Paused ||
         container.state == engine::ContainerState::Restarting;
}

bool was_stopped(const engine::Event& event) {
  if (event.action == "stop") return true;
  const auto why = event.attributes.find("restart");
  return why != event.attributes.end() && why->second == "stopped by the user";
}

std::string exit_text(const runtime::ExitEvent& exit) {
  return "exited with code " + std::to_string(exit.code) + (exit.restarting ? " (restarting)" : "");
}

}  // namespace

struct OutputFollower::Impl {
  Impl(Session& s, FollowOptions o) : session(s), options(std::move(o)), files(options.print, options.routing) {}

  void add(const engine::ObservedContainer& container, const logs::ReadOptions& read, Watch watch) {
    if (options.wanted && !options.wanted(container)) return;
    if (is_up(container)) alive.insert(container.id.str());
    if (sources.contains(container.id.str())) return;
    const std::string folder = session.engine().log_folder(container.id);
    sources[container.id.str()] = files.add(shown_name(container), folder, read, watch);
  }

  void write(const std::string& text, std::FILE* to) {
    const Context& context = session.context();
    const bool on_terminal = to == stdout ? context.stdout_is_terminal : context.stderr_is_terminal;
    if (context.write_above_display && on_terminal) return context.write_above_display(text, to);
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
  }

  void show() {
    while (const auto chunk = files.collect())
      write(chunk->text, chunk->stream == logs::Stream::Stdout ? stdout : stderr);
  }

  Task<void> take(const std::vector<engine::Event>& events) {
    bool look = false;
    for (const auto& event : events) look = look || (event.type == "container" && event.action == "start");
    if (look) {
      const engine::Observed observed = co_await session.engine().observe();
      for (const auto& container : observed.containers)
        if (container.state != engine::ContainerState::Created) add(container, {}, Watch::Yes);
    }
    for (const auto& event : events)
      if (event.type == "container") take(event);
    show();
    seen = events.back().id;  // not before: cancelled while it looks, finish() takes them again
  }

  void take(const engine::Event& event) {
    const auto source = sources.find(event.container);
    const bool shown = source != sources.end();
    if (const auto exit = runtime::exit_of(event)) {
      if (shown) files.settle(source->second);
      show();
      if (shown)
        write(files.note(source->second, exit_text(*exit)), stdout);
      else if (options.noted && options.noted(event))
        write(shown_name(session.project(), event.name) + " " + exit_text(*exit) + "\n", stdout);
      if (!exit->restarting) alive.erase(event.container);
      stopped_last = was_stopped(event);
    } else if (event.action == "destroy") {
      if (shown) files.end(source->second);
      alive.erase(event.container);
    }
  }

  Task<void> follow_events(Until until) {
    for (;;) {
      Task<std::vector<engine::Event>> next = session.engine().next_events(seen);
      std::vector<engine::Event> events;
      if (until == Until::Cancelled || !alive.empty()) {
        events = co_await std::move(next);
      } else if (stopped_last) {
        const auto in_time = co_await with_timeout(session.timers(), kRestartLimit, std::move(next));
        if (in_time) events = *in_time;
      }
      if (events.empty()) co_return;
      co_await take(events);
    }
  }

  Task<void> follow_files() {
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor woken(executor, ::dup(files.fd()));
    for (;;) {
      co_await woken.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
      files.woken();
      show();
    }
  }

  Session& session;
  FollowOptions options;
  LogFollower files;
  std::map<std::string, LogFollower::Source> sources;  ///< by id of the container
  std::set<std::string> alive;                         ///< ids
  bool stopped_last = false;                           ///< the last end was asked for by the user
  std::int64_t seen = 0;                               ///< newest event that was taken
};

OutputFollower::OutputFollower(Session& session, FollowOptions options)
    : impl_(std::make_unique<Impl>(session, std::move(options))) {}

OutputFollower::~OutputFollower() = default;

void OutputFollower::add(const engine::Observed& observed, const logs::ReadOptions& read, Watch watch) {
  for (const auto& container : observed.containers) impl_->add(container, read, watch);
}

void OutputFollower::add(const runtime::MadeContainer& made) {
  engine::ObservedContainer container{.id = made.id, .name = made.name, .project = impl_->session.project()};
  container.service = made.service;
  container.one_off = made.kind == runtime::MadeContainer::Kind::OneOff;
  impl_->add(container, {}, Watch::Yes);
}

void OutputFollower::show() {
  impl_->show();
}

void OutputFollower::tell_hook(const std::string& container, const std::string& line) {
  show();
  impl_->write(impl_->files.line(shown_name(impl_->session.project(), container) + " ->", line), stdout);
}

Task<void> OutputFollower::follow(std::int64_t since_event, Until until) {
  impl_->seen = since_event;
  std::vector<Task<void>> files;
  files.push_back(impl_->follow_files());
  Task<void> following = run_beside(impl_->follow_events(until), std::move(files));
  co_await std::move(following);
}

Task<void> OutputFollower::finish() {
  // A container may have started and ended between the last look and the end of the command.
  const std::int64_t newest = co_await impl_->session.engine().newest_event();
  while (impl_->seen < newest) {
    const std::vector<engine::Event> events = co_await impl_->session.engine().next_events(impl_->seen);
    if (events.empty()) break;
    co_await impl_->take(events);
  }
  impl_->files.woken();
  for (const auto& [id, source] : impl_->sources) impl_->files.end(source);
  impl_->show();
}

}  // namespace davit::cli
