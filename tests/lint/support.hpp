#pragma once
// Lints texts in memory.

#include <string>
#include <utility>
#include <vector>

#include "davit/lint/lint.hpp"
#include "davit/lint/output.hpp"
#include "support/memory_files.hpp"

namespace davit::lint::test {

/// A project in /project; compose.yaml is loaded, unless `files` names others.
class LintTest {
 public:
  explicit LintTest(std::string text) { memory.add("/project/compose.yaml", std::move(text)); }
  LintTest& with(const std::string& path, std::string text = "") {
    memory.add("/project/" + path, std::move(text));
    return *this;
  }

  [[nodiscard]] compose::LoadResult load() const {
    compose::LoadRequest asked = request;
    asked.cwd = "/project";
    asked.project_name = "p";
    prepare(asked.options);
    return compose::load(asked, memory);
  }

  [[nodiscard]] Report report() const {
    const compose::LoadResult loaded = load();
    if (loaded.loaded) return check(loaded, memory);
    std::string text;
    for (const Diagnostic& item : loaded.diagnostics.items()) text += render(item, loaded.sources.lookup());
    throw Error("the file does not load:\n" + text);
  }

  /// Where a rule found something: "line:column", with the file in front when it is not compose.yaml.
  [[nodiscard]] std::vector<std::string> places(std::string_view code) const {
    std::vector<std::string> places;
    for (const Finding& finding : report().findings)
      if (finding.rule->code == code) places.push_back(place(finding));
    return places;
  }

  /// "place code" of all findings.
  [[nodiscard]] std::vector<std::string> all() const {
    std::vector<std::string> all;
    for (const Finding& finding : report().findings)
      all.push_back(place(finding) + " " + std::string(finding.rule->code));
    return all;
  }

  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> messages;
    for (const Finding& finding : report().findings) messages.push_back(finding.diagnostic.message);
    return messages;
  }

  davit::test::MemoryFiles memory;
  compose::LoadRequest request;

 private:
  static std::string place(const Finding& finding) {
    const auto& where = finding.diagnostic.where;
    if (!where) return "-";
    const std::string text = where->to_string();
    return text.starts_with("compose.yaml:") ? text.substr(13) : text;
  }
};

}  // namespace davit::lint::test
