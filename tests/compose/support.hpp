#pragma once
// Loads from texts in memory.

#include <string>
#include <utility>
#include <vector>

#include "davit/compose/load.hpp"
#include "davit/compose/render.hpp"
#include "support/memory_files.hpp"

namespace davit::compose::test {

/// Files below /project, which is the current folder; the first one is loaded unless the request names others.
class LoadTest {
 public:
  explicit LoadTest(std::vector<std::pair<std::string, std::string>> files) {
    for (auto& [name, text] : files) memory.add("/project/" + name, std::move(text));
    request.cwd = "/project";
    request.project_name = "p";
    request.profiles = {"*"};
  }
  /// One file, compose.yaml.
  explicit LoadTest(std::string text) : LoadTest({{"compose.yaml", std::move(text)}}) {}

  [[nodiscard]] LoadResult load() const { return compose::load(request, memory); }
  /// The canonical YAML, or the messages.
  [[nodiscard]] std::string yaml() const {
    const LoadResult result = load();
    return result.loaded ? render_document(result.loaded->tree, Format::Yaml) : messages(result);
  }
  [[nodiscard]] static std::string messages(const LoadResult& result) {
    std::string text;
    for (const Diagnostic& item : result.diagnostics.items()) text += render(item, result.sources.lookup());
    return text;
  }
  [[nodiscard]] std::string messages() const { return messages(load()); }

  davit::test::MemoryFiles memory;
  LoadRequest request;
};

}  // namespace davit::compose::test
