#include <gtest/gtest.h>

#include <vector>

#include "davit/cli/main.hpp"

namespace davit::cli {
namespace {

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

Output davit(std::vector<std::string> words) {
  words.insert(words.begin(), "davit");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Output result;
  result.code = run(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  result.out = ::testing::internal::GetCapturedStdout();
  result.err = ::testing::internal::GetCapturedStderr();
  return result;
}

TEST(CommandLine, AnUnknownCommandNamesTheNearestOne) {
  const Output got = davit({"versoin"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err, "error: unknown command 'versoin'\n  hint: did you mean 'version'?\n");
}

TEST(CommandLine, AnUnknownFlagNamesTheNearestOne) {
  const Output got = davit({"version", "--shrt"});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err, "error: unknown flag: --shrt\n  hint: did you mean '--short'?\n");
}

TEST(CommandLine, HelpIsAManualPage) {
  const Output got = davit({"version", "--help"});
  EXPECT_EQ(got.code, 0);
  for (const char* part : {"NAME\n    davit version - ", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"})
    EXPECT_NE(got.out.find(part), std::string::npos) << part;
}

TEST(CommandLine, WithoutACommandItShowsTheCommands) {
  const Output got = davit({});
  EXPECT_EQ(got.code, 0);
  EXPECT_NE(got.out.find("COMMANDS"), std::string::npos);
}

}  // namespace
}  // namespace davit::cli
