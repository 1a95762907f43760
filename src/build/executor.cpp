#include "build/executor.hpp"

#include <algorithm>

#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/image/time_text.hpp"

namespace davit::build {
namespace {

using Clock = std::chrono::steady_clock;

// Comment of every history entry, in BuildKit's manner: the format of `created_by` is its own.
constexpr const char* kHistoryComment = "buildkit.dockerfile.v0";

bool is_cancellation(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  return error != nullptr && error->diagnostic().code == "cancelled";
}

}  // namespace

Vertex Events::begin(const std::string& title) {
  const std::lock_guard lock(mutex_);
  Vertex vertex{++last_, title};
  observer_.started(vertex);
  return vertex;
}

void Events::output(const Vertex& vertex, OutputStream stream, BuildObserver::Seconds at, std::string_view line) {
  const auto which = stream == OutputStream::Out ? BuildObserver::Stream::Out : BuildObserver::Stream::Err;
  call([&] { observer_.output(vertex, which, at, line); });
}

Executor::Executor(const BuildPlan& plan, const BuildRequest& request, image::ImageStore& store, Events& events,
                   const Contexts& contexts, DigestCache* digests, std::optional<WorkArea>& area)
    : plan_(plan),
      request_(request),
      store_(store),
      events_(events),
      contexts_(contexts),
      digests_(digests),
      cache_(store, store.data_root()),
      architecture_(image::host_architecture()),
      settings_{request.runtime, request.extra_hosts, request.ulimits, request.shm_size},
      area_(area),
      progress_(plan.stages.size()) {}

StageResult Executor::run() {
  const std::stop_callback forward(request_.stop, [this] { stop_.request_stop(); });
  try {
    const std::size_t target = plan_.stages.size() - 1;
    while (!stage_done(target)) {
      if (request_.stop.stop_requested()) throw Error(Diagnostic::error("cancelled", "the build was cancelled"));
      bool moved = false;
      for (std::size_t stage = 0; stage < plan_.stages.size(); ++stage)
        while (ready(stage) && advance(stage)) moved = true;
      if (stage_done(target)) break;
      if (!moved || running_ > 0) join_one();
    }
    wait_for_all();
    return result_of(target);
  } catch (...) {
    stop_.request_stop();
    wait_for_all();
    throw;
  }
}

bool Executor::stage_done(std::size_t stage) const {
  const StagePlan& plan = plan_.stages[stage];
  const Progress& progress = progress_[stage];
  return progress.results.size() == plan.steps.size() && !progress.running &&
         (!plan.parent || stage_done(*plan.parent));
}

bool Executor::ready(std::size_t stage) const {
  const StagePlan& plan = plan_.stages[stage];
  const Progress& progress = progress_[stage];
  if (progress.running || progress.results.size() >= plan.steps.size()) return false;
  if (plan.parent && !stage_done(*plan.parent)) return false;
  const auto inputs = inputs_of(plan.steps[progress.results.size()]);
  return std::all_of(inputs.begin(), inputs.end(), [this](std::size_t input) { return stage_done(input); });
}

void Executor::begin_stage(std::size_t stage) {
  Progress& progress = progress_[stage];
  if (progress.announced) return;
  progress.announced = true;
  const StagePlan& plan = plan_.stages[stage];
  if (plan.parent) {
    begin_stage(*plan.parent);  // one without steps of its own was never asked
    progress.diff_ids = progress_[*plan.parent].diff_ids;
  } else if (plan.base) {
    progress.diff_ids = plan.base->config.diff_ids;
    events_.cached(events_.begin(plan.base_title));
  }
}

bool Executor::advance(std::size_t stage) {
  begin_stage(stage);
  auto job = make_job(stage);
  if (uses_cache(*job)) {
    if (const auto result = cache_.find(job->ingredients)) {
      events_.cached(events_.begin(step_of(*job).title));
      complete(*job, *result);
      return true;
    }
  }
  // The same step is being done in another stage: its result will be in the cache.
  if (keys_running_.contains(job->key)) return false;
  start(std::move(job));
  return true;
}

bool Executor::uses_cache(const Job& job) const {
  return request_.cache == CacheUse::Normal && !request_.uncached_stages.contains(plan_.stages[job.stage].name);
}

std::shared_ptr<Executor::Job> Executor::make_job(std::size_t stage) {
  auto job = std::make_shared<Job>();
  Progress& progress = progress_[stage];
  job->stage = stage;
  job->step = progress.results.size();
  const Step& step = step_of(*job);
  job->input.diff_ids = progress.diff_ids;
  for (const std::size_t input : inputs_of(step)) {
    begin_stage(input);
    job->input.stages[input] = progress_[input].diff_ids;
  }
  job->input.contexts = &contexts_;
  job->input.context_path = request_.context;
  job->input.secrets = request_.secrets;
  job->ingredients = definition(*job);
  add_sources(*job, step);
  add_mounts(*job, step);
  job->key = job->ingredients.key();
  return job;
}

Ingredients Executor::definition(const Job& job) const {
  const RunSurroundings around{request_.extra_hosts, request_.ulimits, request_.shm_size};
  return definition_of(step_of(job), chain_id(job.input.diff_ids), architecture_, around);
}

void Executor::add_sources(Job& job, const Step& step) {
  const auto* copy = std::get_if<CopyStep>(&step.action);
  if (copy == nullptr || copy->sources.empty()) return;
  if (const auto* context = std::get_if<FromContext>(&copy->origin)) {
    const SourceTree& tree = contexts_.at(context->name);
    job.context_items = tree.select(*copy);
    for (Item& item : job.context_items)
      job.ingredients.add("source " + item.path, digest_of_item(tree, item, Owners::Ignore, digests_));
    return;
  }
  // First by where the files come from; when that is new, the step's own thread looks at what they are.
  const auto* stage = std::get_if<FromStage>(&copy->origin);
  const std::string chain = chain_id(stage != nullptr ? job.input.stages.at(stage->stage)
                                                      : std::get<FromImage>(copy->origin).image.config.diff_ids);
  for (const auto& source : copy->sources) job.ingredients.add("source " + source.text + " of layers", chain);
  job.by_content = true;
}

void Executor::add_mounts(Job& job, const Step& step) {
  const auto* run = std::get_if<RunStep>(&step.action);
  if (run == nullptr) return;
  using Type = dockerfile::RunMount::Type;
  for (const Mount& mount : run->mounts) {
    const bool filled = mount.options.type == Type::Cache && !mount.options.from.empty();
    if (mount.options.type != Type::Bind && !filled) continue;
    const std::vector<std::string> digests = mount_digests(job, mount);
    for (const std::string& digest : digests) job.ingredients.add("source of mount " + mount.options.target, digest);
    if (!filled) continue;
    std::string& source = job.input.cache_sources[mount.options.target];
    for (const std::string& digest : digests) source += digest + "\n";
  }
}

std::vector<std::string> Executor::mount_digests(const Job& job, const Mount& mount) const {
  if (const auto* stage = std::get_if<FromStage>(&mount.origin)) return {chain_id(job.input.stages.at(stage->stage))};
  if (const auto* image = std::get_if<FromImage>(&mount.origin)) return {chain_id(image->image.config.diff_ids)};
  CopyStep all;
  all.sources.push_back(source_of(mount));
  const SourceTree& tree = contexts_.at(std::get<FromContext>(mount.origin).name);
  std::vector<std::string> digests;
  for (Item& item : tree.select(all)) digests.push_back(digest_of_item(tree, item, Owners::Ignore, digests_));
  return digests;
}

void Executor::complete(const Job& job, const StepResult& result) {
  Progress& progress = progress_[job.stage];
  if (result.diff_id) progress.diff_ids.push_back(*result.diff_id);
  progress.results.push_back(result);
}

void Executor::prepare_for(const Step& step) {
  if (!area_) {
    const auto warn = [this](const Diagnostic& notice) { events_.warning(notice); };
    area_.emplace(store_.data_root(), request_.davit, warn);
    sandbox_.emplace(store_.data_root(), *area_, settings_, warn);
  }
  const auto* run = std::get_if<RunStep>(&step.action);
  if (run != nullptr && run->network == dockerfile::Run::Network::Default) sandbox_->begin_network();
}

/// What stands on a new layer is not in the cache, as good as always: its network can be made while the layer is.
void Executor::begin_network_for_later_steps(const Job& job) {
  const std::vector<Step>& steps = plan_.stages[job.stage].steps;
  const auto needs_it = [](const Step& step) {
    const auto* run = std::get_if<RunStep>(&step.action);
    return run != nullptr && run->network == dockerfile::Run::Network::Default;
  };
  if (std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(job.step), steps.end(), needs_it))
    sandbox_->begin_network();
}

