#include "output_follower.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdio>
#include <map>
#include <optional>

#include "container_listing.hpp"
#include "davit/async/task_group.hpp"
#include "davit/logs/follower.hpp"

namespace davit::cli {
using logs::LogFollower;

struct OutputFollower::Impl {
  Impl(Session& s, FollowOptions o)
      : session(s), options(std::move(o)), files(options.print, LogFollower::Routing::ByStream) {}

  struct Followed {
    LogFollower::Source source = 0;
    std::string name;
  };

  void add(const engine::ObservedContainer& container, const logs::ReadOptions& read) {
    if (sources.contains(container.id) || (options.wanted && !options.wanted(container))) return;
    const std::string name = shown_name(container);
    const std::string folder = session.engine().log_folder(container.id);
    sources.emplace(container.id, Followed{files.add(name, folder, read, LogFollower::Watch::Yes), name});
  }

  void print_what_is_there() {
    while (auto chunk = files.collect()) {
      std::FILE* const to = chunk->stream == logs::Stream::Stdout ? stdout : stderr;
      std::fwrite(chunk->text.data(), 1, chunk->text.size(), to);
      std::fflush(to);
    }
  }

  void print_exit(const engine::Event& event) {
    const auto found = sources.find(ContainerId(event.container));
    if (found == sources.end()) return;
    files.settle(found->second.source);
    print_what_is_there();
    if (options.notes == FollowOptions::Notes::No) return;
    const auto code = event.attributes.find("exitCode");
    std::string text = "exited with code " + (code == event.attributes.end() ? "0" : code->second);
    if (event.attributes.contains("restarting")) text += " (restarting)";
    text = files.note(found->second.source, text);
    if (text.empty() || text.back() != '\n') text += '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  Task<void> take(const std::vector<engine::Event>& events) {
    bool look = false;
    for (const auto& event : events) look = look || (event.type == "container" && event.action == "start");
    if (look) {
      const engine::Observed observed = co_await session.engine().observe();
      for (const auto& container : observed.containers)
        if (container.state != engine::ContainerState::Created) add(container, {});
    }
    for (const auto& event : events)
      if (event.type == "container" && event.action == "die") print_exit(event);
    print_what_is_there();
    seen = events.back().id;  // not before: cancelled while it looks, finish() takes them again
  }

  Task<void> follow_events() {
    for (;;) {
      const std::vector<engine::Event> events = co_await session.engine().next_events(seen);
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
      print_what_is_there();
    }
  }

  Session& session;
  FollowOptions options;
  LogFollower files;
  std::map<ContainerId, Followed> sources;
  std::int64_t seen = 0;  ///< newest event that was taken
};

OutputFollower::OutputFollower(Session& session, FollowOptions options)
    : impl_(std::make_unique<Impl>(session, std::move(options))) {}

OutputFollower::~OutputFollower() = default;

Task<void> OutputFollower::prepare() {
  const engine::Observed observed = co_await impl_->session.engine().observe();
  logs::ReadOptions from_now;
  from_now.tail = 0;
  for (const auto& container : observed.containers)
    impl_->add(container, from_now);
}

Task<void> OutputFollower::follow(std::int64_t since_event) {
  impl_->seen = since_event;
  TaskGroup group(co_await asio::this_coro::executor);
  group.spawn(impl_->follow_events());
  group.spawn(impl_->follow_files());
  co_await group.join();
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
  for (const auto& [id, followed] : impl_->sources) impl_->files.end(followed.source);
  impl_->print_what_is_there();
}

}  // namespace davit::cli
