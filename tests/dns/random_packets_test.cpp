// Thousands of packets, from whole questions to noise: what comes back has the properties of answer_properties.hpp.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dns/answer_properties.hpp"
#include "dns/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace davit::dns {
namespace {

using namespace testing;

std::string hex(const std::string& packet) {
  std::string text;
  char pair[3];
  for (const char c : packet) {
    std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned char>(c));
    text += pair;
  }
  return text;
}

class RandomPackets : public ::testing::Test {
 protected:
  static std::vector<Endpoint> endpoints() {
    std::vector<Endpoint> result{{"net", "shop-db-1", {"db"}, {ip("10.0.0.9"), ip("fd00::9")}}};
    for (int i = 0; i < 200; ++i)
      result.push_back({"net", "shop-web-" + std::to_string(i), {"web"}, {ip("10.0.1." + std::to_string(i))}});
    return result;
  }

  std::size_t below(std::size_t limit) { return random_() % limit; }

  /// A question as a resolver asks it.
  std::string question() {
    static constexpr const char* kNames[] = {"db", "WEB", "web", "shop-db-1.net", "9.0.0.10.in-addr.arpa", "", "a.b.c"};
    static constexpr Type kTypes[] = {Type::A, Type::Aaaa, Type::Ptr, Type::Any, Type::Mx};
    static constexpr std::uint16_t kSizes[] = {0, 511, 512, 1232, 4096, 65535};
    const auto edns = below(2) == 0 ? std::optional<std::uint16_t>() : kSizes[below(std::size(kSizes))];
    const auto id = static_cast<std::uint16_t>(random_());
    return make_query(id, kNames[below(std::size(kNames))], kTypes[below(std::size(kTypes))], edns);
  }

  void damage(std::string& packet, std::size_t times) {
    for (std::size_t i = 0; i < times && !packet.empty(); ++i)
      packet[below(packet.size())] = static_cast<char>(random_());
  }

  /// What `packet` is answered with: "ignore", or the code and " truncated". Fails when a property is broken.
  std::string respond(const std::string& packet, Transport transport) {
    const auto response = responder_.respond(bytes(packet), transport, names_, asker_, Forwarding::Off, buffer_);
    EXPECT_EQ(broken_property(bytes(packet), transport, response, buffer_), "") << hex(packet);
    if (response.kind != Response::Kind::Answer) return "ignore";
    answer_.assign(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(response.size));
    return std::to_string(answer_[3] & 15) + ((answer_[2] & 2) != 0 ? " truncated" : "");
  }

  std::mt19937 random_{4711};  // a fixed seed: a failure can be repeated
  NameTable names_{endpoints()};
  Asker asker_{{"net"}, {}};
  Responder responder_{600};
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kMaxMessage);
  std::vector<std::uint8_t> answer_;
};

TEST_F(RandomPackets, WholeQuestionsAreAnsweredWithWhatIsKnown) {
  std::map<std::string, int> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::string packet = question();
    for (const auto transport : {Transport::Udp, Transport::Tcp}) ++seen[respond(packet, transport)];
    EXPECT_EQ(broken_truncation(answer_, kPlainUdpSize), "") << hex(packet);
    EXPECT_EQ(broken_truncation(answer_, below(answer_.size() + 1)), "") << hex(packet);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(seen.size(), 3U) << "known, too long for UDP, unknown: a question gets no error and no silence";
  for (const char* code : {"0", "0 truncated", "3"}) EXPECT_GT(seen[code], 100) << code;
}

TEST_F(RandomPackets, AnswersAreAboutTheNameThatWasAskedFor) {
  for (int i = 0; i < 500; ++i) {
    respond(make_query(static_cast<std::uint16_t>(random_()), "db", Type::Any), Transport::Udp);
    ASSERT_EQ(parse_answer(answer_).value().addresses.front(), ip("10.0.0.9"));
    respond(make_query(static_cast<std::uint16_t>(random_()), "web", Type::A), Transport::Tcp);
    ASSERT_EQ(parse_answer(answer_).value().addresses.size(), 200U);
  }
}

TEST_F(RandomPackets, ACutQuestionIsAFormatErrorOrNothing) {
  for (int i = 0; i < 1000; ++i) {
    const std::string packet = question();
    const std::size_t size = below(packet.size());
    EXPECT_EQ(respond(packet.substr(0, size), Transport::Udp), size < kHeaderSize ? "ignore" : "1") << hex(packet);
    EXPECT_EQ(respond(packet + static_cast<char>(random_()), Transport::Udp), "1")
        << "a byte too many: " << hex(packet);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(RandomPackets, DamagedQuestionsAndNoiseKeepTheProperties) {
  std::map<std::string, int> seen;
  for (int i = 0; i < 20000; ++i) {
    std::string packet = i % 2 == 0 ? question() : std::string(below(300), '\0');
    damage(packet, i % 2 == 0 ? 1 + below(3) : packet.size());
    if (i % 3 == 0) packet.resize(below(packet.size() + 1));
    ++seen[respond(packet, i % 5 == 0 ? Transport::Tcp : Transport::Udp)];
    LLVMFuzzerTestOneInput(bytes(packet).data(), packet.size());
    ASSERT_FALSE(HasFailure());
  }
  for (const char* code : {"ignore", "0", "1", "3", "4"}) EXPECT_GT(seen[code], 100) << code;
}

}  // namespace
}  // namespace davit::dns
