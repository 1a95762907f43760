// A whole load of several files: no crash; either a project or an error; every message can be printed; and what
// `config` prints loads again to the same. A line "#### PATH" starts another file, as in tests/compose/testdata.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "../support/memory_files.hpp"
#include "davit/compose/load.hpp"
#include "davit/compose/origin_render.hpp"
#include "davit/compose/render.hpp"
#include "davit/yaml/parse.hpp"

namespace {

using davit::compose::Format;
using davit::compose::LoadRequest;
using davit::compose::LoadResult;

constexpr std::string_view kMark = "#### ";

/// The files of an input, below /project.
davit::test::MemoryFiles files_in(std::string_view text) {
  davit::test::MemoryFiles files;
  std::string path = "compose.yaml";
  std::string content;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (!line.starts_with(kMark)) {
      content += line;
      continue;
    }
    files.add("/project/" + path, std::exchange(content, {}));
    path = line.substr(kMark.size(), line.find('\n') - kMark.size());
  }
  files.add("/project/" + path, content);
  return files;
}

LoadRequest request() {
  LoadRequest request;
  request.cwd = "/project";
  request.project_name = "p";
  request.profiles = {"*"};
  request.environment = {{"HOME", "/root"}, {"A", "a"}};
  return request;
}

std::string messages(const LoadResult& result) {
  std::string text;
  for (const auto& item : result.diagnostics.items()) text += davit::render(item, result.sources.lookup());
  return text;
}

[[noreturn]] void differ(const char* what, const std::string& first, const std::string& second) {
  std::fprintf(stderr, "%s\n--- first\n%s--- second\n%s", what, first.c_str(), second.c_str());
  std::abort();
}

/// The same again with the origin of every value recorded: that must change nothing.
void check_origins(const davit::test::MemoryFiles& files, const std::string& printed) {
  LoadRequest with_origins = request();
  with_origins.options.origins = true;
  const LoadResult result = davit::compose::load(with_origins, files);
  if (!result.loaded) differ("not loaded with origins", printed, messages(result));
  const auto& loaded = *result.loaded;
  const std::string same = davit::compose::render_document(loaded.tree, Format::Yaml);
  if (same != printed) differ("origins change the result", printed, same);
  (void)davit::compose::render_with_origins(loaded.tree, loaded.origins, davit::compose::TreeForm::Resolved);
  (void)davit::compose::render_origins_json(loaded.tree, loaded.origins, davit::compose::TreeForm::Resolved);
}

bool is_utf8(const std::string& text) {
  const davit::yaml::Parsed parsed = davit::yaml::parse("# " + text, std::make_shared<const std::string>("-"));
  const auto bad = [](const davit::Diagnostic& item) { return item.code == "yaml-byte"; };
  return std::none_of(parsed.diagnostics.items().begin(), parsed.diagnostics.items().end(), bad);
}

/// Two things do not come back. Keys with a dollar sign: docker compose prints them with two, and reads variables in
/// values only. Bytes of an env file that are no UTF-8 and no text of YAML either: a variable may hold them.
bool comes_back(const davit::yaml::Node& node) {
  const bool values = is_utf8(node.text) && std::all_of(node.items.begin(), node.items.end(), comes_back);
  return values && std::all_of(node.entries.begin(), node.entries.end(), [](const davit::yaml::Entry& entry) {
           return entry.key.find('$') == std::string::npos && is_utf8(entry.key) && comes_back(entry.value);
         });
}

/// What was printed, loaded in place of what it was made from.
void check_round_trip(davit::test::MemoryFiles& files, const LoadResult& first, const std::string& printed) {
  files.add("/project/printed.yaml", printed);
  LoadRequest again = request();
  again.files = {"/project/printed.yaml"};
  again.project_directory = first.loaded->project.working_dir;
  const LoadResult second = davit::compose::load(again, files);
  if (!second.loaded) differ("not loaded again", printed, messages(second));
  const std::string reprinted = davit::compose::render_document(second.loaded->tree, Format::Yaml);
  if (reprinted != printed) differ("not the same again", printed, reprinted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  davit::test::MemoryFiles files = files_in({reinterpret_cast<const char*>(data), size});
  const LoadResult result = davit::compose::load(request(), files);
  if (result.loaded.has_value() == result.diagnostics.has_errors()) std::abort();
  (void)messages(result);
  if (!result.loaded) return 0;
  (void)davit::compose::render_document(result.loaded->tree, Format::Json);
  const std::string printed = davit::compose::render_document(result.loaded->tree, Format::Yaml);
  check_origins(files, printed);
  if (comes_back(result.loaded->tree)) check_round_trip(files, result, printed);
  return 0;
}
