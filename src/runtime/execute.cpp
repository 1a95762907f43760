#include "davit/async/run_apart.hpp"
#include "executor.hpp"

namespace davit::runtime {

void Execution::throw_if_failed() const {
  if (failures.empty()) return;
  Error error(failures.front());
  for (std::size_t i = 1; i < failures.size(); ++i) error.context("also: " + failures[i].message);
  throw error;
}

Task<engine::Observed> observe(engine::Engine& engine, const model::Project& project) {
  engine::Observed observed = co_await engine.observe();
  const auto knows = [](const auto& items, const std::string& name) {
    for (const auto& item : items)
      if (item.name == name) return true;
    return false;
  };
  for (const auto& [key, network] : project.networks) {
    if (knows(observed.networks, network.name)) continue;
    const auto found = co_await engine.find_network(network.name);
    if (found) observed.networks.push_back(*found);
  }
  for (const auto& [key, volume] : project.volumes) {
    if (knows(observed.volumes, volume.name)) continue;
    const auto found = co_await engine.find_volume(volume.name);
    if (found) observed.volumes.push_back(*found);
  }
  co_return observed;
}

Task<Execution> execute(Context context, const plan::Plan& plan, ExecuteOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  Executor run(context, plan, std::move(options), executor);
  Task<Execution> running = run_apart(run.run());  // its end turns cancellation off
  Execution result = co_await std::move(running);
  co_return result;
}

}  // namespace davit::runtime
