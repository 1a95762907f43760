// Files that are made to hurt: each is refused by a limit that has a name (docs/limits.md), with one message and a
// place. What a limit costs is not asserted here; that none of these cases takes long is why they can be tests.

#include <gtest/gtest.h>

#include "compose/limits.hpp"
#include "support.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;
using Files = std::vector<std::pair<std::string, std::string>>;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

/// make(0) + make(1) + …
template <class Make>
std::string each(std::size_t times, Make make) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += make(i);
  return out;
}

std::string number(std::size_t value) {
  return std::to_string(value);
}

/// Of one network, in a flow sequence.
std::string pools(std::size_t count) {
  return each(count, [](std::size_t i) { return "{subnet: 10.0." + number(i) + ".0/24},"; });
}

const std::string kService = "services:\n  a:\n    image: x\n";

struct Attack {
  std::string name;
  Files files;
  std::string code;   ///< of the first error
  std::string place;  ///< of the first error; "" when it has none
};

void PrintTo(const Attack& attack, std::ostream* out) {
  *out << attack.name;
}

/// A chain of services, each of which extends the next.
std::string extends_chain(std::size_t length) {
  return "services:\n" + each(length, [&](std::size_t i) {
           return "  s" + number(i) + ": {image: x" + (i + 1 < length ? ", extends: s" + number(i + 1) : "") + "}\n";
         });
}

/// Two includes of the next file in each: 2^levels loads.
Files include_fan_out(std::size_t levels) {
  Files files{{"compose.yaml", "include: [f0.yaml, f0.yaml]\n" + kService}};
  for (std::size_t i = 0; i < levels; ++i)
    files.emplace_back("f" + number(i) + ".yaml",
                       "include: [f" + number(i + 1) + ".yaml, f" + number(i + 1) + ".yaml]\n");
  files.emplace_back("f" + number(levels) + ".yaml", "services: {z: {image: x}}\n");
  return files;
}

Files include_chain(std::size_t length) {
  Files files{{"compose.yaml", "include: [f0.yaml]\n" + kService}};
  for (std::size_t i = 0; i <= length; ++i)
    files.emplace_back("f" + number(i) + ".yaml", "include: [f" + number(i + 1) + ".yaml]\n");
  return files;
}

std::string doubling_variables() {
  return "A0=" + repeated("a", 100) + "\n" +
         each(40, [](std::size_t i) { return "A" + number(i + 1) + "=$A" + number(i) + "$A" + number(i) + "\n"; });
}

