#pragma once
// A project, an engine that only remembers, and a clock moved by hand: what tests of the runtime work on.

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <string>
#include <vector>

#include "davit/runtime/runtime.hpp"
#include "support/fake_engine.hpp"
#include "support/manual_timers.hpp"
#include "support/sample_project.hpp"

namespace davit::test {

class RecordingSink final : public runtime::ProgressSink {
 public:
  void progress(const runtime::ProgressEvent& event) override {
    lines.push_back(event.id + " " + event.text);
    if (!event.details.empty()) details.push_back(event.details);
  }
  std::vector<std::string> lines;
  std::vector<std::string> details;
};

/// Builds give the image that was put there for the service.
class FakeImages final : public runtime::ImageProvider {
 public:
  explicit FakeImages(Timers& timers) : timers_(timers) {}
  std::map<std::string, plan::ImageInfo> built;  ///< by service
  std::map<std::string, std::string> errors;     ///< by service
  std::set<std::string> in_use;                  ///< names of images that cannot be removed
  std::chrono::nanoseconds takes{0};
  std::vector<std::string> calls;

  Task<plan::ImageInfo> build(const model::Project&, const model::Service& service) override {
    calls.push_back("build " + service.name);
    if (takes.count() > 0) co_await timers_.sleep_for(takes);
    if (const auto error = errors.find(service.name); error != errors.end()) throw Error(error->second);
    co_return built.at(service.name);
  }
  Task<plan::ImageInfo> pull(const model::Project&, const model::Service& service) override {
    calls.push_back("pull " + service.name);
    co_return built.at(service.name);
  }
  Task<void> remove(const std::string& image) override {
    calls.push_back("remove " + image);
    if (in_use.contains(image)) throw Error(Diagnostic::error("image-in-use", "image '" + image + "' is used"));
    co_return;
  }

 private:
  Timers& timers_;
};

class RuntimeFixture : public ::testing::Test {
 protected:
  asio::io_context io_;
  ManualTimers timers_{io_};
  FakeEngine engine_{io_, timers_, "p"};
  RecordingSink sink_;
  FakeImages images_{timers_};
  SampleProject sample_;
  asio::cancellation_signal cancel_;

  std::optional<plan::Plan> plan_;
  std::optional<runtime::Execution> done_;
  std::exception_ptr thrown_;
  bool ended_ = false;

  runtime::Context context() { return {sample_.project, engine_, images_, timers_, sink_}; }

  /// Runs a task until it waits for time or for an event.
  template <class T, class Store>
  void spawn(Task<T> task, Store store) {
    asio::co_spawn(io_, std::move(task),
                   asio::bind_cancellation_slot(cancel_.slot(), [this, store](std::exception_ptr error, T value) {
                     thrown_ = error;
                     if (!error) store(std::move(value));
                     ended_ = true;
                   }));
    timers_.settle();
  }

  void execute(plan::Plan plan, runtime::ExecuteOptions options = {}) {
    plan_ = std::move(plan);
    spawn(runtime::execute(context(), *plan_, std::move(options)),
          [this](runtime::Execution result) { done_ = std::move(result); });
  }

  /// Plans and executes `up` on what is there.
  void up(runtime::ExecuteOptions options = {}) {
    done_.reset();
    ended_ = false;
    auto plan = plan::make_up_plan(sample_.project, engine_.state(), sample_.options);
    ASSERT_TRUE(plan) << text_of(plan);
    execute(*std::move(plan), std::move(options));
  }

  std::string failure() const {
    if (!done_ || done_->failures.empty()) return "";
    std::string out = done_->failures[0].message;
    for (const auto& note : done_->failures[0].notes) out += "\n" + note.text;
    return out;
  }
};

}  // namespace davit::test
