// Feeds bytes to everything in the dns room that reads from the network, and looks for a packet that breaks one of the
// properties of our answers. Built with -fsanitize=fuzzer (DAVIT_FUZZ); the unit tests call it with random bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "../dns/answer_properties.hpp"
#include "davit/dns/message.hpp"
#include "davit/dns/names.hpp"
#include "davit/dns/resolv_conf.hpp"
#include "dns/responder.hpp"

namespace {

void require_none(const std::string& broken) {
  if (broken.empty()) return;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace davit;
  const std::span<const std::uint8_t> packet(data, size);
  static const dns::NameTable names({{"net", "web-1", {"web", "a"}, {network::IpAddress::v4(0x0A000002)}}});
  static const dns::Asker asker{{"net"}, {{"b", "web"}}};
  dns::Responder responder(600);
  std::vector<std::uint8_t> buffer(dns::kMaxMessage);
  for (const auto transport : {dns::Transport::Udp, dns::Transport::Tcp}) {
    const auto response = responder.respond(packet, transport, names, asker, dns::Forwarding::Off, buffer);
    require_none(dns::testing::broken_property(packet, transport, response, buffer));
  }
  (void)dns::parse_answer(packet);
  require_none(dns::testing::broken_truncation(packet, dns::kPlainUdpSize));
  require_none(dns::testing::broken_truncation(packet, 0));
  (void)dns::parse_resolv_conf({reinterpret_cast<const char*>(data), size});
  return 0;
}
