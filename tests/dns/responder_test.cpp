#include "dns/responder.hpp"

#include <gtest/gtest.h>

#include "dns/bytes.hpp"

namespace davit::dns {
namespace {

using namespace testing;

class ResponderTest : public ::testing::Test {
 protected:
  std::string ask(std::string_view name, Type type, Forwarding forwarding = Forwarding::On) {
    return ask_raw(make_query(9, name, type), Transport::Udp, forwarding);
  }

  std::string ask_raw(const std::string& packet, Transport transport, Forwarding forwarding = Forwarding::On) {
    std::vector<std::uint8_t> buffer(kMaxMessage);
    const auto response = responder_.respond(bytes(packet), transport, names_, asker_, forwarding, buffer);
    if (response.kind == Response::Kind::Ignore) return "ignore";
    if (response.kind == Response::Kind::Forward) return "forward";
    buffer.resize(response.size);
    return describe(buffer);
  }

  static std::string describe(const std::vector<std::uint8_t>& buffer) {
    const auto answer = parse_answer(buffer);
    if (!answer) return "code " + std::to_string(buffer.at(3) & 15) + " without question";
    std::string text = "code " + std::to_string(static_cast<int>(answer->rcode));
    for (const auto& address : answer->addresses) text += " " + address.to_string();
    for (const auto& name : answer->names) text += " " + name;
    return text + (answer->truncated ? " truncated" : "");
  }

  static std::vector<Endpoint> endpoints() {
    std::vector<Endpoint> result{{"net", "shop-db-1", {"db"}, {ip("10.0.0.9")}}};
    for (int i = 0; i < 40; ++i) {
      result.push_back({"net", "shop-web-" + std::to_string(i), {"web"}, {ip("10.0.1." + std::to_string(i))}});
    }
    return result;
  }

  NameTable names_{endpoints()};
  Asker asker_{{"net"}, {}};
  Responder responder_{600};
};

TEST_F(ResponderTest, AnswersItsOwnNames) {
  EXPECT_EQ(ask("DB", Type::A), "code 0 10.0.0.9");
  EXPECT_EQ(ask("db", Type::Any), "code 0 10.0.0.9");
  EXPECT_EQ(ask("9.0.0.10.in-addr.arpa", Type::Ptr), "code 0 shop-db-1.net");
}

TEST_F(ResponderTest, OtherTypesOfItsOwnNamesAreEmpty) {
  for (const Type type : {Type::Aaaa, Type::Mx, Type::Txt, Type::Srv}) EXPECT_EQ(ask("db", type), "code 0");
}

TEST_F(ResponderTest, ForwardsTheRest) {
  EXPECT_EQ(ask("example.com", Type::A), "forward");
  EXPECT_EQ(ask("4.3.2.1.in-addr.arpa", Type::Ptr), "forward");
}

TEST_F(ResponderTest, WithoutAWayOutTheRestDoesNotExist) {
  EXPECT_EQ(ask("example.com", Type::A, Forwarding::Off), "code 3");
  EXPECT_EQ(ask("db", Type::A, Forwarding::Off), "code 0 10.0.0.9");
}

TEST_F(ResponderTest, ManyReplicasNeedTcpOrEdns) {
  EXPECT_NE(ask("web", Type::A).find("truncated"), std::string::npos);
  for (const auto& whole : {ask_raw(make_query(9, "web", Type::A), Transport::Tcp),
                            ask_raw(make_query(9, "web", Type::A, 1232), Transport::Udp)}) {
    EXPECT_EQ(whole.find("truncated"), std::string::npos) << whole;
    EXPECT_NE(whole.find("10.0.1.39"), std::string::npos) << whole;
  }
}

TEST_F(ResponderTest, BrokenPacketsGetACode) {
  EXPECT_EQ(ask_raw("short", Transport::Udp), "ignore");
  EXPECT_EQ(ask_raw(make_query(9, "db", Type::A) + "x", Transport::Udp), "code 1 without question");
  std::string update = make_query(9, "db", Type::A);
  update[2] = 0x28;
  EXPECT_EQ(ask_raw(update, Transport::Udp), "code 4 without question");
}

}  // namespace
}  // namespace davit::dns
