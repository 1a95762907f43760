#pragma once
// Requests to operations.

#include "embedded/http_server.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/turns.hpp"

namespace davit::embedded {

/// Both must outlive the handlers.
class Api {
 public:
  Api(ProjectEngine& engine, asio::any_io_executor executor) : engine_(engine), turns_changed_(std::move(executor)) {}

  Task<HttpResponse> answer(HttpRequest request);
  /// Waiting for events, readiness or a turn: nothing is lost when the asker goes away.
  [[nodiscard]] static bool abandonable(const HttpRequest& request);
  [[nodiscard]] std::unique_ptr<InputSink> attach(const HttpRequest& request);

 private:
  Task<HttpResponse> on_container(HttpRequest request, ContainerId id, std::string action);
  Task<HttpResponse> on_network(HttpRequest request);
  Task<HttpResponse> on_volume(HttpRequest request);
  Task<HttpResponse> on_events(HttpRequest request);
  Task<HttpResponse> act(HttpRequest request);
  Task<HttpResponse> on_turn(HttpRequest request, std::string id);
  Task<HttpResponse> hold_turn(std::string id, Turns::Kind kind, std::string cause);

  ProjectEngine& engine_;
  Turns turns_;
  Event turns_changed_;
};

}  // namespace davit::embedded
