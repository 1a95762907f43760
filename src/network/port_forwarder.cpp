#include "davit/network/port_forwarder.hpp"

#include "network/forwarder_parts.hpp"

namespace davit::network {

struct PortForwarder::State {
  std::vector<std::shared_ptr<TcpForwarder>> tcp;
  std::vector<std::shared_ptr<UdpForwarder>> udp;
};

PortForwarder::PortForwarder(boost::asio::io_context& context, PortReservation reservation, ForwardTarget target,
                             ForwarderLimits limits)
    : state_(std::make_unique<State>()) {
  for (auto& socket : reservation.sockets) {
    if (reservation.protocol == Protocol::Tcp) {
      state_->tcp.push_back(std::make_shared<TcpForwarder>(context, std::move(socket.fd), target, limits));
      state_->tcp.back()->start();
    } else {
      state_->udp.push_back(std::make_shared<UdpForwarder>(context, std::move(socket.fd), target, limits));
      state_->udp.back()->start();
    }
  }
}

PortForwarder::~PortForwarder() {
  for (const auto& part : state_->tcp) part->close();
  for (const auto& part : state_->udp) part->close();
}

std::size_t PortForwarder::active() const {
  std::size_t sum = 0;
  for (const auto& part : state_->tcp) sum += part->active();
  for (const auto& part : state_->udp) sum += part->active();
  return sum;
}

}  // namespace davit::network
