#pragma once
// Published ports in user space: takes what the firewall's DNAT does not (::1, no rights for nftables) from the
// reserved sockets and carries it to the container.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "davit/network/ports.hpp"

namespace boost::asio {
class io_context;
}

namespace davit::network {

/// Where a reservation leads.
struct ForwardTarget {
  IpAddress address;
  std::uint16_t port = 0;
};

struct ForwarderLimits {
  std::size_t tcp_connections = 4096;  ///< at once, of one reservation; more wait in the backlog
  std::size_t udp_clients = 1024;      ///< at once; the one idle for longest makes room
  std::chrono::seconds udp_idle{30};   ///< after which a UDP client is forgotten
  std::chrono::seconds connect_timeout{10};
};

/// Serves the sockets of one reservation until it is destroyed, which closes its connections at once (descriptors given
/// to it too). Lives on the thread of the io_context.
class PortForwarder {
 public:
  PortForwarder(boost::asio::io_context& context, PortReservation reservation, ForwardTarget target,
                ForwarderLimits limits = {});
  ~PortForwarder();
  PortForwarder(const PortForwarder&) = delete;
  PortForwarder& operator=(const PortForwarder&) = delete;

  /// Connections (TCP) or clients (UDP) right now.
  [[nodiscard]] std::size_t active() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace davit::network
