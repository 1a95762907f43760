#include "davit/model/ports.hpp"

#include <gtest/gtest.h>

namespace davit::model {
namespace {

Port at(const std::string& address, std::uint16_t number = 8080, const std::string& protocol = "tcp") {
  return {.target = 80, .published = PortRange{number, number}, .host_ip = address, .protocol = protocol};
}

TEST(Ports, ClashOnAnAddressThatBothCover) {
  for (const auto& [a, b] : {std::pair{"", ""},
                             {"", "127.0.0.1"},
                             {"", "::"},
                             {"", "0.0.0.0"},
                             {"0.0.0.0", "127.0.0.2"},
                             {"::", "::1"},
                             {"10.0.0.1", "10.0.0.1"}}) {
    EXPECT_TRUE(clash(at(a), at(b))) << a << " and " << b;
    EXPECT_TRUE(clash(at(b), at(a))) << b << " and " << a;
  }
}

TEST(Ports, OfTwoFamiliesOrAddressesDoNotClash) {
  EXPECT_FALSE(clash(at("0.0.0.0"), at("::")));
  EXPECT_FALSE(clash(at("0.0.0.0"), at("::1")));
  EXPECT_FALSE(clash(at("::"), at("127.0.0.1")));
  EXPECT_FALSE(clash(at("127.0.0.1"), at("127.0.0.2")));
}

TEST(Ports, OfTwoNumbersOrProtocolsDoNotClash) {
  EXPECT_FALSE(clash(at(""), at("", 8081)));
  EXPECT_FALSE(clash(at(""), at("", 8080, "udp")));
}

TEST(Ports, ThatAreChosenFreelyDoNotClash) {
  Port any = at("");
  any.published = PortRange{0, 0};
  Port range = at("");
  range.published = PortRange{8080, 8082};
  Port unpublished = at("");
  unpublished.published.reset();
  for (const Port& port : {any, range, unpublished}) {
    EXPECT_FALSE(is_fixed(port));
    EXPECT_FALSE(clash(port, port));
  }
}

}  // namespace
}  // namespace davit::model
