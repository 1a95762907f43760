#include "result_file.hpp"

#include <cstdio>
#include <fstream>

#include "davit/base/error.hpp"

namespace davit::cli {

void write_result(const std::string& file, const std::string& text) {
  if (file.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw Error("cannot write '" + file + "'");
}

}  // namespace davit::cli