std::vector<Attack> attacks() {
  const std::string big_env = each(2000, [](std::size_t i) { return "K" + number(i) + "=v\n"; });
  return {
      {"AliasesOfAliases",
       {{"compose.yaml", "x-a0: &a0 [1, 1]\n" + each(30,
                                                     [](std::size_t i) {
                                                       return "x-a" + number(i + 1) + ": &a" + number(i + 1) + " [" +
                                                              repeated("*a" + number(i) + ",", 10) + "]\n";
                                                     })}},
       "yaml-limit",
       "compose.yaml:6:44"},
      {"OpenBrackets",
       {{"compose.yaml", kService + "x-a: " + repeated("[", 100'000)}},
       "yaml-limit",
       "compose.yaml:4:20006"},
      {"DeepFlow",
       {{"compose.yaml", kService + "x-a: " + repeated("[", 10'000) + repeated("]", 10'000)}},
       "yaml-limit",
       "compose.yaml:4:205"},
      {"DeepBlock",
       {{"compose.yaml", kService + "x-a:\n " + repeated("- ", 10'000) + "1\n"}},
       "yaml-limit",
       "compose.yaml:5:400"},
      {"ManyValues",
       {{"compose.yaml", kService + "x-a: [" + repeated("1,", 700'000) + "1]\n"}},
       "yaml-limit",
       "compose.yaml:4:1199993"},
      {"ManyDocuments",
       {{"compose.yaml", kService + repeated("...\n---\n", 20'000)}},
       "yaml-limit",
       "compose.yaml:20003:1"},
      {"IncludesThatFanOut", include_fan_out(40), "load-limit", "f39.yaml:1:11"},
      {"IncludesInARow", include_chain(300), "load-limit", "f99.yaml:1:11"},
      {"IncludeOfItselfInSecondPlace",
       {{"compose.yaml", "include:\n  - path: [c.yaml, compose.yaml]\n" + kService}, {"c.yaml", "services: {}\n"}},
       "include-cycle",
       "compose.yaml:2:20"},
      {"ExtendsInARow", {{"compose.yaml", extends_chain(10'000)}}, "load-limit", "compose.yaml:202:20"},
      {"ExtendsThatCopyALot",
       {{"compose.yaml",
         "services:\n" +
             each(1000, [](std::size_t i) { return "  s" + number(i) + ": {extends: {file: b.yaml, service: a}}\n"; })},
        {"b.yaml",
         kService + "    environment:\n" + each(1000, [](std::size_t i) { return "      K" + number(i) + ": v\n"; })}},
       "load-limit",
       "compose.yaml:365:10"},
      {"AddressPools",
       {{"compose.yaml", kService + "networks: {n: {ipam: {config: [" + pools(10) + "]}}}\n---\n" +
                             "networks:\n  n:\n    ipam:\n      config: [" + pools(200) + "]\n"}},
       "load-limit",
       "compose.yaml:9:15"},
      {"NestedVariables",
       {{"compose.yaml", kService + "    command: \"" + repeated("${a:-", 10'000) + repeated("}", 10'000) + "\"\n"}},
       "variable-syntax",
       "compose.yaml:4:335"},
      {"ALargeVariableManyTimes",
       {{"compose.yaml", kService + "    command: \"" + repeated("$A", 1000) + "\"\n"},
        {".env", "A=" + repeated("a", 100'000) + "\n"}},
       "load-limit",
       "compose.yaml:4:349"},
      {"ALargeVariableInManyPlaces",
       {{"compose.yaml",
         kService + "    environment:\n" + each(1000, [](std::size_t i) { return "      K" + number(i) + ": $A\n"; })},
        {".env", "A=" + repeated("a", 100'000) + "\n"}},
       "load-limit",
       "compose.yaml:254:13"},
      {"VariablesThatDouble", {{"compose.yaml", kService}, {".env", doubling_variables()}}, "env-syntax", ".env:18:13"},
      {"VariablesThatDoubleInAnEnvFile",
       {{"compose.yaml", kService + "    env_file: e\n"}, {"e", doubling_variables()}},
       "env-syntax",
       "e:18:13"},
      {"AnEnvFileForManyServices",
       {{"compose.yaml",
         "services:\n" + each(1000, [](std::size_t i) { return "  s" + number(i) + ": {image: x, env_file: e}\n"; })},
        {"e", big_env}},
       "load-limit",
       "compose.yaml:191:30"},
      {"Services",
       {{"compose.yaml",
         "services:\n" + each(30'000, [](std::size_t i) { return "  s" + number(100'000 + i) + ": {image: x}\n"; })}},
       "load-limit",
       "compose.yaml:20002:3"},
      {"PortRanges",
       {{"compose.yaml",
         kService + "    ports:\n" +
             each(100, [](std::size_t i) { return "      - \"127.0.0." + number(i) + ":1-65535:1-65535\"\n"; })}},
       "load-limit",
       "compose.yaml:6:9"},
      {"Tags",
       {{"compose.yaml",
         kService + "x-a:\n" + each(3000, [](std::size_t i) { return "  k" + number(i) + ": !reset 1\n"; })}},
       "load-limit",
       "compose.yaml:2804:3"},
      {"DocumentsThatMerge",
       {{"compose.yaml",
         each(5000, [](std::size_t i) { return "---\nservices: {s" + number(i) + ": {image: x}}\n"; })}},
       "load-limit",
       ""},
  };
}

class Hostile : public ::testing::TestWithParam<Attack> {};

TEST_P(Hostile, IsRefusedWithAPlace) {
  const Attack& attack = GetParam();
  const LoadResult result = LoadTest(attack.files).load();
  EXPECT_FALSE(result.loaded.has_value());
  const Diagnostic* first = nullptr;
  for (const Diagnostic& item : result.diagnostics.items())
    if (first == nullptr && item.severity == Severity::Error) first = &item;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->code, attack.code) << first->message;
  if (!attack.place.empty()) {
    EXPECT_EQ(first->where ? first->where->to_string() : "nowhere", attack.place) << first->message;
  }
  EXPECT_LE(result.diagnostics.items().size(), kMostMistakes + 10);
}

INSTANTIATE_TEST_SUITE_P(Files, Hostile, ::testing::ValuesIn(attacks()),
                         [](const auto& given) { return given.param.name; });

TEST(Limits, MistakesOfAFileAreCountedOut) {
  const LoadTest test(kService + each(10'000, [](std::size_t i) { return "    bad" + number(i) + ": 1\n"; }));
  const LoadResult result = test.load();
  ASSERT_EQ(result.diagnostics.items().size(), kMostMistakes + 1);
  EXPECT_EQ(result.diagnostics.items().back().code, "load-limit");
}

TEST(Limits, AProjectReadsAThousandFiles) {
  davit::test::MemoryFiles memory;
  for (std::size_t i = 0; i <= kMostFiles; ++i) memory.add("/f" + number(i), "x");
  const BoundedFiles files(memory);
  for (std::size_t i = 0; i < kMostFiles; ++i) ASSERT_TRUE(files.read("/f" + number(i))) << i;
  EXPECT_TRUE(files.read("/f0")) << "one that it knows already";
  const auto more = files.read("/f" + number(kMostFiles));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, "load-limit");
}

TEST(Limits, ManyValuesThatFitAreRead) {
  const std::string variables = each(50'000, [](std::size_t i) { return "      - K" + number(i) + "=v\n"; });
  const LoadResult result = LoadTest(kService + "    environment:\n" + variables).load();
  ASSERT_TRUE(result.loaded) << LoadTest::messages(result);
  EXPECT_EQ(result.loaded->project.services.at("a").environment.size(), 50'000U);
}

TEST(Limits, ManyExpressionsOnOneLineAreRead) {
  const LoadTest test(kService + "    command: \"" + repeated("${a:-${b:-x}} ", 100'000) + "\"\n");
  const LoadResult result = test.load();
  ASSERT_TRUE(result.loaded) << LoadTest::messages(result);
  EXPECT_EQ(result.loaded->project.services.at("a").command.value().size(), 100'000U);
}

TEST(Limits, ABudgetReportsOnce) {
  Budget budget(10);
  EXPECT_TRUE(budget.take(10));
  EXPECT_FALSE(budget.report());
  EXPECT_FALSE(budget.take(1));
  EXPECT_FALSE(budget.take(0)) << "it stays spent";
  EXPECT_TRUE(budget.report());
  EXPECT_FALSE(budget.report());
  EXPECT_EQ(budget.left(), 0U);
}

}  // namespace
}  // namespace davit::compose
