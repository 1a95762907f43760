// Whose turn it is when supervisor or keeper are killed: docs/architecture.md, "One command at a time".

#include <fcntl.h>
#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "embedded/engine_fixture.hpp"
#include "embedded/http_client.hpp"
#include "embedded/kept_turns.hpp"
#include "embedded/memory_file.hpp"

namespace davit::embedded::test {
namespace {

/// A command with an event loop of its own: it does nothing but when it is run, so a test chooses who comes first.
class Command {
 public:
  Command(EngineOptions options, std::string cause)
      : engine_(with_cause(std::move(options), std::move(cause)), timers_) {}
  /// As its death: its connections close.
  ~Command() {
    stop_.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(run_until([this] { return !asking_; }));
    EXPECT_EQ(failure_of(engine_.leave_turn()), "");
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// Asks for the turn; run_until() does the rest.
  void ask_for_turn(Turn kind) {
    std::function<void(const std::string&)> say = [this](const std::string& other) { waits_for_ = other; };
    auto ended = [this](std::exception_ptr error) {
      asking_ = false;
      has_turn_ = !error;
      refusal_ = text_of(error);
    };
    asking_ = true;
    asio::co_spawn(context_, engine_.take_turn(kind, std::move(say)),
                   asio::bind_cancellation_slot(stop_.slot(), std::move(ended)));
  }
  [[nodiscard]] bool has_turn() const { return has_turn_; }
  [[nodiscard]] const std::string& waits_for() const { return waits_for_; }

  /// Why it got no turn.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  /// False: not within the limit.
  bool run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    context_.restart();
    while (!done() && std::chrono::steady_clock::now() < end)
      if (context_.run_one_until(end) == 0) context_.restart();
    return done();
  }

  /// Runs the task to its end: what it throws; empty when it was done.
  std::string failure_of(Task<void> task) {
    std::optional<std::string> text;
    asio::co_spawn(context_, std::move(task), [&text](std::exception_ptr error) { text = text_of(error); });
    run_until([&text] { return text.has_value(); });
    return text.value_or("it did not end in time");
  }
  EmbeddedEngine& engine() { return engine_; }

 private:
  static constexpr auto kLimit = davit::test::patient(60s);

  static EngineOptions with_cause(EngineOptions options, std::string cause) {
    options.cause = std::move(cause);
    return options;
  }
  static std::string text_of(const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "";
  }

  asio::io_context context_{1};
  SteadyTimers timers_;
  EmbeddedEngine engine_;
  asio::cancellation_signal stop_;
  bool asking_ = false;
  bool has_turn_ = false;
  std::string waits_for_;
  std::string refusal_;
};

class TurnCrash : public EngineTest {
 protected:
  std::unique_ptr<Command> command(const std::string& cause) const {
    return std::make_unique<Command>(options_, cause);
  }

  std::unique_ptr<Command> with_turn(const std::string& cause, Turn kind = Turn::Raise) {
    auto made = command(cause);
    made->ask_for_turn(kind);
    EXPECT_TRUE(made->run_until([&] { return made->has_turn(); })) << cause << " does not get its turn";
    return made;
  }
  std::unique_ptr<Command> in_line(const std::string& cause, Turn kind = Turn::Raise) {
    auto made = command(cause);
    made->ask_for_turn(kind);
    EXPECT_TRUE(made->run_until([&] { return !made->waits_for().empty(); })) << cause << " does not wait";
    return made;
  }

  void kill_supervisor() {
    const pid_t pid = supervisor_pid();
    ASSERT_GT(pid, 0);
    davit::test::Watch watch;
    watch.process(pid);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_TRUE(watch.until([&] { return is_gone(pid); }, kWait));
  }

  /// Lets the command run until the next supervisor has answered it.
  static void come_back(Command& command) { EXPECT_EQ(command.failure_of(command.engine().ensure_running()), ""); }

  /// Asks the supervisor whom the command in line has to wait for; "" when it is its turn. With an answer that is not
  /// empty, it has been given no turn: nothing but the supervisor gives one.
  std::string waits_behind(const std::string& cause) {
    HttpRequest request{"GET", "/v1/turns/" + id_of(cause), {{"wait", "no"}}};
    HttpClient client(paths_.socket());
    const HttpClient::Reply reply = run(client.request(std::move(request)));
    return reply.response ? text_from_json("ahead", reply.response->body) : "nobody answers";
  }

