#pragma once
// The program's main function, with its output.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "davit/cli/main.hpp"

namespace davit::cli::test {

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

inline Output run_davit(std::vector<std::string> words) {
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

}  // namespace davit::cli::test
