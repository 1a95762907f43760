#pragma once
// The sockets of one container.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <vector>

#include "dns/server_core.hpp"
#include "dns/wakefulness.hpp"

namespace davit::dns {

class TcpSession;

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<ServerCore> core, ServerSockets sockets, Asker asker, std::vector<Upstream> upstreams);

  void start();
  /// Closes the sockets and connections; no answer is sent any more.
  void close();

  [[nodiscard]] ServerCore& core() { return *core_; }
  [[nodiscard]] const Asker& asker() const { return asker_; }
  [[nodiscard]] const std::vector<Upstream>& upstreams() const { return upstreams_; }
  void set_upstreams(std::vector<Upstream> upstreams) { upstreams_ = std::move(upstreams); }
  [[nodiscard]] const ServerCore::Outstanding& outstanding() const { return outstanding_; }
  void session_ended(const std::shared_ptr<TcpSession>& session);

 private:
  void wait_udp();
  void drain_udp();
  [[nodiscard]] bool serve_datagram();
  void wait_tcp();
  void pause_tcp();
  void accept_all();

  std::shared_ptr<ServerCore> core_;
  boost::asio::posix::stream_descriptor udp_;
  boost::asio::posix::stream_descriptor tcp_;
  boost::asio::steady_timer pause_;
  Asker asker_;
  std::vector<Upstream> upstreams_;
  ServerCore::Outstanding outstanding_ = std::make_shared<std::size_t>(0);
  Wakefulness wakefulness_;
  std::set<std::shared_ptr<TcpSession>> sessions_;
};

}  // namespace davit::dns
