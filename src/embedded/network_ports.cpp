// Published ports: sockets, rules, forwarders.

#include <algorithm>

#include "davit/base/error.hpp"
#include "embedded/held_ports.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/network_host.hpp"
#include "embedded/network_rows.hpp"

namespace davit::embedded {

/// Of all containers of the project but one, those that are starting included. For messages.
std::vector<network::NeighbourPort> NetworkHost::published_ports(const ContainerId& except) const {
  std::vector<network::NeighbourPort> out;
  for (const auto& [id, ports] : reserved_)
    if (id != except) out.insert(out.end(), ports.begin(), ports.end());
  for (const auto& [id, record] : connected_)
    for (const auto& port : record->network.ports)
      out.push_back({parse_address(port.host_ip), port.host_port,
                     port.protocol == "udp" ? network::Protocol::Udp : network::Protocol::Tcp, record->row.name});
  return out;
}

std::vector<network::PortReservation> NetworkHost::reserve(const Record& record) {
  std::vector<network::PortRequest> requests;
  for (const auto& port : record.spec.ports) {
    network::PortRequest request;
    if (!port.host_ip.empty()) request.host_ip = parse_address(port.host_ip);
    if (port.host_port != 0)
      request.host = network::PortRange{port.host_port, std::max(port.host_port, port.host_port_end)};
    request.container = port.container_port;
    request.protocol = port.protocol == "udp" ? network::Protocol::Udp : network::Protocol::Tcp;
    requests.push_back(request);
  }
  const network::Neighbours neighbours = [this, own = record.id()] { return published_ports(own); };
  std::vector<network::PortReservation> reserved = network::reserve_ports(requests, neighbours).value();
  for (const auto& port : reserved)
    for (const auto& socket : port.sockets)
      reserved_[record.id()].push_back({socket.host_ip, port.host_port, port.protocol, record.row.name});
  for (const auto& port : reserved)
    for (const auto& socket : port.sockets)
      keeper_.put(record.run_prefix() + held_port_name(port, socket.host_ip), socket.fd.get());
  return reserved;
}

std::vector<network::Publication> NetworkHost::rules_of(const Record& record,
                                                        const std::vector<network::PortReservation>& ports) const {
  std::vector<network::IpAddress> targets;
  const std::vector<network::Join> all = joins(record);
  for (const auto family : {network::Family::V4, network::Family::V6})
    if (const auto address = network::published_address(all, family)) targets.push_back(*address);
  return publications_of(ports, targets);
}

void NetworkHost::forward(Record& record, std::vector<network::PortReservation> ports) {
  const std::vector<network::Join> all = joins(record);
  auto address = network::published_address(all, network::Family::V4);
  if (!address) address = network::published_address(all, network::Family::V6);
  for (auto& port : ports) {
    for (const auto& socket : port.sockets)
      record.network.ports.push_back({socket.host_ip.to_string(), port.host_port, port.container_port,
                                      std::string(network::to_string(port.protocol))});
    if (!address) continue;
    const network::ForwardTarget where{*address, port.container_port};
    record.network.forwarders.push_back(std::make_unique<network::PortForwarder>(context_, std::move(port), where));
  }
}

Task<void> NetworkHost::publish(RecordPtr record, std::vector<network::PortReservation> ports) {
  std::vector<network::Publication> rules = rules_of(*record, ports);
  if (!rules.empty()) {
    record->network.publishes = true;
    co_await change_rules(record->id().str(), std::move(rules));
  }
  open_up(*record, std::move(ports));
}

void NetworkHost::open_up(Record& record, std::vector<network::PortReservation> ports) {
  forward(record, std::move(ports));
  if (record.network.serves_dns) update_names();
}

Task<void> NetworkHost::change_rules(std::string container, std::vector<network::Publication> rules) {
  const std::shared_ptr<RuleBatch> batch = next_rules_;
  batch->changes[std::move(container)] = std::move(rules);
  Gate::Pass turn = co_await project_turn_.enter();
  if (!batch->done) {
    next_rules_ = std::make_shared<RuleBatch>();
    batch->done = true;
    std::function<void()> work = [this, batch] { project_.publish(batch->changes); };
    try {
      co_await change(std::move(work));
    } catch (...) {
      batch->error = std::current_exception();
    }
  }
  if (batch->error) std::rethrow_exception(batch->error);
}

}  // namespace davit::embedded
