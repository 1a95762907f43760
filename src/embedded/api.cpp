#include "embedded/api.hpp"

#include <unistd.h>

#include "embedded/container_actions.hpp"
#include "embedded/gate.hpp"

namespace davit::embedded {
namespace {

HttpResponse not_found(const HttpRequest& request) {
  return {404, error_to_json(Error("the supervisor knows no '" + request.method + " " + request.path +
                                   "': it is of another version"))};
}

Cause cause_of(const HttpRequest& request) {
  return request.cause.empty() ? "a request" : state::cause_command(request.cause);
}

/// "/v1/containers/<id>/<action>": the id and the action (maybe empty).
std::optional<std::pair<ContainerId, std::string>> container_path(const std::string& path) {
  constexpr std::string_view kPrefix = "/v1/containers/";
  if (!path.starts_with(kPrefix)) return std::nullopt;
  const std::string rest = path.substr(kPrefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string::npos) return std::pair{ContainerId(rest), std::string()};
  return std::pair{ContainerId(rest.substr(0, slash)), rest.substr(slash + 1)};
}

constexpr std::string_view kTurns = "/v1/turns/";
constexpr std::string_view kLowered = "/lowered";

/// "/v1/turns/<id>" and what may follow: the id.
std::optional<std::string> turn_of(const std::string& path) {
  if (!path.starts_with(kTurns)) return std::nullopt;
  return path.substr(kTurns.size(), path.find('/', kTurns.size()) - kTurns.size());
}

/// What a command must have the right to: everything that changes the project. One without a turn is asked only for
/// what raises something; stopping and killing is never forbidden to it.
bool needs_permit(const HttpRequest& request) {
  if (request.method == "GET") return false;
  const auto target = container_path(request.path);
  if (!target) return request.method == "POST" || !request.turn.empty();
  const std::string& action = target->second;
  for (const char* const raising : {"create", "start", "restart"})
    if (action == raising) return true;
  if (request.turn.empty()) return false;
  for (const char* const harmless : {"ready", "exec", "exec-detached", "resize"})
    if (action == harmless) return false;
  return true;
}

}  // namespace

bool Api::abandonable(const HttpRequest& request) {
  return request.path == "/v1/events" || request.path == "/v1/leave" || request.path.ends_with("/ready") ||
         turn_of(request.path);
}

std::vector<Api::KeptConnection> Api::recover(std::map<std::string, Fd>& held) {
  KeptTurns::Recovered recovered = KeptTurns::take(held);
  std::vector<KeptConnection> out;
  for (const auto& place : recovered.line) {
    HttpRequest request{"POST", std::string(kTurns) + place.id};
    out.push_back({std::move(recovered.connections.at(place.id)), std::move(request)});
  }
  turns_ = Turns(std::move(recovered.line));
  return out;
}

Task<HttpResponse> Api::answer(HttpRequest request, int connection) {
  if (request.path == "/v1/observe") co_return HttpResponse{200, engine::to_json(engine_.observe())};
  if (request.path == "/v1/events") co_return co_await on_events(std::move(request));
  if (request.path == "/v1/newest-event") co_return HttpResponse{200, number_to_json("id", engine_.events().newest())};
  if (request.path == "/v1/hello") co_return HttpResponse{200, number_to_json("keeper", ::getppid())};
  if (request.path == "/v1/end")
    co_return HttpResponse{200, number_to_json("keeper", engine_.is_empty() ? ::getppid() : 0)};
  if (request.path == "/v1/leave") co_return co_await until_it_goes_on(request.turn);
  if (auto turn = turn_of(request.path)) co_return co_await on_turn(std::move(request), std::move(*turn), connection);
  if (!needs_permit(request)) co_return co_await act(std::move(request));
  const Turns::Permit permit = turns_.act_begins(request.turn);
  if (permit.answer == Turns::Permit::Answer::Lowered) throw lowered_error(engine_.project(), permit.forbidden_by);
  if (permit.answer == Turns::Permit::Answer::Lost) throw turn_lost_error(engine_.project());
  HttpResponse response;
  std::exception_ptr failure;
  try {
    response = co_await act(std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  turns_.act_ended(permit.account);
  changed_.notify();
  if (failure) std::rethrow_exception(failure);
  co_return response;
}

/// The request that holds a turn is never answered and stays open as long as it lasts; others ask when it begins, and
/// whether it ends because the project is lowered.
Task<HttpResponse> Api::on_turn(HttpRequest request, std::string id, int connection) {
  if (request.method == "POST") {
    const auto kind = request.parameter("kind") == "lower" ? Turns::Kind::Lower : Turns::Kind::Raise;
    return hold_turn(std::move(id), kind, std::move(request.cause), connection);
  }
  if (request.path.ends_with(kLowered)) return until_lowered(std::move(id));
  return until_begun(std::move(id), request.parameter("wait") == "yes");
}

Task<HttpResponse> Api::until_begun(std::string id, bool asked_to_wait) {
  for (;;) {
    const Turns::State state = turns_.state(id);
    if (state == Turns::State::GivesWay) throw lowered_error(engine_.project(), turns_.lowered_by(id));
    const std::string ahead = turns_.ahead_of(id);
    const bool answer = state == Turns::State::Holding || (!ahead.empty() && !asked_to_wait);
    if (answer) co_return HttpResponse{200, text_to_json("ahead", ahead)};
    co_await changed_.wait();
  }
}

Task<HttpResponse> Api::until_lowered(std::string id) {
  while (turns_.state(id) == Turns::State::Holding) co_await changed_.wait();
  if (turns_.state(id) != Turns::State::GivesWay) throw turn_lost_error(engine_.project());
  co_return HttpResponse{200, text_to_json("lowered_by", turns_.lowered_by(id))};
}

/// Not answered when the supervisor ends: then the connection breaks. `turn`: of the command that leaves, if its end
/// has not arrived here yet.
Task<HttpResponse> Api::until_it_goes_on(std::string turn) {
  const Counted one_more(leaving_);
  on_leaving();
  while (engine_.is_empty() && staying_ == 0 && !turns_.is_raised_by_another(turn)) co_await changed_.wait();
  co_return HttpResponse{};
}

/// The keeper has it before anybody is told, so that no turn is given that the next supervisor does not know of.
void Api::join(const std::string& id, Turns::Kind kind, std::string cause, int connection) {
  if (turns_.state(id) != Turns::State::Unknown) return;  // taken up from the last supervisor
  Turns with_it = turns_;                                 // nobody has given way to a command that could not be kept
  with_it.join(id, kind, std::move(cause));
  kept_turns_.put_connection(id, connection);
  try {
    kept_turns_.put_line(with_it.line());
  } catch (...) {
    kept_turns_.drop_connection(id);
    throw;
  }
  turns_ = std::move(with_it);
  changed_.notify();
}

/// An end of this supervisor is not one of the command: the next one finds it where it was.
void Api::leave(const std::string& id, int connection) {
  if (is_open_and_quiet(connection)) return;
  turns_.leave(id);
  changed_.notify();
  kept_turns_.drop_connection(id);
  kept_turns_.put_line(turns_.line());
}

Task<HttpResponse> Api::hold_turn(std::string id, Turns::Kind kind, std::string cause, int connection) {
  join(id, kind, std::move(cause), connection);
  std::exception_ptr gone;
  try {
    for (;;) co_await changed_.wait();
  } catch (...) {
    gone = std::current_exception();
  }
  leave(id, connection);
  std::rethrow_exception(gone);
}

Task<HttpResponse> Api::act(HttpRequest request) {
  if (request.path.starts_with("/v1/networks")) co_return co_await on_network(std::move(request));
  if (request.path.starts_with("/v1/volumes")) co_return co_await on_volume(std::move(request));
  if (auto target = container_path(request.path)) {
    ContainerId id = std::move(target->first);
    std::string action = std::move(target->second);
    co_return co_await on_container(std::move(request), std::move(id), std::move(action));
  }
  co_return not_found(request);
}

Task<HttpResponse> Api::on_events(HttpRequest request) {
  const std::int64_t since = request.number("since", 0);
  std::optional<Counted> staying;
  if (request.parameter("stay") == "yes") {
    staying.emplace(staying_);
    changed_.notify();
  }
  const std::vector<engine::Event> events = co_await engine_.events().next(since);
  co_return HttpResponse{200, engine::to_json(events)};
}

Task<HttpResponse> Api::on_network(HttpRequest request) {
  Cause cause = cause_of(request);
  if (request.method == "POST") {
    engine::NetworkSpec spec = engine::network_spec_from_json(request.body);
    co_await engine_.create_network(std::move(spec), std::move(cause));
    co_return HttpResponse{};
  }
  if (request.method == "DELETE") {
    std::string name = request.parameter("name").value_or("");
    co_await engine_.remove_network(std::move(name), std::move(cause));
    co_return HttpResponse{};
  }
  co_return not_found(request);
}

Task<HttpResponse> Api::on_volume(HttpRequest request) {
  Cause cause = cause_of(request);
  if (request.method == "POST") {
    engine_.create_volume(engine::volume_spec_from_json(request.body), cause);
    co_return HttpResponse{};
  }
  if (request.method == "DELETE") {
    std::string name = request.parameter("name").value_or("");
    co_await engine_.remove_volume(std::move(name), std::move(cause));
    co_return HttpResponse{};
  }
  co_return not_found(request);
}

/// Of a request that is sent again, its supervisor having died: whether that one had done it, and doing it now would be
/// once too often. Everything else is the same when it is done twice.
bool Api::was_done(const HttpRequest& request, const ContainerId& id, const std::string& action) {
  using State = state::ContainerState;
  if (!request.first_sent) return false;
  const auto now = engine_.state_of(id);
  // The row is written when it runs: a one-shot may have ended since, and must not run again.
  if (action == "start" || action == "restart") return engine_.was_started_since(id, *request.first_sent);
  if (action == "unpause") return now == State::Running;
  if (action != "kill") return false;
  const bool is_up = now == State::Running || now == State::Paused;
  const std::string signal = request.parameter("signal").value_or("");
  if (!is_up || signal.empty() || signal == "SIGKILL" || signal == "KILL" || signal == "9") return !is_up;
  // The journal has it before it is sent: one that was not sent after all is better than two.
  return engine_.was_signalled_since(id, *request.first_sent);
}

Task<HttpResponse> Api::on_container(HttpRequest request, ContainerId id, std::string action) {
  if (was_done(request, id, action)) co_return HttpResponse{};
  const ContainerAction perform = container_action(request.method, action);
  if (perform == nullptr) co_return not_found(request);
  Cause cause = cause_of(request);
  Task<HttpResponse> acting = perform(engine_, std::move(request), std::move(id), std::move(cause));
  co_return co_await std::move(acting);
}

std::unique_ptr<InputSink> Api::attach(const HttpRequest& request) {
  const auto target = container_path(request.path);
  if (!target || target->second != "stdin") throw Error("nothing to attach at '" + request.path + "'");
  return engine_.attach_stdin(target->first);
}

}  // namespace davit::embedded
