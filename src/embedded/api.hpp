#pragma once
// Requests to operations.

#include "embedded/http_server.hpp"
#include "embedded/kept_turns.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/turns.hpp"

namespace davit::embedded {

/// Engine and keeper must outlive it, and it the handlers.
class Api {
 public:
  Api(ProjectEngine& engine, KeeperLink& keeper, asio::any_io_executor executor)
      : engine_(engine), kept_turns_(keeper), changed_(std::move(executor)) {}

  struct KeptConnection {
    Fd connection;
    HttpRequest request;  ///< that holds a turn
  };
  /// Takes up the line of the last supervisor, out of `held`. Called once, before the first answer; the server goes on
  /// with the connections.
  [[nodiscard]] std::vector<KeptConnection> recover(std::map<std::string, Fd>& held);
  /// `connection`: its descriptor.
  Task<HttpResponse> answer(HttpRequest request, int connection);
  /// Waiting for events, readiness or a turn: nothing is lost when the asker goes away.
  [[nodiscard]] static bool abandonable(const HttpRequest& request);
  [[nodiscard]] std::unique_ptr<InputSink> attach(const HttpRequest& request);

  /// Connections of commands that have nothing more to ask, and wait for the end of the supervisor if it ends now.
  [[nodiscard]] int leaving() const { return leaving_; }
  /// There is one more of them.
  std::function<void()> on_leaving;

 private:
  [[nodiscard]] bool was_done(const HttpRequest& request, const ContainerId& id, const std::string& action);
  Task<HttpResponse> on_container(HttpRequest request, ContainerId id, std::string action);
  Task<HttpResponse> on_network(HttpRequest request);
  Task<HttpResponse> on_volume(HttpRequest request);
  Task<HttpResponse> on_events(HttpRequest request);
  Task<HttpResponse> act(HttpRequest request);
  Task<HttpResponse> on_turn(HttpRequest request, std::string id, int connection);
  void join(const std::string& id, Turns::Kind kind, std::string cause, int connection);
  void leave(const std::string& id, int connection);
  Task<HttpResponse> hold_turn(std::string id, Turns::Kind kind, std::string cause, int connection);
  Task<HttpResponse> until_begun(std::string id, bool asked_to_wait);
  Task<HttpResponse> until_lowered(std::string id);
  Task<HttpResponse> until_it_goes_on(std::string turn);

  ProjectEngine& engine_;
  KeptTurns kept_turns_;
  Turns turns_;
  Event changed_;  ///< turns, or what else keeps the project
  int leaving_ = 0;
  int staying_ = 0;  ///< listeners for whom a supervisor is kept, also of an empty project
};

}  // namespace davit::embedded
