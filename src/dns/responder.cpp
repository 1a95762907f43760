#include "dns/responder.hpp"

#include <algorithm>

namespace davit::dns {
namespace {

constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kClassAny = 255;

bool is(std::uint16_t type, Type wanted) {
  return type == static_cast<std::uint16_t>(wanted);
}

}  // namespace

bool Responder::look_up(const NameTable& names, const Asker& asker) {
  if (query_.qclass != kClassIn && query_.qclass != kClassAny) return false;
  if (is(query_.type, Type::Ptr)) {
    const auto address = parse_reverse_name(query_.name());
    if (!address) return false;
    names.find_name(asker, *address, lookup_);
    return lookup_.outcome == Lookup::Outcome::Found;
  }
  const auto family = is(query_.type, Type::Aaaa) ? network::Family::V6 : network::Family::V4;
  names.find(asker, query_.name(), family, rotation_++, lookup_);
  // Of our names we know everything: any other type is an empty answer, where an upstream would say that there is no
  // such name.
  const bool addresses = is(query_.type, Type::A) || is(query_.type, Type::Aaaa) || is(query_.type, Type::Any);
  if (!addresses) lookup_.addresses.clear();
  return lookup_.outcome == Lookup::Outcome::Found;
}

std::size_t Responder::write(std::span<const std::uint8_t> packet, std::span<std::uint8_t> buffer, std::size_t limit) {
  AnswerWriter writer(packet, query_, buffer, limit);
  for (const auto& address : lookup_.addresses) writer.add_address(address, ttl_);
  if (!lookup_.name.empty()) writer.add_ptr(lookup_.name, ttl_);
  return writer.finish(Rcode::NoError);
}

Response Responder::respond(std::span<const std::uint8_t> packet, Transport transport, const NameTable& names,
                            const Asker& asker, Forwarding forwarding, std::span<std::uint8_t> buffer) {
  if (const auto problem = parse_query(packet, query_)) {
    if (*problem == ParseProblem::Ignore) return {};
    const auto code = *problem == ParseProblem::Malformed ? Rcode::FormatError : Rcode::NotImplemented;
    return {Response::Kind::Answer, write_error(packet, buffer, code)};
  }
  const std::size_t limit =
      transport == Transport::Tcp ? kMaxMessage : std::min<std::size_t>(query_.udp_size, kMaxUdpSize);
  if (look_up(names, asker)) return {Response::Kind::Answer, write(packet, buffer, limit)};
  if (forwarding == Forwarding::On) return {Response::Kind::Forward, 0};
  return {Response::Kind::Answer, AnswerWriter(packet, query_, buffer, limit).finish(Rcode::NameError)};
}

}  // namespace davit::dns
