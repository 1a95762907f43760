#include "embedded/connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "davit/base/error.hpp"
#include "davit/process/run.hpp"
#include "davit/state/values.hpp"
#include "embedded/project_lock.hpp"
#include "embedded/turns.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartLimit = 60s;  ///< recovery after a crash of everything included
constexpr int kAttempts = 8;       ///< supervisors that die under one request before it is given up
constexpr auto kKeeperEndLimit = 15s;
constexpr int kReadyFd = 9;
constexpr int kLockFd = 10;
constexpr std::size_t kLogTail = 2000;

std::string value_of(HttpResponse response) {
  if (response.status >= 400) throw error_from_json(response.body);
  return std::move(response.body);
}

std::string last_of(const std::string& path) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.size() <= kLogTail ? text : text.substr(text.size() - kLogTail);
}

}  // namespace

Task<bool> connect_if_served(const Paths& paths, HttpClient& client, Timers& timers) {
  if (!keeper_is_alive(paths)) co_return false;
  const bool connected = co_await client.connect();
  if (connected) co_return true;
  // One that ends: the kernel has closed its listener already, and its lock not yet.
  Task<void> ending = until_keeper_gone(paths);
  const TimedOut timed_out = co_await with_timeout(timers, kKeeperEndLimit, std::move(ending));
  if (timed_out == TimedOut::Yes)
    throw Error(Diagnostic::error("keeper-unreachable", "the keeper of project '" + paths.project +
                                                            "' lives, but nobody listens at '" + paths.socket() + "'")
                    .with_hint("end it: kill -9 $(cat " + paths.folder() + "/keeper.pid), and then 'davit down'"));
  co_return false;
}

Connection::Connection(EngineOptions options, Paths paths, Timers& timers)
    : options_(std::move(options)), paths_(std::move(paths)), timers_(timers), client_(paths_.socket()) {}

Task<std::optional<std::string>> Connection::ask(HttpRequest request) {
  request.cause = options_.cause;
  request.turn = turn_;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t now = state::wall_time_now();
    HttpClient::Reply reply = co_await client_.request(request);
    if (reply.response) co_return value_of(std::move(*reply.response));
    if (reply.sent) note_broken(request, now);
    if (!keeper_is_alive(paths_)) co_return std::nullopt;
  }
  co_return std::nullopt;
}

Task<std::string> Connection::act(HttpRequest request) {
  request.cause = options_.cause;
  request.turn = turn_;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // While a keeper lives its listener takes the connection, even if the supervisor is just being replaced.
    const std::int64_t now = state::wall_time_now();
    HttpClient::Reply reply = co_await client_.request(request);
    if (!reply.response && !turn_.empty() && !keeper_is_alive(paths_)) throw turn_lost_error(paths_.project);
    if (reply.sent) note_broken(request, now);
    if (!reply.response) {
      co_await start_if_none();
      reply = co_await client_.request(request);
    }
    if (reply.response) co_return value_of(std::move(*reply.response));
    if (reply.sent) note_broken(request, now);
  }
  throw Error(Diagnostic::error("supervisor-dies", "the supervisor of project '" + options_.project +
                                                       "' died again and again during this request")
                  .note("its log ends: " + last_of(paths_.supervisor_log())));
}

/// Before it is sent again.
void Connection::note_broken(HttpRequest& request, std::int64_t sent) const {
  if (request.when_broken == WhenBroken::GiveUp)
    throw Error(Diagnostic::error("supervisor-died", "the supervisor of project '" + options_.project +
                                                         "' died; it is not known whether it did what was asked")
                    .with_hint("see whether it was done before you ask again: it could be done twice"));
  if (!request.first_sent) request.first_sent = sent;
}

Task<bool> Connection::hold(HttpRequest request) {
  request.cause = options_.cause;
  HttpClient::Reply reply = co_await client_.request(std::move(request));
  if (!reply.response) co_return false;
  (void)value_of(std::move(*reply.response));
  co_return true;
}

Task<std::unique_ptr<StdinStream>> Connection::attach(HttpRequest request) {
  request.cause = options_.cause;
  std::unique_ptr<StdinStream> stream = co_await client_.attach(std::move(request));
  if (!stream) throw Error("the supervisor of project '" + options_.project + "' cannot be reached");
  co_return stream;
}

/// The lock is held until a connection stands, which keeps the supervisor from ending, and no longer: a request may
/// take as long as a grace period, and others wait for the lock meanwhile.
Task<void> Connection::start_if_none() {
  const Fd lock = co_await lock_project(paths_, timers_, options_.notice);
  const bool connected = co_await connect_if_served(paths_, client_, timers_);
  if (connected) co_return;
  try {
    co_await start(lock);
  } catch (...) {
    if (!keeper_is_alive(paths_)) forget_unused(paths_);
    throw;
  }
  (void)co_await client_.connect();
}

Task<void> Connection::start(const Fd& lock) {
  std::string keeper = options_.keeper_program;
  if (keeper.empty()) keeper = process::find_helper("davit-keeper").value_or("");
  if (keeper.empty()) throw Error("cannot find 'davit-keeper', which belongs beside davit or in ../libexec/davit");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe", errno);
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  process::Command command;
  command.argv = {
      keeper, "--folder", paths_.folder(), "--ready", std::to_string(kReadyFd), "--lock", std::to_string(kLockFd),
      "--"};
  command.argv.insert(command.argv.end(), options_.supervisor_command.begin(), options_.supervisor_command.end());
  command.pass = {{write_end.get(), kReadyFd}, {lock.get(), kLockFd}};
  command.timeout = kStartLimit;
  const process::Exit exit = co_await process::run(timers_, std::move(command));
  write_end.reset();
  if (exit.code != 0) throw Error("cannot start the keeper of project '" + options_.project + "': " + exit.err);
  Task<std::string> waiting = until_ready(std::move(read_end));
  const std::optional<std::string> said = co_await with_timeout(timers_, kStartLimit, std::move(waiting));
  if (said == "ok") co_return;
  if (said && said->starts_with('{'))
    throw error_from_json(*said).context("while starting the supervisor of project '" + options_.project + "'");
  throw Error(
      Diagnostic::error("supervisor-failed", "the supervisor of project '" + options_.project + "' did not start")
          .note("its log ends: " + last_of(paths_.supervisor_log())));
}

Task<std::string> Connection::until_ready(Fd pipe) {
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor descriptor(executor, pipe.release());
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    boost::system::error_code error;
    const std::size_t got =
        co_await descriptor.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return text;
    text.append(chunk.data(), got);
    if (text == "ok") co_return text;
  }
}

}  // namespace davit::embedded