Error Executor::explained(const std::exception& failure, const Step& step) const {
  return placed_at(with_full_disk(as_error(failure), store_.data_root()), step.where);
}

void Executor::start(std::shared_ptr<Job> job) {
  try {
    prepare_for(step_of(*job));
    if (!job->by_content) begin_network_for_later_steps(*job);
  } catch (const std::exception& failure) {
    throw explained(failure, step_of(*job));
  }
  keys_running_[job->key] = job->stage;
  progress_[job->stage].running = true;
  ++running_;
  const Vertex vertex = events_.begin(step_of(*job).title);
  threads_.emplace_back([this, job, vertex, name = "step-" + std::to_string(++started_)] {
    Finished finished{job, std::nullopt, nullptr};
    try {
      finished.result = work(*job, vertex);
    } catch (const std::exception& failure) {
      finished.failure = std::make_exception_ptr(explained(failure, step_of(*job)));
      if (is_cancellation(failure)) {
        events_.cancelled(vertex);
      } else {
        events_.failed(vertex, failure.what());
      }
    }
    const std::lock_guard lock(mutex_);
    finished_.push_back(std::move(finished));
    finished_condition_.notify_one();
  });
}

StepResult Executor::work(Job& job, const Vertex& vertex) {
  const auto begin = Clock::now();
  const Step& step = step_of(job);
  job.input.context_items = &job.context_items;
  const auto on_line = [&](OutputStream stream, std::string_view line) {
    events_.output(vertex, stream, Clock::now() - begin, line);
  };
  StepRunner runner(store_, *area_, *sandbox_, "s" + std::to_string(vertex.id), stop_.get_token(), on_line);
  std::optional<Ingredients> by_content;
  if (job.by_content) {
    by_content = definition(job);
    for (auto& [name, digest] : runner.content_digests(step, job.input)) by_content->add(name, digest);
    if (uses_cache(job)) {
      if (const auto result = cache_.find(*by_content)) {
        cache_.put(job.ingredients, step.text, *result, 0);
        events_.cached(vertex);
        return *result;
      }
    }
  }
  if (std::holds_alternative<CopyStep>(step.action)) job.input.earlier_diff_id = cache_.earlier_layer(step.text);
  const StepOutcome outcome = runner.run(step, job.input);
  const StepResult result{outcome.diff_id, state::wall_time_now()};
  const auto took = Clock::now() - begin;
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
  if (outcome.cacheable == Cacheable::Yes) cache_.put(job.ingredients, step.text, result, nanoseconds);
  if (by_content && outcome.cacheable == Cacheable::Yes) cache_.put(*by_content, step.text, result, nanoseconds);
  events_.done(vertex, took);
  return result;
}

