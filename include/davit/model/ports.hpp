#pragma once
// Published ports of a service, in their long form.

#include <cstdint>
#include <optional>
#include <string>

#include "davit/base/span.hpp"

namespace davit::model {

/// An inclusive range of host ports; first == last for a single one.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// One container port and where it is published. A short form with two ranges of equal length ("80-82:8080-8082") has
/// become one Port per container port; a host range for one container port ("8000-9000:80") stays a range, from which
/// each replica takes a free port.
struct Port {
  Span where;
  std::string name;
  std::uint16_t target = 0;            ///< container port
  std::optional<PortRange> published;  ///< host port; nullopt: any free one, chosen at each start
  std::string host_ip;                 ///< address to bind, empty for all
  std::string protocol = "tcp";        ///< "tcp", "udp" or "sctp"
  std::string mode = "ingress";        ///< "ingress" or "host"; the same thing on one machine
  std::string app_protocol;
  friend bool operator==(const Port&, const Port&) = default;
};

/// Whether every container asks for the one host port that is named, and not for a free one.
[[nodiscard]] bool is_fixed(const Port& port);
/// Whether two fixed ports cannot both be bound: the same number and protocol, on an address that both cover. No address
/// covers those of both families, "0.0.0.0" and "::" those of their own.
[[nodiscard]] bool clash(const Port& a, const Port& b);

}  // namespace davit::model
