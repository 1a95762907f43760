#include "davit/embedded/supervisor.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "davit/async/cancellation.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/error.hpp"
#include "davit/keeper/message.hpp"
#include "davit/network/low_descriptor.hpp"
#include "davit/state/projects.hpp"
#include "embedded/api.hpp"
#include "embedded/log.hpp"
#include "embedded/memory.hpp"
#include "embedded/project_lock.hpp"
#include "embedded/shortage_error.hpp"

namespace davit::embedded {
namespace {

constexpr const char* kListenerName = "listener";
/// When an end has failed, it is tried again after this, or when the next command has gone.
constexpr std::chrono::seconds kEndAgain{1};

/// The descriptor an environment variable names; it is not passed on to programs we start.
Fd inherited(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return Fd();
  Fd fd(std::atoi(text));
  ::unsetenv(variable);
  if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    (void)fd.release();
    return Fd();
  }
  return fd;
}

void tell(const Fd& ready, const std::string& text) {
  if (!ready) return;
  // If nobody waits any more there is nobody to tell.
  [[maybe_unused]] const ssize_t written = ::write(ready.get(), text.data(), text.size());
}

class Supervisor {
 public:
  Supervisor(asio::io_context& context, Paths paths, Fd keeper_socket, Fd ready)
      : context_(context),
        paths_(std::move(paths)),
        database_(state::Database::open(paths_.database())),
        keeper_(context, std::move(keeper_socket)),
        ready_(std::move(ready)),
        engine_(context, paths_, database_, keeper_, timers_),
        api_(engine_, keeper_, context.get_executor()),
        group_(context.get_executor()) {}

  Task<void> run() {
    KeeperLink::Recovered recovered = keeper_.recover();
    Fd listener = std::move(recovered.held[kListenerName]);
    recovered.held.erase(kListenerName);
    if (!listener) {
      listener = listen_at(paths_.socket());
      keeper_.put(kListenerName, listener.get());
    }
    // The starter has it too; if it was killed, others can connect from now on.
    recovered.held.erase(keeper::kLockName);
    keeper_.drop(keeper::kLockName);
    remember_project();
    std::vector<Api::KeptConnection> turns = api_.recover(recovered.held);
    co_await engine_.recover(std::move(recovered));
    api_.on_leaving = [this] { end_if_over(); };
    engine_.on_change = [this] {
      active_ = true;
      end_if_over();
    };
    std::function<void()> look = [this] {
      end_if_over();
      rest();
    };
    HttpHandlers handlers;
    handlers.answer = [this](HttpRequest request, int connection) {
      return api_.answer(std::move(request), connection);
    };
    handlers.abandonable = Api::abandonable;
    handlers.attach = [this](const HttpRequest& request) { return api_.attach(request); };
    handlers.disconnected = look;
    server_.emplace(context_, std::move(listener), std::move(handlers));
    for (auto& kept : turns) server_->adopt(std::move(kept.connection), std::move(kept.request));
    std::function<void(ProcessExit)> on_exit = [this](const ProcessExit& exit) { engine_.process_exited(exit); };
    group_.spawn(keeper_.listen(std::move(on_exit)));
    co_await keeper_.settled();  // ports that recovery gave back are free when the first command comes
    tell(ready_, "ok");
    ready_.reset();
    group_.spawn(server_->serve());
    end_when_unlocked();  // the starter holds the lock until its connection stands
    std::exception_ptr failure;
    try {
      co_await group_.join();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!over_ && failure) std::rethrow_exception(failure);
  }

  [[nodiscard]] bool is_over() const { return over_; }
  [[nodiscard]] const Fd& ready() const { return ready_; }

 private:
  /// Whoever holds the lock is about to connect. When it is free again and nobody has, that command was killed on its
  /// way: a supervisor with nothing to do ends.
  void end_when_unlocked() {
    if (!std::exchange(waits_for_lock_, true)) group_.spawn(wait_for_lock());
  }

  Task<void> wait_for_lock() {
    bool waited = false;
    try {
      const Fd lock = co_await lock_project(paths_);
      waited = true;
    } catch (const std::exception& error) {
      if (is_cancellation(std::current_exception())) throw;
      cannot_end(error.what());  // a shortage, of threads too; the containers need this supervisor all the same
    }
    waits_for_lock_ = false;
    if (waited) end_if_over();
  }

  void remember_project() {
    if (const auto other = served_elsewhere(paths_, database_))
      throw Error(Diagnostic::error("other-run-root", "project '" + paths_.project + "' of the data root '" +
                                                          paths_.data_root + "' runs below the run root '" + *other +
                                                          "'")
                      .with_hint("use '--run-root " + *other + "', or another --data-root or project name"));
    state::Projects projects(database_);
    state::Project row = projects.find(paths_.project).value_or(state::Project{});
    row.name = paths_.project;
    row.run_root = paths_.run_root;
    if (row.created == 0) row.created = state::wall_time_now();
    projects.put(row);
  }