void Executor::join_one() {
  if (running_ == 0) throw Error("the build cannot go on: no step is ready");
  std::unique_lock lock(mutex_);
  finished_condition_.wait(lock, [this] { return !finished_.empty(); });
  Finished finished = std::move(finished_.front());
  finished_.pop_front();
  lock.unlock();
  --running_;
  keys_running_.erase(finished.job->key);
  progress_[finished.job->stage].running = false;
  if (finished.failure) std::rethrow_exception(finished.failure);
  complete(*finished.job, *finished.result);
}

void Executor::wait_for_all() noexcept {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

StageResult Executor::result_of(std::size_t stage) const {
  const StagePlan& plan = plan_.stages[stage];
  StageResult out;
  if (plan.parent) {
    out = result_of(*plan.parent);
  } else if (plan.base) {
    out.history = plan.base->config.history;
    out.diff_ids = plan.base->config.diff_ids;
    out.created = image::parse_rfc3339(plan.base->config.created).value_or(0);
  }
  for (const HistoryLine& line : plan.history) {
    image::HistoryEntry entry;
    entry.created_by = line.created_by;
    entry.comment = kHistoryComment;
    entry.empty_layer = true;
    if (line.step) {
      const StepResult& result = progress_[stage].results[*line.step];
      // Metadata has no time of its own: an image whose steps all came from the cache is the same image.
      out.created = std::max(out.created, result.created);
      entry.empty_layer = !result.diff_id.has_value();
      if (result.diff_id) out.diff_ids.push_back(*result.diff_id);
    }
    entry.created = image::format_rfc3339(out.created);
    out.history.push_back(std::move(entry));
  }
  return out;
}

}  // namespace davit::build
