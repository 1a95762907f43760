#include "davit/dns/server.hpp"

#include <map>

#include "dns/listener.hpp"

namespace davit::dns {

struct Server::State {
  std::shared_ptr<ServerCore> core;
  std::map<std::string, std::shared_ptr<Listener>> listeners;
};

Server::Server(boost::asio::io_context& context, ServerLimits limits)
    : state_(std::make_unique<State>(State{std::make_shared<ServerCore>(context, limits), {}})) {}

Server::~Server() {
  for (const auto& [container, listener] : state_->listeners) listener->close();
  state_->core->close();
}

void Server::serve(const std::string& container, ServerSockets sockets, Asker asker, std::vector<Upstream> upstreams) {
  forget(container);
  auto listener = std::make_shared<Listener>(state_->core, std::move(sockets), std::move(asker), std::move(upstreams));
  state_->listeners.emplace(container, listener);
  listener->start();
}

void Server::set_upstreams(const std::string& container, std::vector<Upstream> upstreams) {
  const auto found = state_->listeners.find(container);
  if (found != state_->listeners.end()) found->second->set_upstreams(std::move(upstreams));
}

void Server::forget(const std::string& container) {
  const auto found = state_->listeners.find(container);
  if (found == state_->listeners.end()) return;
  found->second->close();
  state_->listeners.erase(found);
}

void Server::set_names(NameTable names) {
  state_->core->set_names(std::move(names));
}

void Server::set_look(std::function<void()> look) {
  state_->core->set_look(std::move(look));
}

}  // namespace davit::dns
