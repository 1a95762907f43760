// Requests whose supervisor died before it answered are sent again: what was done already is not done twice.

#include <algorithm>

#include "davit/state/values.hpp"
#include "embedded/engine_fixture.hpp"
#include "embedded/http_client.hpp"

namespace davit::embedded::test {
namespace {

using engine::ContainerState;

class SentAgain : public EngineTest {
 protected:
  /// Asks for an act of which the supervisor is to believe that it was asked for at that time already.
  void again(const ContainerId& id, const std::string& action, std::optional<std::int64_t> first_sent,
             std::vector<std::pair<std::string, std::string>> query = {}) {
    HttpRequest request{"POST", "/v1/containers/" + id.str() + "/" + action, std::move(query)};
    request.first_sent = first_sent;
    HttpClient client(paths_.socket());
    const HttpClient::Reply reply = run(client.request(std::move(request)));
    ASSERT_TRUE(reply.response);
    EXPECT_EQ(reply.response->status, 200U) << reply.response->body;
  }

  std::ptrdiff_t count(const ContainerId& id, const std::string& line) {
    const std::string log = logged(id);
    std::ptrdiff_t found = 0;
    for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) ++found;
    return found;
  }
};

TEST_F(SentAgain, AJobThatHasRunIsNotRunTwice) {
  const ContainerId id = create(shell("job", "echo run"));
  const std::int64_t before = state::wall_time_now();
  run(engine_->start_container(id));
  const std::int64_t died = until_event(id, "die").id;
  again(id, "start", before);
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  EXPECT_EQ(count(id, "run\n"), 1);
  again(id, "start", {});  // asked for anew
  until_event(id, "die", died);
  EXPECT_EQ(count(id, "run\n"), 2);
  const std::int64_t seen = run(engine_->newest_event());
  again(id, "start", state::wall_time_now());  // not done before
  until_event(id, "die", seen);
  EXPECT_EQ(count(id, "run\n"), 3);
}

TEST_F(SentAgain, ASignalIsSentOnce) {
  const ContainerId id = start(shell("count", "trap 'echo usr' USR1; echo ready; while :; do sleep 0.05; done"));
  until_logged(id, "ready\n");
  const std::int64_t before = state::wall_time_now();
  run(engine_->kill_container(id, "SIGUSR1"));
  until_logged(id, "usr\n");
  again(id, "kill", before, {{"signal", "SIGUSR1"}});
  const auto kills = [&] {
    const auto events = run(engine_->next_events(0));
    return std::count_if(events.begin(), events.end(), [](const auto& event) { return event.action == "kill"; });
  };
  EXPECT_EQ(kills(), 1);
  again(id, "kill", state::wall_time_now(), {{"signal", "SIGUSR1"}});
  EXPECT_EQ(kills(), 2);
  again(id, "kill", before, {{"signal", "SIGKILL"}});  // as often as you like
  EXPECT_EQ(look(id).state, ContainerState::Exited);
  again(id, "kill", before, {{"signal", "SIGKILL"}});
}

TEST_F(SentAgain, WhatRunsAgainIsNotAnError) {
  const ContainerId id = start(shell("idle", "sleep 1000"));
  const std::int64_t before = state::wall_time_now();
  run(engine_->pause_container(id));
  again(id, "pause", before);
  again(id, "unpause", before);
  again(id, "unpause", before);
  EXPECT_EQ(look(id).state, ContainerState::Running);
}

}  // namespace
}  // namespace davit::embedded::test
