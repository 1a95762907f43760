#pragma once
// Requests to operations.

#include "embedded/http_server.hpp"
#include "embedded/project_engine.hpp"

namespace davit::embedded {

/// Both must outlive the handlers.
class Api {
 public:
  explicit Api(ProjectEngine& engine) : engine_(engine) {}

  Task<HttpResponse> answer(HttpRequest request);
  /// Waiting for events or readiness: nothing is lost when the asker goes away.
  [[nodiscard]] static bool abandonable(const HttpRequest& request);
  [[nodiscard]] std::unique_ptr<InputSink> attach(const HttpRequest& request);

 private:
  Task<HttpResponse> on_container(HttpRequest request, ContainerId id, std::string action);
  Task<HttpResponse> on_network(HttpRequest request);
  Task<HttpResponse> on_volume(HttpRequest request);
  Task<HttpResponse> on_events(HttpRequest request);

  ProjectEngine& engine_;
};

}  // namespace davit::embedded
