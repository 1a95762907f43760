// A whole load: no crash; either a project or an error; and what `config` prints loads again to the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "../support/memory_files.hpp"
#include "davit/compose/load.hpp"
#include "davit/compose/render.hpp"

namespace {

davit::compose::LoadResult load(const std::string& text) {
  davit::test::MemoryFiles files;
  files.add("/p/compose.yaml", text);
  files.add("/p/b.yaml", "services: {base: {image: x, ports: ['80:80']}}");
  files.add("/p/a.env", "A=1\nB=$A\n");
  davit::compose::LoadRequest request;
  request.cwd = "/p";
  request.project_name = "p";
  request.profiles = {"*"};
  request.environment = {{"HOME", "/root"}, {"A", "a"}};
  return davit::compose::load(request, files);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using davit::compose::Format;
  const auto result = load(std::string(reinterpret_cast<const char*>(data), size));
  if (result.loaded.has_value() == result.diagnostics.has_errors()) std::abort();
  for (const auto& item : result.diagnostics.items()) (void)davit::render(item, result.sources.lookup());
  if (!result.loaded) return 0;
  (void)davit::compose::render_document(result.loaded->tree, Format::Json);
  const std::string printed = davit::compose::render_document(result.loaded->tree, Format::Yaml);
  const auto again = load(printed);
  std::string second;
  if (again.loaded) second = davit::compose::render_document(again.loaded->tree, Format::Yaml);
  if (second == printed) return 0;
  std::fprintf(stderr, "--- first\n%s--- second\n%s", printed.c_str(), second.c_str());
  for (const auto& item : again.diagnostics.items())
    std::fprintf(stderr, "%s", davit::render(item, again.sources.lookup()).c_str());
  std::abort();
}
