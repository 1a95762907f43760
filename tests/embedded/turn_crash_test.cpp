// Whose turn it is when supervisor or keeper are killed: docs/architecture.md, "One command at a time".

#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "embedded/engine_fixture.hpp"

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
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while (!is_gone(pid)) ASSERT_LT(std::chrono::steady_clock::now(), limit);
  }

  /// Gives whatever the command has asked before the time to be answered: a supervisor takes connections one by one.
  static void let_it_ask(Command& command) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(command.failure_of(command.engine().ensure_running()), "");
  }

  std::string makes_network(Command& command, const std::string& key) {
    return command.failure_of(command.engine().create_network(network(key)));
  }
};

TEST_F(TurnCrash, WhoWaitedWaitsOnThoughItIsTheFirstToComeBack) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  auto third = in_line("davit up third");
  kill_supervisor();
  let_it_ask(*third);  // while the first one does not even know yet
  let_it_ask(*second);
  EXPECT_FALSE(second->has_turn());
  EXPECT_FALSE(third->has_turn());
  EXPECT_EQ(makes_network(*first, "made"), "") << "it is still its turn";
  EXPECT_EQ(first->failure_of(first->engine().leave_turn()), "");
  EXPECT_TRUE(second->run_until([&] { return second->has_turn(); }));
  let_it_ask(*third);
  EXPECT_FALSE(third->has_turn());
}

TEST_F(TurnCrash, ItIsKeptOverManyDeaths) {
  auto first = with_turn("davit up first");
  auto second = in_line("davit up second");
  for (int deaths = 0; deaths < 3; ++deaths) {
    kill_supervisor();
    let_it_ask(*second);
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
  let_it_ask(*after);
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
