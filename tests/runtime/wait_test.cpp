#include <gmock/gmock.h>

#include "support/runtime_fixture.hpp"

namespace davit::runtime {
namespace {

using namespace std::chrono_literals;

class Wait : public test::RuntimeFixture {
 protected:
  std::optional<std::vector<WaitedExit>> exits_;
  std::optional<int> code_;

  void wait(std::vector<std::string> services, WaitUntil until = WaitUntil::AllExited) {
    ended_ = false;
    spawn(wait_for_exit(engine_, sample_.project, std::move(services), until),
          [this](std::vector<WaitedExit> exits) { exits_ = std::move(exits); });
  }

  void two_jobs() {
    sample_.add("a");
    sample_.add("b");
    engine_.scripts["a"] = {.run_for = 2s, .exit_code = 2};
    engine_.scripts["b"] = {.run_for = 1s, .exit_code = 1};
    up();
  }
};

TEST_F(Wait, ReportsTheExitsInTheirOrder) {
  two_jobs();
  wait({"a", "b"});
  timers_.advance(1s);
  EXPECT_FALSE(ended_);
  timers_.advance(1s);
  ASSERT_TRUE(exits_);
  EXPECT_EQ(exits_->at(0).container, "p-b-1");
  EXPECT_EQ(exits_->at(1).exit_code, 2);
}

TEST_F(Wait, EndsWithTheFirstIfAsked) {
  two_jobs();
  wait({"a", "b"}, WaitUntil::FirstExited);
  timers_.advance(1s);
  ASSERT_TRUE(exits_);
  EXPECT_EQ(exits_->size(), 1U);
}

TEST_F(Wait, WhatHasEndedCountsAtOnce) {
  two_jobs();
  timers_.advance(5s);
  wait({"a"});
  ASSERT_TRUE(exits_);
  EXPECT_EQ(exits_->at(0).exit_code, 2);
}

TEST_F(Wait, UnknownServicesAndMissingContainersAreErrors) {
  sample_.add("a");
  wait({"ghost"});
  EXPECT_TRUE(thrown_);
  thrown_ = nullptr;
  wait({"a"});
  EXPECT_TRUE(thrown_);
}

TEST_F(Wait, AOneOffGivesItsCodeEvenWhenItIsGoneBeforeAnybodyLooks) {
  sample_.add("db");
  sample_.add("tool");
  sample_.depends("tool", "db");
  engine_.scripts["tool"] = {.run_for = 1ms, .exit_code = 9};
  plan::RunOptions options;
  options.service = "tool";
  options.slug = "0123456789ab";
  options.remove = plan::OneOff::Remove::WhenExited;
  options.up = sample_.options;
  auto plan = plan::make_run_plan(sample_.project, engine_.state(), options);
  ASSERT_TRUE(plan) << test::text_of(plan);
  execute(*std::move(plan));
  timers_.advance(1s);
  ASSERT_TRUE(done_ && done_->ok()) << failure();
  EXPECT_EQ(engine_.find("p-tool-run-0123456789ab"), nullptr);
  EXPECT_NE(engine_.find("p-db-1"), nullptr);
  const ContainerId id = done_->containers.at("p-tool-run-0123456789ab");
  spawn(wait_for_container(engine_, id, done_->first_event), [this](int code) { code_ = code; });
  EXPECT_EQ(code_, 9);
}

}  // namespace
}  // namespace davit::runtime
