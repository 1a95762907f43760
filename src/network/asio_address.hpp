#pragma once
// Our addresses as Asio's.

#include <boost/asio/ip/address.hpp>

#include "davit/network/address.hpp"

namespace davit::network {

[[nodiscard]] inline boost::asio::ip::address to_asio(const IpAddress& address) {
  if (address.is_v4()) return boost::asio::ip::address_v4(address.v4_value());
  return boost::asio::ip::address_v6(address.bytes());
}

}  // namespace davit::network