  std::string makes_network(Command& command, const std::string& key) {
    return command.failure_of(command.engine().create_network(network(key)));
  }

 private:
  /// From the line as the keeper has it: the ids of turns are known to their commands alone.
  std::string id_of(const std::string& cause) const {
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(keeper_pid()) + "/fd")) {
      std::error_code closed;
      if (!fs::read_symlink(entry, closed).string().starts_with("/memfd:turns ")) continue;
      const Fd file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
      for (const auto& place : line_from_json(read_all(file.get())))
        if (place.cause == cause) return place.id;
    }
    throw Error("'" + cause + "' is not in line");
  }
};

TEST_F(TurnCrash, WhoWaitedWaitsOnThoughItIsTheFirstToComeBack) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  auto third = in_line("davit up third");
  kill_supervisor();
  come_back(*third);  // while the first one does not even know yet
  come_back(*second);
  EXPECT_EQ(waits_behind("davit up second"), "davit up first");
  EXPECT_EQ(waits_behind("davit up third"), "davit up first");
  EXPECT_FALSE(second->has_turn());
  EXPECT_FALSE(third->has_turn());
  EXPECT_EQ(makes_network(*first, "made"), "") << "it is still its turn";
  EXPECT_EQ(first->failure_of(first->engine().leave_turn()), "");
  EXPECT_TRUE(second->run_until([&] { return second->has_turn(); }));
  EXPECT_EQ(waits_behind("davit up third"), "davit up second");
}

TEST_F(TurnCrash, ItIsKeptOverManyDeaths) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  for (int deaths = 0; deaths < 3; ++deaths) {
    kill_supervisor();
    come_back(*second);
    EXPECT_EQ(waits_behind("davit up second"), "davit up first");
    EXPECT_FALSE(second->has_turn());
  }
  EXPECT_EQ(makes_network(*first, "made"), "");
}

TEST_F(TurnCrash, WhoEndsBetweenTwoSupervisorsIsNotWaitedFor) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  kill_supervisor();
  first.reset();
  EXPECT_TRUE(second->run_until([&] { return second->has_turn(); }));
  EXPECT_EQ(makes_network(*second, "made"), "");
}

TEST_F(TurnCrash, ALoweredProjectStaysLowered) {
  auto up = with_turn("davit up");
  auto down = with_turn("davit down", Turn::Lower);
  auto after = in_line("davit up after");
  kill_supervisor();
  come_back(*after);
  EXPECT_EQ(waits_behind("davit up after"), "davit down");
  EXPECT_FALSE(after->has_turn());
  const std::string lowered = "project '" + options_.project + "' was lowered by another command: davit down";
  EXPECT_EQ(up->failure_of(up->engine().until_lowered()), lowered);
  EXPECT_EQ(makes_network(*up, "made"), lowered);
  EXPECT_EQ(down->failure_of(down->engine().remove_network("absent")), "") << "it is its turn";
  down.reset();
  EXPECT_TRUE(after->run_until([&] { return after->has_turn(); }));
  EXPECT_EQ(makes_network(*up, "made"), lowered) << "though whoever lowered it is gone";
}

TEST_F(TurnCrash, ATurnEndsWithTheKeeper) {
  auto first = with_turn("davit up first");
  kill_everything();
  until_dead();
  const std::string lost = "the turn of this command to change project '" + options_.project + "' is lost";
  EXPECT_THAT(makes_network(*first, "made"), testing::StartsWith(lost)) << "and no keeper is started for it";
  EXPECT_FALSE(engine_->is_alive());
  auto second = with_turn("davit up second");
  EXPECT_THAT(makes_network(*first, "made"), testing::StartsWith(lost)) << "nor is it done beside the next one";
  EXPECT_THAT(first->failure_of(first->engine().until_lowered()), testing::StartsWith(lost));
  EXPECT_EQ(makes_network(*second, "other"), "");
}

TEST_F(TurnCrash, AWaitingCommandIsToldOfTheEndOfTheKeeper) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  kill_everything();
  until_dead();
  EXPECT_TRUE(second->run_until([&] { return !second->refusal().empty(); }));
  EXPECT_FALSE(second->has_turn());
  first.reset();
  second.reset();
  run(clean());
}

}  // namespace
}  // namespace davit::embedded::test
