// Runs a fuzz target on every file of a folder, in the order of their names: what libFuzzer found once stays found,
// with any compiler. usage: NAME_replay FOLDER
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** words) {
  if (count != 2) return std::fprintf(stderr, "usage: %s FOLDER\n", words[0]), 2;
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (const auto& item : std::filesystem::directory_iterator(words[1], error)) paths.push_back(item.path());
  if (error) return std::fprintf(stderr, "cannot read '%s': %s\n", words[1], error.message().c_str()), 1;
  if (paths.empty()) return std::fprintf(stderr, "no files in '%s'\n", words[1]), 1;
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::fprintf(stderr, "%s\n", path.filename().c_str());  // the last one before an abort is the one
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) return std::fprintf(stderr, "cannot read '%s'\n", path.c_str()), 1;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu files\n", paths.size());
  return 0;
}
