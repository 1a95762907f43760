#pragma once
// When to probe a container, and what the answers say about it. Pure: times are passed in, the caller acts.

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace davit::health {

/// Times of the schedule; any clock that never goes back.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

/// A container's `healthcheck:` after defaults (Docker: a zero means the default).
struct ProbeSettings {
  Duration interval = std::chrono::seconds{30};
  Duration timeout = std::chrono::seconds{30};
  Duration start_period{0};
  Duration start_interval = std::chrono::seconds{5};
  int retries = 3;

  /// Replaces what is zero (or less) by Docker's default, start_period aside.
  [[nodiscard]] ProbeSettings with_defaults() const;
  friend bool operator==(const ProbeSettings&, const ProbeSettings&) = default;
};

enum class Status : std::uint8_t { Starting, Healthy, Unhealthy };
[[nodiscard]] std::string_view name(Status status);  ///< "starting", "healthy", "unhealthy"
[[nodiscard]] std::optional<Status> parse_status(std::string_view name);

/// What a probe came to.
struct ProbeResult {
  static constexpr int kTimedOut = -1;             ///< exit code of a probe which was killed for its time limit
  static constexpr std::size_t kMaxOutput = 4096;  ///< bytes of output kept (Docker's limit)

  std::chrono::system_clock::time_point started;  ///< for people; decides nothing
  std::chrono::system_clock::time_point ended;
  int exit_code = 0;
  std::string output;  ///< the first kMaxOutput bytes; of a timed out probe Docker's message

  friend bool operator==(const ProbeResult&, const ProbeResult&) = default;
};

/// What must survive the supervisor.
struct Snapshot {
  Status status = Status::Starting;
  int failing_streak = 0;

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// What happens to a container, as far as its health is concerned.
struct Started {};   ///< PID 1 runs, for the first time or again
struct Resumed {};   ///< a new supervisor took over a running container
struct ProbeEnded {  ///< the probe asked for last has ended
  Time began;        ///< when its program was running: the time limit counts from there
  ProbeResult result;
};
struct Paused {};
struct Unpaused {};
struct Stopped {};  ///< PID 1 is gone
using Event = std::variant<Started, Resumed, ProbeEnded, Paused, Unpaused, Stopped>;

/// What to do next. At most one probe runs at a time; the probe asked for replaces one that was asked for before.
struct Action {
  std::optional<Time> probe_at;          ///< probe at this moment (at once, if it has passed); none: wait for an event
  std::optional<Status> status_changed;  ///< the new status; to be published as an event

  friend bool operator==(const Action&, const Action&) = default;
};

/// The health of one container.
///
/// Early phase: the first probe runs when the container starts, further ones after 50 ms, doubling, until the first
/// success. A failure there counts only if the probe began when one of Docker's own would have been due, so a container
/// is never called unhealthy earlier than Docker would, but healthy as soon as it is. Afterwards Docker's rules
/// (moby daemon/health.go): the next probe one interval after the end of the last, `retries` failures in a row make it
/// unhealthy, one success healthy; failures in the start period do not count while the status is still starting.
class HealthState {
 public:
  static constexpr Duration kFirstBackOff = std::chrono::milliseconds{50};
  static constexpr std::size_t kResultsKept = 5;

  explicit HealthState(ProbeSettings settings, Snapshot snapshot = {});

  /// Takes what happened at `now` and says what to do. Events that do not fit (a probe's end after the container's) are
  /// recorded in results() at most.
  [[nodiscard]] Action resume(const Event& event, Time now);

  [[nodiscard]] Status status() const { return state_.status; }
  [[nodiscard]] int failing_streak() const { return state_.failing_streak; }
  [[nodiscard]] Snapshot snapshot() const { return state_; }
  /// The last five, oldest first.
  [[nodiscard]] const std::deque<ProbeResult>& results() const { return results_; }
  [[nodiscard]] const ProbeSettings& settings() const { return settings_; }

 private:
  enum class Phase : std::uint8_t { Stopped, Early, Regular, Paused };

  Action on(const Started&, Time now);
  Action on(const Resumed&, Time now);
  Action on(const ProbeEnded& probe, Time now);
  Action on(const Paused&, Time now);
  Action on(const Unpaused&, Time now);
  Action on(const Stopped&, Time now);

  void begin_early(Time now);
  [[nodiscard]] bool in_start_period(Time at) const;
  [[nodiscard]] Duration regular_delay(Time at) const;
  [[nodiscard]] bool counts(Time began) const;
  void record(const ProbeResult& result);
  void count_failure();
  [[nodiscard]] Time next_probe(Time now);

  ProbeSettings settings_;
  Snapshot state_;
  Phase phase_ = Phase::Stopped;
  Time started_{};
  Time regular_due_{};   ///< when Docker's own next probe would begin
  Duration back_off_{};  ///< early phase: the wait after the next probe
  std::deque<ProbeResult> results_;
};

}  // namespace davit::health
