#pragma once
// What holds for every answer of ours, whatever the packet was. For the fuzz target and for the test with random
// packets: both look for a packet that breaks one of these.

#include <algorithm>
#include <string>

#include "davit/dns/message.hpp"
#include "dns/responder.hpp"
#include "dns/wire.hpp"

namespace davit::dns::testing {

using Packet = std::span<const std::uint8_t>;

/// Of an answer that says that the packet was no query: a header alone, with the asker's id and operation.
inline std::string broken_error_property(Packet packet, Packet answer) {
  if (answer.size() != kHeaderSize) return "an error is more than a header";
  for (const std::size_t count : {4U, 6U, 8U, 10U})
    if (read16(answer, count) != 0) return "an error has records";
  const bool is_query = (packet[2] & 0x78U) == 0;
  const auto expected = is_query ? Rcode::FormatError : Rcode::NotImplemented;
  return (answer[3] & 15U) == static_cast<unsigned>(expected) ? "" : "the wrong code for what is broken";
}

/// Of an answer to a question: the question as it was asked, no more than the asker takes, and readable.
inline std::string broken_answer_property(Packet packet, const Query& query, Transport transport, Packet answer) {
  const std::size_t taken = std::min<std::size_t>(query.udp_size, kMaxUdpSize);
  if (transport == Transport::Udp && answer.size() > taken) return "more than the asker takes";
  const std::size_t end = query.question_end;
  if (answer.size() < end ||
      !std::equal(packet.begin() + kHeaderSize, packet.begin() + static_cast<std::ptrdiff_t>(end),
                  answer.begin() + kHeaderSize))
    return "not the question that was asked";
  if (read16(answer, 4) != 1) return "not one question";
  if (read16(answer, 10) != (query.edns ? 1 : 0)) return "an OPT record answers an OPT record, and nothing else";
  const auto read = parse_answer(answer);
  if (!read) return "our own answer cannot be read";
  if (!answers(answer, packet)) return "our own answer is not taken for one";
  if (read->rcode != Rcode::NoError && read->rcode != Rcode::NameError) return "a question got an error";
  if (read->rcode == Rcode::NameError && (!read->addresses.empty() || !read->names.empty()))
    return "nothing, with data";
  return read->truncated && transport == Transport::Tcp ? "truncated, where there is room" : "";
}

/// The property that the response to `packet` breaks; "" when all hold. Nothing may have been forwarded.
inline std::string broken_property(Packet packet, Transport transport, const Response& response, Packet buffer) {
  const bool silent = packet.size() < kHeaderSize || (packet[2] & 0x80U) != 0;
  if (response.kind == Response::Kind::Forward) return "forwarded, where nothing may leave";
  if (silent != (response.kind == Response::Kind::Ignore))
    return "silence is for answers and scraps, and for them alone";
  if (silent) return "";
  if (response.size < kHeaderSize || response.size > buffer.size()) return "no message";
  const Packet answer = buffer.first(response.size);
  if (read16(answer, 0) != read16(packet, 0)) return "another id";
  if ((answer[2] & 0x80U) == 0) return "no QR bit";
  if ((answer[2] & 0x79U) != (packet[2] & 0x79U)) return "another operation or RD bit";
  Query query;
  if (parse_query(packet, query)) return broken_error_property(packet, answer);
  return broken_answer_property(packet, query, transport, answer);
}

/// The property that cutting `message` for `limit` breaks.
inline std::string broken_truncation(Packet message, std::size_t limit) {
  std::vector<std::uint8_t> cut(message.begin(), message.end());
  const std::size_t size = truncate(cut, limit);
  if (size > message.size()) return "longer than before";
  cut.resize(size);
  if (size == message.size()) {
    const bool fits = size <= limit || !question_end(message);
    if (!fits && *question_end(message) < size) return "not cut";
    if (size <= limit && !std::equal(cut.begin(), cut.end(), message.begin())) return "changed, though it fits";
    return "";
  }
  if (question_end(cut) != size) return "not cut behind the question";
  if ((cut[2] & 0x02U) == 0) return "cut without the TC bit";
  if (read16(cut, 0) != read16(message, 0)) return "another id";
  if (!std::equal(cut.begin() + kHeaderSize, cut.end(), message.begin() + kHeaderSize)) return "another question";
  const bool is_answer = (cut[2] & 0x80U) != 0;
  return is_answer && !parse_answer(cut) ? "what was cut cannot be read" : "";
}

}  // namespace davit::dns::testing