  /// Nothing left, nobody connected who may ask for more, and nobody about to: commands connect under the lock.
  void end_if_over() {
    if (over_ || !server_ || !engine_.is_empty() || engine_.is_busy()) return;
    if (server_->connections() > static_cast<std::size_t>(api_.leaving())) return;
    try {
      const Fd lock = try_lock_project(paths_);
      if (!lock) return end_when_unlocked();
      if (server_->has_pending()) return;
      leave(lock);
    } catch (const std::exception& error) {
      return cannot_end(error.what());
    }
    over_ = true;
    context_.stop();
  }

  /// What may fail (a full disk) comes first: until the keeper has the lock, this is a supervisor like any other, and
  /// the next command finds it at work.
  void leave(const Fd& lock) {
    engine_.leave();
    state::Projects(database_).remove(paths_.project);
    // The keeper removes the folder under this lock.
    keeper_.put(keeper::kLockName, lock.get());
  }

  /// Says so once, and tries again.
  void cannot_end(const std::string& why) {
    if (std::exchange(cannot_end_, why) != why) log_warning("cannot end yet: " + why);
    if (!std::exchange(ending_later_, true)) group_.spawn(end_later());
  }

  Task<void> end_later() {
    co_await timers_.sleep_for(kEndAgain);
    ending_later_ = false;
    end_if_over();
  }

  /// After a command that changed something, until the next one.
  void rest() {
    if (over_ || !active_ || engine_.is_busy() || server_->connections() > 0) return;
    active_ = false;
    give_back_memory();
  }

  asio::io_context& context_;
  Paths paths_;
  state::Database database_;
  KeeperLink keeper_;
  Fd ready_;
  SteadyTimers timers_;
  ProjectEngine engine_;
  Api api_;
  TaskGroup group_;
  std::optional<HttpServer> server_;
  bool over_ = false;
  bool ending_later_ = false;
  std::string cannot_end_;  ///< why the last end failed
  bool waits_for_lock_ = false;
  bool active_ = true;  ///< something changed since the last rest
};

/// Small for ever: one arena, and memory that is free goes back.
void save_memory() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 10);
  ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

enum class Next { Supervisor, Nothing };

int fail(const Fd& ready, const Error& error, Next next) {
  log_error(error.what());
  for (const auto& note : error.diagnostic().notes) log_error("  note: " + note.text);
  tell(ready, error_to_json(error));
  return next == Next::Supervisor ? 1 : keeper::kExitDoNotRestart;
}

/// The containers live on until a shortage is over, however long it takes: the keeper must not give up on us.
void outlast(const std::exception& error, Next next) {
  if (next == Next::Supervisor && is_from_shortage(error))
    std::this_thread::sleep_for(std::chrono::milliseconds(keeper::kShortLifeMs));
}

}  // namespace

int run_supervisor(const EngineOptions& options) {
  save_memory();
  network::reserve_low_descriptors();  // before the keeper hands over what it holds
  Fd keeper_socket = inherited(keeper::kSocketVariable);
  Fd ready = inherited(keeper::kReadyVariable);
  if (!keeper_socket) {
    log_error("started by davit-keeper, not by hand");
    return keeper::kExitDoNotRestart;
  }
  const Fd ready_copy(ready ? ::fcntl(ready.get(), F_DUPFD_CLOEXEC, 3) : -1);
  const bool first = static_cast<bool>(ready);
  asio::io_context context(1);
  std::exception_ptr failure;
  bool started = false;
  try {
    // Lives as long as the process: at the end nothing is taken apart that the kernel takes apart anyway.
    auto* const supervisor = new Supervisor(context, {options.data_root, options.run_root, options.project},
                                            std::move(keeper_socket), std::move(ready));
    // Log pumps, probes and name servers would keep the loop going: a supervisor that nobody can reach any more and
    // that hears of no exit. It ends, and the keeper starts the next one.
    std::function<void(std::exception_ptr)> done = [&failure, &context](std::exception_ptr error) {
      failure = error;
      context.stop();
    };
    asio::co_spawn(context, supervisor->run(), std::move(done));
    context.run();
    started = !supervisor->ready();
    if (supervisor->is_over()) std::_Exit(0);
    if (failure) std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    const Next next = first && !started ? Next::Nothing : Next::Supervisor;
    const auto* const own = dynamic_cast<const Error*>(&error);
    const int code = fail(ready_copy, own != nullptr ? *own : Error(error.what()), next);
    outlast(error, next);
    std::_Exit(code);
  }
  return 1;
}

}  // namespace davit::embedded
