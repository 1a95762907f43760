#include "container/end_group.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <optional>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/process/pidfd.hpp"

namespace davit::container {
namespace {

using namespace std::chrono_literals;

/// Tells when a file of the kernel's says that it has changed. Source: inotify(7).
class FileNews {
 public:
  /// nullopt when it cannot be watched: a user has so many instances and watches, and no more.
  static std::optional<FileNews> of(const asio::any_io_executor& loop, const std::string& file) {
    Fd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!events || ::inotify_add_watch(events.get(), file.c_str(), IN_MODIFY) < 0) return std::nullopt;
    return FileNews(asio::posix::stream_descriptor(loop, events.release()));
  }

  /// Ends at once for what changed before.
  Task<void> next() {
    co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    alignas(inotify_event) std::array<char, 4096> taken{};
    while (::read(events_.native_handle(), taken.data(), taken.size()) > 0) {
    }
  }

 private:
  explicit FileNews(asio::posix::stream_descriptor events) : events_(std::move(events)) {}

  asio::posix::stream_descriptor events_;
};

Task<void> await_ends(std::vector<pid_t> processes) {
  for (const pid_t pid : processes) {
    const auto process = process::PidFd::open(pid);
    if (process) co_await process->ended();
  }
}

Task<void> until(Timers& timers, std::chrono::milliseconds limit, FileNews& news) {
  Task<void> changed = news.next();
  (void)co_await with_timeout(timers, limit, std::move(changed));
}

/// A process leaves its group a moment after it is seen to have ended: on v2 the group's news tell, on v1 nothing does.
/// The pauses are also for what the kill did not reach: before Linux 5.14 that is no single act on v2 either.
Task<void> await_removal(Timers& timers, const Cgroups& groups, std::string path, std::vector<pid_t> processes) {
  Task<void> ending = await_ends(std::move(processes));
  co_await std::move(ending);
  if (groups.remove(path) == Cgroups::Removed::Yes) co_return;
  std::optional<FileNews> news;
  const auto loop = co_await asio::this_coro::executor;
  if (const auto file = groups.events_file(path)) news = FileNews::of(loop, *file);
  for (std::chrono::milliseconds pause = 1ms; groups.remove(path) == Cgroups::Removed::Busy;
       pause = std::min<std::chrono::milliseconds>(2 * pause, 64ms)) {
    groups.kill(path);  // what was started before the first kill reached its parent
    Task<void> later = news ? until(timers, pause, *news) : timers.sleep_for(pause);
    co_await std::move(later);
  }
}

}  // namespace

Task<void> end_group(Timers& timers, Cgroups groups, std::string path, Timers::Clock::duration limit) {
  if (!groups.exists(path)) co_return;
  std::vector<pid_t> processes = groups.processes(path);  // before: one that is ending is not listed any more
  groups.kill(path);
  Task<void> ending = await_removal(timers, groups, path, std::move(processes));
  const TimedOut late = co_await with_timeout(timers, limit, std::move(ending));
  if (late == TimedOut::Yes)
    throw Error("cannot remove the cgroup '" + path + "': a process in it does not end, even by SIGKILL");
}

}  // namespace davit::container
