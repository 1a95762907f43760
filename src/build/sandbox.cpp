#include "build/sandbox.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "davit/async/timers.hpp"

namespace davit::build {
namespace {

namespace asio = boost::asio;

/// Runs the coroutine to its end on this thread.
container::RuntimeProgram choose(const std::string& wanted, const std::string& cache,
                                 const container::HostFacts& host) {
  asio::io_context context;
  SteadyTimers timers;
  std::exception_ptr failure;
  container::RuntimeProgram chosen;
  const auto done = [&](std::exception_ptr error, container::RuntimeProgram program) {
    failure = error;
    chosen = std::move(program);
  };
  asio::co_spawn(context, container::choose_runtime(timers, wanted, cache, host), done);
  context.run();
  if (failure) std::rethrow_exception(failure);
  return chosen;
}

}  // namespace

Sandbox::Sandbox(const std::filesystem::path& data_root, WorkArea& area, const RunSettings& settings, Notice notice)
    : data_root_(data_root), area_(area), settings_(settings), notice_(std::move(notice)) {}

void Sandbox::begin_network() {
  const std::lock_guard lock(mutex_);
  if (network_.valid()) return;
  const auto make = [this] {
    auto made = std::make_shared<RunNetwork>(area_, data_root_);
    for (const Diagnostic& notice : made->notices()) notice_(notice);
    return made;
  };
  network_ = std::async(std::launch::async, make).share();
}

const RunNetwork& Sandbox::network() {
  begin_network();
  return *network_.get();
}

const Sandbox::Runtime& Sandbox::runtime() {
  const std::lock_guard lock(mutex_);
  if (!runtime_) {
    const container::HostFacts host = container::detect_host();
    runtime_.emplace(Runtime{host, choose(settings_.runtime, cache_dir(), host)});
  }
  return *runtime_;
}

}  // namespace davit::build
