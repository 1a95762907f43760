#include "compose/short_forms.hpp"

#include <gtest/gtest.h>

namespace davit::compose {
namespace {

std::string ports(std::string_view text) {
  const auto parsed = parse_short_port(text);
  if (!parsed) return "error: " + parsed.error();
  std::string result;
  for (const ShortPort& port : *parsed)
    result += (result.empty() ? "" : " ") + port.host_ip + "|" + port.published + "|" + std::to_string(port.target) +
              "/" + port.protocol;
  return result;
}

TEST(ShortPort, MayHavePlusSigns) {
  const auto ports = parse_short_port("+5:+6");
  ASSERT_TRUE(ports);
  EXPECT_EQ(ports->front().published, "5");
  EXPECT_EQ(ports->front().target, 6);
  EXPECT_FALSE(parse_short_port("+-5"));
  EXPECT_FALSE(parse_short_port("++5"));
}

TEST(ShortPort, ReadsAllForms) {
  EXPECT_EQ(ports("3000"), "||3000/tcp");
  EXPECT_EQ(ports("8000:80"), "|8000|80/tcp");
  EXPECT_EQ(ports("3000-3001"), "||3000/tcp ||3001/tcp");
  EXPECT_EQ(ports("9090-9091:8080-8081"), "|9090|8080/tcp |9091|8081/tcp");
  EXPECT_EQ(ports("8000-9000:80"), "|8000-9000|80/tcp");
  EXPECT_EQ(ports("127.0.0.1:8001:8001"), "127.0.0.1|8001|8001/tcp");
  EXPECT_EQ(ports("127.0.0.1::80"), "127.0.0.1||80/tcp");
  EXPECT_EQ(ports("[::1]:80:80"), "::1|80|80/tcp");
  EXPECT_EQ(ports("::1:80:80"), "::1|80|80/tcp");
  EXPECT_EQ(ports("6060:6060/UDP"), "|6060|6060/udp");
}

std::string at(std::string_view text, const TextPart& part) {
  return std::string(text.substr(part.from, part.to - part.from));
}

TEST(ShortPort, KnowsWhereItsPartsStand) {
  const std::string_view text = "[::1]:8000-8001:80-81/udp";
  const auto parsed = parse_short_port(text);
  ASSERT_TRUE(parsed);
  for (const ShortPort& port : *parsed) {
    EXPECT_EQ(at(text, port.host_ip_at), "[::1]");
    EXPECT_EQ(at(text, port.published_at), "8000-8001");
    EXPECT_EQ(at(text, port.target_at), "80-81");
    EXPECT_EQ(at(text, port.protocol_at), "udp");
  }
  const auto alone = parse_short_port("80");
  ASSERT_TRUE(alone);
  EXPECT_EQ(at("80", alone->front().target_at), "80");
  EXPECT_EQ(at("80", alone->front().published_at), "");
  EXPECT_EQ(at("80", alone->front().protocol_at), "");
}

TEST(ShortVolume, KnowsWhereItsPartsStand) {
  const std::string_view text = "C:\\data:/data:ro,z";
  const auto parsed = parse_short_volume(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(at(text, parsed->source_at), "C:\\data");
  EXPECT_EQ(at(text, parsed->target_at), "/data");
  EXPECT_EQ(at(text, parsed->options_at), "ro,z");
}

TEST(Command, KnowsWhereItsWordsStand) {
  const std::string_view text = "run  \"a b\"c \\\\x '' 2>/dev/null";
  const auto parsed = split_command(text);
  ASSERT_TRUE(parsed);
  std::string parts;
  for (const TextPart& part : parsed->parts) parts += "[" + at(text, part) + "]";
  EXPECT_EQ(parsed->words.size(), parsed->parts.size());
  EXPECT_EQ(parts, "[run][\"a b\"c][\\\\x]['']");
}

TEST(ShortPort, SaysWhatIsWrong) {
  EXPECT_EQ(ports("80:"), "error: the container port is missing");
  EXPECT_EQ(ports("80:70000"), "error: the container port must be a number up to 65535 or a range, found '70000'");
  EXPECT_EQ(ports("1-3:1-2"), "error: the ranges differ in length: 3 host ports for 2 container ports");
  EXPECT_EQ(ports("80:80/icmp"), "error: the protocol must be 'tcp', 'udp' or 'sctp', found 'icmp'");
  EXPECT_EQ(ports("localhost:80:80"), "error: 'localhost' is not an IP address");
  EXPECT_EQ(ports("9-8"), "error: the range of container ports '9-8' runs backwards, write '8-9'");
  EXPECT_EQ(ports("9000-8000:80"), "error: the range of host ports '9000-8000' runs backwards, write '8000-9000'");
}

std::string volume(std::string_view text) {
  const auto parsed = parse_short_volume(text);
  if (!parsed) return "error: " + parsed.error();
  std::string result = parsed->type + "|" + parsed->source + "|" + parsed->target;
  if (parsed->read_only) result += "|ro";
  if (parsed->no_copy) result += "|nocopy";
  if (!parsed->propagation.empty()) result += "|" + parsed->propagation;
  if (!parsed->selinux.empty()) result += "|" + parsed->selinux;
  for (const std::string& option : parsed->unknown) result += "|?" + option;
  return result;
}

TEST(ShortVolume, ReadsAllForms) {
  EXPECT_EQ(volume("/data"), "volume||/data");
  EXPECT_EQ(volume("data:/data"), "volume|data|/data");
  EXPECT_EQ(volume("./a:/b:ro"), "bind|./a|/b|ro");
  EXPECT_EQ(volume("~/a:/b:rw,z"), "bind|~/a|/b|z");
  EXPECT_EQ(volume("C:\\a:D:\\b:ro"), "bind|C:\\a|D:\\b|ro");
  EXPECT_EQ(volume("data:/b:nocopy,rslave,what"), "volume|data|/b|nocopy|rslave|?what");
  EXPECT_EQ(volume("${A:-x}:/b"), "volume|${A:-x}|/b");
}

TEST(ShortVolume, SaysWhatIsWrong) {
  EXPECT_EQ(volume(""), "error: an empty volume");
  EXPECT_EQ(volume(":/data"), "error: a part of ':/data' is empty");
  EXPECT_EQ(volume("data:/b:ro:x"), "error: 'data:/b:ro:x' has too many colons");
}

std::string words(std::string_view text) {
  const auto parsed = split_command(text);
  if (!parsed) return "error: " + parsed.error();
  std::string result;
  for (const std::string& word : parsed->words) result += "[" + word + "]";
  return parsed->dropped.empty() ? result : result + " dropped " + parsed->dropped;
}

TEST(CommandLine, SplitsAsAShellWithoutExpansion) {
  EXPECT_EQ(words("a  b\tc"), "[a][b][c]");
  EXPECT_EQ(words("sh -c 'echo \"hi\"; exit 1'"), "[sh][-c][echo \"hi\"; exit 1]");
  EXPECT_EQ(words("a\\ b \"c\\\"d\" ''"), "[a b][c\"d][]");
  EXPECT_EQ(words("echo $HOME"), "[echo][$HOME]");
  EXPECT_EQ(words("echo hi | cat"), "[echo][hi] dropped | cat");
  EXPECT_EQ(words(""), "");
  EXPECT_EQ(words("a 'b"), "error: a quote (') that is never closed");
  EXPECT_EQ(words("a \\"), "error: a backslash at the end");
}

}  // namespace
}  // namespace davit::compose
