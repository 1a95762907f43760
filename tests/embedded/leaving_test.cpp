// The end of commands that leave a project empty: they wait for its supervisor, unless it goes on for somebody else.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include "embedded/engine_fixture.hpp"
#include "embedded/http_client.hpp"

namespace davit::embedded::test {
namespace {

class Leaving : public EngineTest {
 protected:
  Leaving() { run(engine_->ensure_running()); }

  /// As the end of a command: what became of it is in `reply_`.
  void leave(const std::string& turn = "") {
    HttpRequest request{"POST", "/v1/leave"};
    request.turn = turn;
    asio::co_spawn(context_, client_.request(std::move(request)),
                   [this](const std::exception_ptr& error, HttpClient::Reply reply) {
                     EXPECT_FALSE(error);
                     reply_ = std::move(reply);
                   });
  }
  /// Whether the supervisor goes on: then it has answered. Waits for the one or the other.
  bool goes_on() {
    context_.restart();
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!reply_ && std::chrono::steady_clock::now() < end) context_.run_one_until(end);
    if (!reply_) throw Error("the supervisor neither answers nor ends");
    return reply_->response.has_value();
  }
  /// Also when the supervisor had not read the request yet.
  void ask_something_else() { (void)run(engine_->observe()); }

  HttpClient client_{paths_.socket()};
  std::optional<HttpClient::Reply> reply_;
};

TEST_F(Leaving, AllWhoLeaveSeeTheEnd) {
  leave();
  ask_something_else();
  EXPECT_FALSE(reply_) << "somebody is connected who may ask for more";
  run(engine_->close());
  EXPECT_FALSE(goes_on());
  EXPECT_FALSE(engine_->is_alive());
  EXPECT_FALSE(fs::exists(paths_.folder()));
}

TEST_F(Leaving, WhatIsRaisedAgainIsNotWaitedFor) {
  leave();
  ask_something_else();
  EXPECT_FALSE(reply_);
  run(engine_->create_network(network("default")));
  EXPECT_TRUE(goes_on());
}

TEST_F(Leaving, ACommandThatWillRaiseTheProjectIsNotWaitedFor) {
  leave();
  ask_something_else();
  EXPECT_FALSE(reply_);
  run(engine_->take_turn(Turn::Raise, [](const std::string&) {}));
  EXPECT_TRUE(goes_on());
}

TEST_F(Leaving, TheOwnTurnIsNoReasonToGoOn) {
  HttpClient holder(paths_.socket());
  HttpRequest turn{"POST", "/v1/turns/mine", {{"kind", "raise"}}};
  asio::cancellation_signal given_back;
  asio::co_spawn(context_, holder.request(std::move(turn)),
                 asio::bind_cancellation_slot(given_back.slot(), asio::detached));
  HttpRequest begun{"GET", "/v1/turns/mine", {{"wait", "yes"}}};
  ASSERT_TRUE(run(client_.request(std::move(begun))).response);
  leave("mine");
  ask_something_else();
  EXPECT_FALSE(reply_);
  given_back.emit(asio::cancellation_type::terminal);
  run(engine_->close());
  EXPECT_FALSE(goes_on());
}

TEST_F(Leaving, WhoListensOnAndOnKeepsTheSupervisor) {
  EmbeddedEngine listener(options_, timers_);
  run(listener.ensure_running());
  listener.stay();
  const std::int64_t newest = run(listener.newest_event());
  asio::cancellation_signal enough;
  asio::co_spawn(context_, listener.next_events(newest),
                 asio::bind_cancellation_slot(enough.slot(), [](const std::exception_ptr&, const auto&) {}));
  leave();
  EXPECT_TRUE(goes_on());
  client_.close_idle();
  run(engine_->close());
  EXPECT_TRUE(listener.is_alive());
  enough.emit(asio::cancellation_type::terminal);
  run(listener.close());
  EXPECT_FALSE(listener.is_alive());
}

TEST_F(Leaving, WhoListensForAWhileIsWaitedFor) {
  EmbeddedEngine listener(options_, timers_);
  run(listener.ensure_running());
  const std::int64_t newest = run(listener.newest_event());
  asio::cancellation_signal enough;
  asio::co_spawn(context_, listener.next_events(newest),
                 asio::bind_cancellation_slot(enough.slot(), [](const std::exception_ptr&, const auto&) {}));
  leave();
  ask_something_else();
  EXPECT_FALSE(reply_);
  enough.emit(asio::cancellation_type::terminal);
  run(engine_->close());
  EXPECT_FALSE(goes_on());
}

}  // namespace
}  // namespace davit::embedded::test
