#pragma once
// What to do with one packet. Pure: the sockets are elsewhere.

#include <cstdint>
#include <span>

#include "davit/dns/message.hpp"
#include "davit/dns/names.hpp"

namespace davit::dns {

/// What came of a packet.
struct Response {
  enum class Kind : std::uint8_t { Answer, Forward, Ignore };
  Kind kind = Kind::Ignore;
  std::size_t size = 0;  ///< of the answer in the buffer
};

enum class Transport : std::uint8_t { Udp, Tcp };

/// Whether questions that are not ours may leave. Containers on internal networks alone must not reach the outside by
/// way of names (CVE-2024-29018): those get NXDOMAIN.
enum class Forwarding : std::uint8_t { On, Off };

class Responder {
 public:
  explicit Responder(std::uint32_t ttl) : ttl_(ttl) {}

  /// `buffer` takes the answer: kMaxUdpSize bytes for UDP, kMaxMessage for TCP. After Forward, query() is the question.
  [[nodiscard]] Response respond(std::span<const std::uint8_t> packet, Transport transport, const NameTable& names,
                                 const Asker& asker, Forwarding forwarding, std::span<std::uint8_t> buffer);
  [[nodiscard]] const Query& query() const { return query_; }

 private:
  [[nodiscard]] bool look_up(const NameTable& names, const Asker& asker);
  [[nodiscard]] std::size_t write(std::span<const std::uint8_t> packet, std::span<std::uint8_t> buffer,
                                  std::size_t limit);

  std::uint32_t ttl_;
  std::uint32_t rotation_ = 0;
  Query query_;
  Lookup lookup_;
};

}  // namespace davit::dns
