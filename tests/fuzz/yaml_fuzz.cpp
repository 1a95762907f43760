// YAML text to trees: no crash, and every place lies inside the text.
#include <cstdint>
#include <cstdlib>

#include "davit/yaml/parse.hpp"

namespace {

void check(const davit::yaml::Node& node, std::uint32_t lines) {
  if (node.span.begin.line > lines || node.span.end < node.span.begin) std::abort();
  for (const auto& item : node.items) check(item, lines);
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    if (i > 0 && !(node.entries[i - 1].key < node.entries[i].key)) std::abort();
    check(node.entries[i].value, lines);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  davit::yaml::Limits limits;
  limits.alias_nodes = 2000;
  const auto parsed = davit::yaml::parse(text, std::make_shared<const std::string>("fuzz.yaml"), limits);
  std::uint32_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1U : 0U;
  for (const auto& document : parsed.documents) check(document, lines);
  return 0;
}
