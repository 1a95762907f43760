// Feeds bytes to everything in the dns room that reads from the network. Built with -fsanitize=fuzzer (DAVIT_FUZZ); the
// unit tests call it with random bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "davit/dns/message.hpp"
#include "davit/dns/names.hpp"
#include "davit/dns/resolv_conf.hpp"
#include "dns/responder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace davit;
  const std::span<const std::uint8_t> packet(data, size);
  static const dns::NameTable names({{"net", "web-1", {"web", "a"}, {network::IpAddress::v4(0x0A000002)}}});
  static const dns::Asker asker{{"net"}, {{"b", "web"}}};
  dns::Responder responder(600);
  std::vector<std::uint8_t> buffer(dns::kMaxMessage);
  for (const auto transport : {dns::Transport::Udp, dns::Transport::Tcp}) {
    const auto response = responder.respond(packet, transport, names, asker, dns::Forwarding::Off, buffer);
    if (response.size > buffer.size()) std::abort();
    const bool wrote = response.kind == dns::Response::Kind::Answer && response.size > 12;
    // What we say must be readable, and be the answer to what was asked.
    const auto answer = std::span<const std::uint8_t>(buffer).first(response.size);
    if (wrote && (!dns::parse_answer(answer) || !dns::answers(answer, packet))) std::abort();
  }
  (void)dns::parse_answer(packet);
  std::vector<std::uint8_t> copy(packet.begin(), packet.end());
  if (dns::truncate(copy, dns::kPlainUdpSize) > size) std::abort();
  (void)dns::parse_resolv_conf({reinterpret_cast<const char*>(data), size});
  return 0;
}
