#pragma once
// Does a plan: steps in the order of their needs, at the same time where they have none, from the cache where it knows
// them.

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "build/digest_cache.hpp"
#include "build/sandbox.hpp"
#include "build/source_tree.hpp"
#include "build/step_cache.hpp"
#include "build/step_runner.hpp"
#include "build/work_area.hpp"
#include "davit/base/error.hpp"
#include "davit/build/build.hpp"
#include "davit/build/plan.hpp"

namespace davit::build {

/// Passes events on, one at a time, and numbers the vertices.
class Events {
 public:
  explicit Events(BuildObserver& observer) : observer_(observer) {}
  Vertex begin(const std::string& title);
  void warning(const Diagnostic& diagnostic) {
    call([&] { observer_.warning(diagnostic); });
  }
  void cached(const Vertex& vertex) {
    call([&] { observer_.cached(vertex); });
  }
  void output(const Vertex& vertex, OutputStream stream, BuildObserver::Seconds at, std::string_view line);
  void done(const Vertex& vertex, BuildObserver::Seconds took) {
    call([&] { observer_.done(vertex, took); });
  }
  void failed(const Vertex& vertex, const std::string& why) {
    call([&] { observer_.failed(vertex, why); });
  }
  void cancelled(const Vertex& vertex) {
    call([&] { observer_.cancelled(vertex); });
  }

 private:
  template <class Call>
  void call(Call&& notify) {
    const std::lock_guard lock(mutex_);
    notify();
  }
  BuildObserver& observer_;
  std::mutex mutex_;
  std::size_t last_ = 0;
};

/// What came out of a stage.
struct StageResult {
  std::vector<std::string> diff_ids;
  std::vector<image::HistoryEntry> history;
  std::int64_t created = 0;
};

class Executor {
 public:
  /// Everything outlives the executor. `area` is made with the first step that is really done; its end wakes the guard,
  /// so the build keeps it to its own end.
  Executor(const BuildPlan& plan, const BuildRequest& request, image::ImageStore& store, Events& events,
           const Contexts& contexts, DigestCache* digests, std::optional<WorkArea>& area);

  /// Does it all; the result of the last stage. Throws davit::Error: the first step that failed.
  StageResult run();

 private:
  struct Progress {
    std::vector<std::string> diff_ids;
    std::vector<StepResult> results;  ///< of the steps done
    bool announced = false;
    bool running = false;
  };
  struct Job {
    std::size_t stage = 0;
    std::size_t step = 0;
    Ingredients ingredients;
    std::string key;
    StepInput input;
    std::vector<Item> context_items;
    bool by_content = false;  ///< the digests of its sources are still to be taken
  };
  struct Finished {
    std::shared_ptr<Job> job;
    std::optional<StepResult> result;
    std::exception_ptr failure;
  };

  [[nodiscard]] bool stage_done(std::size_t stage) const;
  [[nodiscard]] bool ready(std::size_t stage) const;
  void begin_stage(std::size_t stage);
  /// Takes the stage's next step from the cache or starts it; false when it has to wait for the same step elsewhere.
  bool advance(std::size_t stage);
  [[nodiscard]] std::shared_ptr<Job> make_job(std::size_t stage);
  [[nodiscard]] Ingredients definition(const Job& job) const;
  void add_sources(Job& job, const Step& step);
  void add_mounts(Job& job, const Step& step);
  /// Of what the mount shows or is filled with.
  [[nodiscard]] std::vector<std::string> mount_digests(const Job& job, const Mount& mount) const;
  void complete(const Job& job, const StepResult& result);
  [[nodiscard]] bool uses_cache(const Job& job) const;
  /// The failure of the step, with its line and what else the user has to know.
  [[nodiscard]] Error explained(const std::exception& failure, const Step& step) const;
  void start(std::shared_ptr<Job> job);
  void prepare_for(const Step& step);
  void begin_network_for_later_steps(const Job& job);
  StepResult work(Job& job, const Vertex& vertex);
  void join_one();
  void wait_for_all() noexcept;
  [[nodiscard]] StageResult result_of(std::size_t stage) const;
  [[nodiscard]] const Step& step_of(const Job& job) const { return plan_.stages[job.stage].steps[job.step]; }

  const BuildPlan& plan_;
  const BuildRequest& request_;
  image::ImageStore& store_;
  Events& events_;
  const Contexts& contexts_;
  DigestCache* digests_;
  StepCache cache_;
  std::string architecture_;
  RunSettings settings_;
  std::optional<WorkArea>& area_;
  std::optional<Sandbox> sandbox_;
  std::vector<Progress> progress_;
  std::map<std::string, std::size_t> keys_running_;

  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable finished_condition_;
  std::deque<Finished> finished_;
  std::size_t running_ = 0;
  std::size_t started_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace davit::build
