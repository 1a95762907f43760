#include "davit/dns/message.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "dns/bytes.hpp"
#include "dns/wire.hpp"

namespace davit::dns {
namespace {

using namespace testing;

std::optional<ParseProblem> parse(const std::string& packet, Query& query) {
  return parse_query(bytes(packet), query);
}

std::string header(std::uint16_t flags, int questions, int additional = 0) {
  std::string text("\x12\x34", 2);
  for (const int value : {int{flags}, questions, 0, 0, additional}) {
    text += static_cast<char>(value >> 8);
    text += static_cast<char>(value & 255);
  }
  return text;
}

std::string labels(const std::vector<std::size_t>& sizes) {
  std::string text;
  for (const auto size : sizes) text += static_cast<char>(size) + std::string(size, 'a');
  return text + std::string(1, '\0');
}

const std::string kTypeA("\0\1\0\1", 4);

TEST(ParseQuery, ReadsNameTypeAndId) {
  Query query;
  ASSERT_FALSE(parse(make_query(0xBEEF, "Web.Example.COM", Type::Aaaa), query));
  EXPECT_EQ(query.id, 0xBEEF);
  EXPECT_EQ(query.name(), "web.example.com");
  EXPECT_EQ(query.type, 28);
  EXPECT_EQ(query.udp_size, 512);
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_FALSE(query.edns);
}

TEST(ParseQuery, ReadsEdns) {
  Query query;
  ASSERT_FALSE(parse(make_query(1, "web", Type::A, 1232), query));
  EXPECT_TRUE(query.edns);
  EXPECT_EQ(query.udp_size, 1232);
  ASSERT_FALSE(parse(make_query(1, "web", Type::A, 100), query));
  EXPECT_EQ(query.udp_size, 512) << "sizes below 512 count as 512 (RFC 6891)";
}

TEST(ParseQuery, RootNameIsEmpty) {
  Query query;
  ASSERT_FALSE(parse(make_query(1, "", Type::Ns), query));
  EXPECT_EQ(query.name(), "");
}

TEST(ParseQuery, NameOf255BytesIsTheLongest) {
  Query query;
  EXPECT_FALSE(parse(header(0, 1) + labels({63, 63, 63, 61}) + kTypeA, query));
  EXPECT_EQ(query.name().size(), 253U);
  EXPECT_EQ(parse(header(0, 1) + labels({63, 63, 63, 62}) + kTypeA, query), ParseProblem::Malformed);
}

TEST(ParseQuery, DotInsideOfALabelIsNotASeparator) {
  Query query;
  ASSERT_FALSE(parse(header(0, 1) + std::string("\3a.b\0", 5) + kTypeA, query));
  EXPECT_EQ(query.name(), std::string_view("a\0b", 3));
}

TEST(ParseQuery, RefusesWhatIsBroken) {
  const std::string good = make_query(1, "web", Type::A, 1232);
  Query query;
  for (std::size_t size = 12; size < good.size(); ++size) {
    EXPECT_EQ(parse(good.substr(0, size), query), ParseProblem::Malformed) << size;
  }
  EXPECT_EQ(parse(good.substr(0, 11), query), ParseProblem::Ignore);
  EXPECT_EQ(parse(good + "x", query), ParseProblem::Malformed) << "trailing bytes";
  EXPECT_EQ(parse(header(0x8000, 1) + labels({3}) + kTypeA, query), ParseProblem::Ignore) << "an answer";
  EXPECT_EQ(parse(header(0x2800, 1) + labels({3}) + kTypeA, query), ParseProblem::NotImplemented) << "UPDATE";
  EXPECT_EQ(parse(header(0, 0), query), ParseProblem::Malformed) << "no question";
  EXPECT_EQ(parse(header(0, 2) + labels({3}) + kTypeA + labels({3}) + kTypeA, query), ParseProblem::Malformed);
  EXPECT_EQ(parse(header(0, 1) + std::string("\xC0\x0C", 2) + kTypeA, query), ParseProblem::Malformed) << "a loop";
  EXPECT_EQ(parse(header(0, 1) + std::string("\x41") + std::string(65, 'a') + std::string(1, '\0') + kTypeA, query),
            ParseProblem::Malformed)
      << "reserved label type";
  const std::string opt("\0\0\x29\4\xD0\0\0\0\0\0\0", 11);
  EXPECT_FALSE(parse(header(0, 1, 1) + labels({3}) + kTypeA + opt, query));
  EXPECT_EQ(parse(header(0, 1, 2) + labels({3}) + kTypeA + opt + opt, query), ParseProblem::Malformed) << "two OPT";
}

TEST(MakeQuery, RefusesWhatIsNoName) {
  for (const char* wrong : {"..", "a..b", ".a"}) EXPECT_THROW((void)make_query(1, wrong, Type::A), Error) << wrong;
  EXPECT_THROW((void)make_query(1, std::string(64, 'a'), Type::A), Error);
  EXPECT_EQ(make_query(1, "a.", Type::A), make_query(1, "a", Type::A));
}

TEST(ReadName, FollowsPointersBackwardsOnly) {
  const std::string packet = header(0x8000, 1) + std::string("\3web\0", 5) + kTypeA + std::string("\1a\xC0\x0C", 4) +
                             std::string("\xC0\x19", 2) + std::string("\xC0\x1B", 2) + std::string("\xC0\x40", 2);
  EXPECT_EQ(read_name(bytes(packet), 21), "a.web");
  EXPECT_EQ(read_name(bytes(packet), 25), std::nullopt) << "points at itself";
  EXPECT_EQ(read_name(bytes(packet), 27), std::nullopt) << "points at itself";
  EXPECT_EQ(read_name(bytes(packet), 29), std::nullopt) << "points forwards";
  EXPECT_EQ(read_name(bytes(packet), packet.size()), std::nullopt);
}

TEST(AnswerWriter, WritesWhatParseAnswerReads) {
  const std::string packet = make_query(7, "wEb", Type::A, 1232);
  Query query;
  ASSERT_FALSE(parse(packet, query));
  std::vector<std::uint8_t> buffer(kMaxUdpSize);
  AnswerWriter writer(bytes(packet), query, buffer, query.udp_size);
  writer.add_address(ip("10.0.0.2"), 600);
  writer.add_address(ip("fd00::2"), 600);
  writer.add_ptr("web-1.net", 600);
  buffer.resize(writer.finish(Rcode::NoError));
  const auto answer = parse_answer(buffer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, 7);
  EXPECT_EQ(answer->addresses, (std::vector{ip("10.0.0.2"), ip("fd00::2")}));
  EXPECT_EQ(answer->names, std::vector<std::string>{"web-1.net"});
  EXPECT_FALSE(answer->truncated);
  EXPECT_TRUE(answers(buffer, bytes(packet)));
  EXPECT_EQ(std::string(buffer.begin() + 12, buffer.begin() + 17), std::string("\3wEb\0", 5)) << "the spelling is kept";
  EXPECT_EQ(read16(buffer, 10), 1) << "an OPT record answers an OPT record";
}

TEST(AnswerWriter, SetsTheTcBitWhenFull) {
  const std::string packet = make_query(7, "web", Type::A, 512);
  Query query;
  ASSERT_FALSE(parse(packet, query));
  std::vector<std::uint8_t> buffer(kMaxUdpSize);
  AnswerWriter writer(bytes(packet), query, buffer, query.udp_size);
  for (unsigned i = 0; i < 100; ++i) writer.add_address(network::IpAddress::v4(i), 600);
  buffer.resize(writer.finish(Rcode::NoError));
  EXPECT_LE(buffer.size(), 512U);
  const auto answer = parse_answer(buffer);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->truncated);
  EXPECT_EQ(answer->addresses.size(), (512U - 21 - 11) / 16);
}

TEST(Truncate, KeepsHeaderAndQuestion) {
  const std::string packet = make_query(7, "web", Type::A);
  Query query;
  ASSERT_FALSE(parse(packet, query));
  std::vector<std::uint8_t> buffer(kMaxUdpSize);
  AnswerWriter writer(bytes(packet), query, buffer, kMaxUdpSize);
  for (unsigned i = 0; i < 100; ++i) writer.add_address(network::IpAddress::v4(i), 600);
  buffer.resize(writer.finish(Rcode::NoError));
  EXPECT_EQ(truncate(buffer, kMaxUdpSize), buffer.size());
  buffer.resize(truncate(buffer, 512));
  const auto answer = parse_answer(buffer);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->truncated);
  EXPECT_TRUE(answer->addresses.empty());
}

TEST(Answers, OnlyTheSameQuestionAndId) {
  const std::string packet = make_query(7, "web", Type::A);
  std::string answer = packet;
  answer[2] = static_cast<char>(0x80);
  EXPECT_TRUE(answers(bytes(answer), bytes(packet)));
  EXPECT_FALSE(answers(bytes(packet), bytes(packet))) << "a query is no answer";
  for (const auto& other :
       {make_query(8, "web", Type::A), make_query(7, "wec", Type::A), make_query(7, "web", Type::Mx)}) {
    EXPECT_FALSE(answers(bytes(answer), bytes(other)));
  }
}

TEST(ReverseName, ReadsBothFamilies) {
  EXPECT_EQ(parse_reverse_name("4.3.2.1.in-addr.arpa"), ip("1.2.3.4"));
  EXPECT_EQ(parse_reverse_name("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"),
            ip("fd00::2"));
  for (const char* wrong : {"3.2.1.in-addr.arpa", "5.4.3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa", ".in-addr.arpa",
                            "x.3.2.1.in-addr.arpa", "2.0.ip6.arpa", "in-addr.arpa", "web"}) {
    EXPECT_FALSE(parse_reverse_name(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace davit::dns
