#pragma once
// Cases in folders below testdata: NAME.yaml is loaded, and what is made of it must be NAME.txt. NAME_ACCEPT=1 in the
// environment writes the .txt files anew; read the difference before committing it.
//
// A line "#### PATH" starts another file of the case; "#### env NAME=VALUE", "#### profile NAME", "#### project NAME"
// (none: the files decide), "#### file PATH" and "#### service NAME" change the request.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "support.hpp"

namespace davit::compose::test {

inline std::filesystem::path golden_folder(const std::string& kind) {
  return std::filesystem::path(DAVIT_TEST_DATA) / kind;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> golden_names(const std::string& kind) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(golden_folder(kind)))
    if (item.path().extension() == ".yaml") names.push_back(item.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

inline void set_up(LoadTest& test, const std::string& text) {
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
    else if (word == "project")
      test.request.project_name = value;
    else if (word == "service")
      test.request.services.push_back(value);
    else {
      flush();
      path = word;
    }
  }
  flush();
}

inline LoadTest golden_case(const std::string& kind, const std::string& name) {
  LoadTest test(std::vector<std::pair<std::string, std::string>>{});
  set_up(test, read_file(golden_folder(kind) / (name + ".yaml")));
  return test;
}

/// Compares with NAME.txt, or writes it.
inline void expect_golden(const std::string& kind, const std::string& name, const std::string& found) {
  const std::filesystem::path file = golden_folder(kind) / (name + ".txt");
  if (std::getenv("NAME_ACCEPT") != nullptr) {
    std::ofstream(file, std::ios::binary) << found;
    return;
  }
  EXPECT_EQ(found, read_file(file));
}

}  // namespace davit::compose::test
