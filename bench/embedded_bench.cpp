// Containers started and removed together, without the command line around: up, observe, down, and the memory between.
// Needs root; makes and removes a project of its own in a temporary folder. The image is the host's /bin/busybox.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "davit/async/task_group.hpp"
#include "davit/embedded/client.hpp"
#include "davit/embedded/supervisor.hpp"
#include "davit/image/image_store.hpp"

namespace {

namespace fs = std::filesystem;
using namespace davit;
using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

ImageId make_image(const std::string& data_root) {
  image::ImageStore store = image::ImageStore::open(data_root);
  image::StagedLayer staged = store.new_layer_dir();
  for (const char* folder : {"bin", "etc", "proc", "sys", "dev", "tmp"}) fs::create_directories(staged.fs() / folder);
  fs::copy_file("/bin/busybox", staged.fs() / "bin/sleep");
  image::ImageConfig config;
  config.architecture = image::host_architecture();
  config.diff_ids = {store.adopt_layer(std::move(staged)).diff_id};
  return store.create_image(config);
}

std::int64_t pss_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/smaps_rollup");
  for (std::string word; in >> word;) {
    std::int64_t kib = 0;
    if (word == "Pss:" && in >> kib) return kib;
  }
  return 0;
}

/// Keeper and supervisor, in KiB.
std::int64_t memory(const std::string& folder) {
  std::string keeper;
  std::ifstream(folder + "/keeper.pid") >> keeper;
  std::int64_t sum = pss_of(keeper);
  std::ifstream children("/proc/" + keeper + "/task/" + keeper + "/children");
  for (std::string pid; children >> pid;) {
    std::ifstream in("/proc/" + pid + "/cmdline");
    std::string first;
    std::string second;
    std::getline(in, first, '\0');
    std::getline(in, second, '\0');
    if (second == "supervisor") sum += pss_of(pid);
  }
  return sum;
}

class Project {
 public:
  Project() {
    std::string pattern = (fs::temp_directory_path() / "davit-bench-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    options_.project = "bench" + std::to_string(::getpid());
    options_.data_root = root_ + "/data";
    options_.run_root = root_ + "/run";
    fs::create_directories(options_.run_root);
    options_.supervisor_command = {fs::read_symlink("/proc/self/exe"), "supervisor", options_.project,
                                   options_.data_root, options_.run_root};
    options_.keeper_program = std::string(std::getenv("DAVIT_LIBEXEC")) + "/davit-keeper";
    image_ = make_image(options_.data_root);
  }
  ~Project() { fs::remove_all(root_); }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  Task<void> up(embedded::EmbeddedEngine& engine, int count) {
    engine::NetworkSpec network;
    network.name = options_.project + "_default";
    network.project = options_.project;
    co_await engine.create_network(network);
    TaskGroup group(co_await asio::this_coro::executor);
    for (int i = 0; i < count; ++i) group.spawn(one_up(engine, i));
    co_await group.join();
  }

  Task<void> down(embedded::EmbeddedEngine& engine) {
    const engine::Observed observed = co_await engine.observe();
    TaskGroup group(co_await asio::this_coro::executor);
    for (const auto& container : observed.containers) group.spawn(one_down(engine, container.id));
    co_await group.join();
    co_await engine.remove_network(options_.project + "_default");
    co_await engine.close();
  }

  static Task<void> look(embedded::EmbeddedEngine& engine) { benchmark::DoNotOptimize(co_await engine.observe()); }

  /// As a command does it: an engine of its own for each act. Returns seconds.
  template <class Act>
  double timed(Act act) {
    const auto begin = Clock::now();
    asio::io_context context(1);
    embedded::EmbeddedEngine engine(options_, timers_);
    std::exception_ptr failure;
    asio::co_spawn(context, act(engine), [&failure](std::exception_ptr error) { failure = error; });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return seconds(begin);
  }

  [[nodiscard]] std::string folder() const { return options_.run_root + "/" + options_.project; }

 private:
  Task<void> one_up(embedded::EmbeddedEngine& engine, int number) {
    engine::ContainerSpec spec;
    spec.name = options_.project + "-s" + std::to_string(number) + "-1";
    spec.project = options_.project;
    spec.service = "s" + std::to_string(number);
    spec.image = image_;
    spec.args = {"/bin/sleep", "100000"};
    engine::Attachment attachment;
    attachment.network = options_.project + "_default";
    attachment.aliases = {spec.service};
    spec.attachments.push_back(attachment);
    const engine::CreateOptions fresh;
    const ContainerId id = co_await engine.create_container(spec, fresh);
    co_await engine.start_container(id);
  }

  Task<void> one_down(embedded::EmbeddedEngine& engine, ContainerId id) {
    const engine::StopRequest request;
    co_await engine.stop_container(id, request);
    co_await engine.remove_container(id, engine::WithVolumes::Anonymous);
  }

  std::string root_;
  embedded::EngineOptions options_;
  SteadyTimers timers_;
  ImageId image_;
};

enum class Measure { Up, Observe, Down };

void containers(benchmark::State& state, Measure measure) {
  const int count = static_cast<int>(state.range(0));
  Project project;
  std::int64_t pss = 0;
  const auto up = [&](embedded::EmbeddedEngine& engine) { return project.up(engine, count); };
  const auto down = [&](embedded::EmbeddedEngine& engine) { return project.down(engine); };
  project.timed(up);  // the choice of a runtime and the compiled filter are kept from here on
  project.timed(down);
  for (auto _ : state) {
    const double up_time = project.timed(up);
    const double observe_time = project.timed(Project::look);
    pss = std::max(pss, memory(project.folder()));
    const double down_time = project.timed(down);
    state.SetIterationTime(measure == Measure::Up ? up_time : measure == Measure::Observe ? observe_time : down_time);
  }
  state.counters["pss_KiB"] = static_cast<double>(pss);
}

}  // namespace

BENCHMARK_CAPTURE(containers, up, Measure::Up)
    ->Arg(1)
    ->Arg(50)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(containers, observe, Measure::Observe)
    ->Arg(50)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(containers, down, Measure::Down)
    ->Arg(1)
    ->Arg(50)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "supervisor") {
    davit::embedded::EngineOptions options;
    options.project = argv[2];
    options.data_root = argv[3];
    options.run_root = argv[4];
    return davit::embedded::run_supervisor(options);
  }
  const std::string bin = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin";
  ::setenv("DAVIT_LIBEXEC", bin.c_str(), 0);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
