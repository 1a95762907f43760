// Golden messages: testdata/messages/NAME.yaml is loaded, and what is reported must be NAME.txt. NAME_ACCEPT=1 in the
// environment writes the .txt files anew; read the difference before committing it.
//
// A line "#### PATH" starts another file of the case; "#### env NAME=VALUE", "#### profile NAME", "#### file PATH" and
// "#### service NAME" change the request.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "support.hpp"

namespace davit::compose {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(fs::path(DAVIT_TEST_DATA) / "messages"))
    if (item.path().extension() == ".yaml") names.push_back(item.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

void set_up(test::LoadTest& test, const std::string& text) {
  std::istringstream lines(text);
  std::string path = "compose.yaml";
  std::string content;
  const auto flush = [&] { test.memory.add("/project/" + path, std::exchange(content, {})); };
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#### ")) {
      content += line + "\n";
      continue;
    }
    std::istringstream words(line.substr(5));
    std::string word;
    std::string value;
    words >> word >> value;
    if (word == "env")
      test.request.environment[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    else if (word == "profile")
      test.request.profiles = {value};
    else if (word == "file")
      test.request.files.push_back(value);
    else if (word == "service")
      test.request.services.push_back(value);
    else {
      flush();
      path = word;
    }
  }
  flush();
}

class Messages : public ::testing::TestWithParam<std::string> {};

TEST_P(Messages, AreAsReviewed) {
  const fs::path base = fs::path(DAVIT_TEST_DATA) / "messages" / GetParam();
  test::LoadTest test(std::vector<std::pair<std::string, std::string>>{});
  set_up(test, read_file(base.string() + ".yaml"));
  const std::string found = test.messages();
  if (std::getenv("NAME_ACCEPT") != nullptr) {
    std::ofstream(base.string() + ".txt", std::ios::binary) << found;
    return;
  }
  EXPECT_EQ(found, read_file(base.string() + ".txt"));
  EXPECT_FALSE(found.empty()) << "a case must report something";
}

INSTANTIATE_TEST_SUITE_P(All, Messages, ::testing::ValuesIn(case_names()),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace davit::compose
