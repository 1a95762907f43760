#include "embedded/container_actions.hpp"

#include <map>

namespace davit::embedded {
namespace {

engine::StopRequest stop_request(const HttpRequest& request) {
  engine::StopRequest stop;
  if (request.parameter("grace")) stop.grace = std::chrono::nanoseconds(request.number("grace", 0));
  return stop;
}

engine::CreateOptions create_options(const HttpRequest& request) {
  using Access = engine::VolumesFrom::Access;
  engine::CreateOptions options;
  for (const auto& [name, value] : request.query) {
    if (name == "volumes") options.volumes_from.push_back({value, Access::AsThere});
    if (name == "volumes-read-only") options.volumes_from.push_back({value, Access::ReadOnly});
  }
  if (auto old = request.parameter("inherit")) options.inherit_volumes_from = ContainerId(*old);
  return options;
}

Task<HttpResponse> create_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  engine.create_container(std::move(id), engine::container_spec_from_json(request.body), create_options(request),
                          cause);
  co_return HttpResponse{};
}

Task<HttpResponse> remove_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  const auto volumes =
      request.parameter("volumes") == "anonymous" ? engine::WithVolumes::Anonymous : engine::WithVolumes::No;
  co_await engine.remove_container(std::move(id), volumes, std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> start_container(ProjectEngine& engine, HttpRequest, ContainerId id, Cause cause) {
  co_await engine.start_container(std::move(id), std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> stop_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  const engine::StopRequest stop = stop_request(request);
  co_await engine.stop_container(std::move(id), stop, std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> restart_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  const engine::StopRequest stop = stop_request(request);
  co_await engine.restart_container(std::move(id), stop, std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> kill_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  std::string signal = request.parameter("signal").value_or("");
  co_await engine.kill_container(std::move(id), std::move(signal), std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> pause_container(ProjectEngine& engine, HttpRequest, ContainerId id, Cause cause) {
  co_await engine.pause_container(std::move(id), std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> unpause_container(ProjectEngine& engine, HttpRequest, ContainerId id, Cause cause) {
  co_await engine.unpause_container(std::move(id), std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> rename_container(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause cause) {
  std::string name = request.parameter("name").value_or("");
  co_await engine.rename_container(std::move(id), std::move(name), std::move(cause));
  co_return HttpResponse{};
}

Task<HttpResponse> await_ready(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause) {
  const engine::ReadyLimits limits{std::chrono::nanoseconds(request.number("listen", 0))};
  const engine::Readiness readiness = co_await engine.await_ready(std::move(id), limits);
  co_return HttpResponse{200, engine::to_json(readiness)};
}

Task<HttpResponse> plan_exec(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause) {
  ExecRequest exec = exec_request_from_json(request.body);
  const ExecPlan plan = co_await engine.plan_exec(std::move(id), std::move(exec));
  co_return HttpResponse{200, exec_plan_to_json(plan)};
}

Task<HttpResponse> exec_detached(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause) {
  ExecRequest exec = exec_request_from_json(request.body);
  co_await engine.exec_detached(std::move(id), std::move(exec));
  co_return HttpResponse{};
}

Task<HttpResponse> resize_terminal(ProjectEngine& engine, HttpRequest request, ContainerId id, Cause) {
  engine.resize_terminal(id, static_cast<unsigned>(request.number("columns", 80)),
                         static_cast<unsigned>(request.number("rows", 24)));
  co_return HttpResponse{};
}

}  // namespace

ContainerAction container_action(const std::string& method, const std::string& action) {
  static const std::map<std::string, ContainerAction> kActions{
      {"DELETE ", remove_container},
      {"POST create", create_container},
      {"POST start", start_container},
      {"POST stop", stop_container},
      {"POST restart", restart_container},
      {"POST kill", kill_container},
      {"POST pause", pause_container},
      {"POST unpause", unpause_container},
      {"POST rename", rename_container},
      {"POST ready", await_ready},
      {"POST exec", plan_exec},
      {"POST exec-detached", exec_detached},
      {"POST resize", resize_terminal},
  };
  const auto found = kActions.find(method + " " + action);
  return found == kActions.end() ? nullptr : found->second;
}

}  // namespace davit::embedded
