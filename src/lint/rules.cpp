// All rules, and their pages.

#include <algorithm>

#include "subject.hpp"

namespace davit::lint {
namespace {

/// Reads the one file of an example, and its neighbour.
class ExampleFiles final : public Files {
 public:
  explicit ExampleFiles(const Rule& rule) : rule_(rule) {}

  Result<std::string> read(const std::string& path, std::uint64_t) const override {
    if (path == "/example/compose.yaml") return std::string(rule_.example);
    return Diagnostic::error("unreadable-file", "cannot read '" + path + "'");
  }
  Kind kind(const std::string& path) const override {
    if (path == "/example") return Kind::Directory;
    return path == "/example/compose.yaml" || path == beside() ? Kind::Regular : Kind::Absent;
  }
  std::vector<std::string> list(const std::string& path) const override {
    if (path != "/example") return {};
    std::vector<std::string> names{"compose.yaml"};
    if (!rule_.beside.empty()) names.emplace_back(rule_.beside);
    return names;
  }

 private:
  [[nodiscard]] std::string beside() const {
    return rule_.beside.empty() ? std::string() : "/example/" + std::string(rule_.beside);
  }
  const Rule& rule_;
};

/// What davit prints for the example, this rule's findings only.
std::string example_output(const Rule& rule) {
  compose::LoadRequest request;
  request.cwd = "/example";
  request.files = {"compose.yaml"};
  prepare(request.options);
  const ExampleFiles files(rule);
  const compose::LoadResult loaded = compose::load(request, files);
  std::string text;
  if (!loaded.loaded) return text;
  for (const Finding& finding : check(loaded, files).findings)
    if (finding.rule == &rule) text += render(finding.diagnostic, loaded.sources.lookup());
  return text;
}

std::string block(std::string_view language, std::string_view text) {
  return "```" + std::string(language) + "\n" + std::string(text) + "```\n";
}

std::string silence_text(const Rule& rule) {
  const std::string code(rule.code);
  return "At the service or resource, with a reason:\n\n" +
         block("yaml", "x-davit-lint: {" + code + ": why it is fine here}\n") +
         "or at the top level of the file, for everything in the project; `[" + code +
         "]` does without a reason. For one run: `davit lint --ignore " + code + "`.\n";
}

}  // namespace

const std::vector<const Definition*>& definitions() {
  static const std::vector<const Definition*> kAll = [] {
    std::vector<const Definition*> all;
    for (const Definitions part :
         {secret_rules(), exposure_rules(), image_rules(), health_rules(), lifetime_rules(), port_rules(), yaml_rules(),
          variable_rules(), path_rules(), unused_rules(), load_rules(), silence_rules()})
      for (const Definition& definition : part) all.push_back(&definition);
    std::sort(all.begin(), all.end(),
              [](const Definition* a, const Definition* b) { return a->rule.code < b->rule.code; });
    return all;
  }();
  return kAll;
}

std::span<const Rule* const> rules() {
  static const std::vector<const Rule*> kRules = [] {
    std::vector<const Rule*> rules;
    for (const Definition* definition : definitions()) rules.push_back(&definition->rule);
    return rules;
  }();
  return kRules;
}

const Rule* find_rule(std::string_view code) {
  const auto all = rules();
  const auto found = std::lower_bound(all.begin(), all.end(), code,
                                      [](const Rule* rule, std::string_view wanted) { return rule->code < wanted; });
  return found == all.end() || (*found)->code != code ? nullptr : *found;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

std::string rule_page(const Rule& rule) {
  std::string page = "# " + std::string(rule.code) + "\n\n" + std::string(to_string(rule.severity)) + ": " +
                     std::string(rule.title) + "\n\n" + std::string(rule.why) + "\n";
  if (!rule.example.empty()) {
    page += "\n## Example\n\n" + block("yaml", rule.example) + "\n" + block("text", example_output(rule));
    page += "\n## Better\n\n" + block("yaml", rule.better) + "\n";
  } else {
    page += "\n## Better\n\n";
  }
  page += std::string(rule.fix) + "\n\n## Silence\n\n" + silence_text(rule);
  return page;
}

std::string rule_index() {
  std::string page =
      "# Rules of `davit lint`\n\n"
      "What is legal in a Compose file and will hurt. `davit lint --explain CODE` shows a page in the terminal. A rule "
      "is\n"
      "silenced at a service, at a resource or at the top level of a file by `x-davit-lint`: a list of codes, or a "
      "mapping\n"
      "from codes to reasons.\n\n"
      "| rule | severity | finds |\n|---|---|---|\n";
  for (const Rule* rule : rules())
    page += "| [" + std::string(rule->code) + "](" + std::string(rule->code) + ".md) | " +
            std::string(to_string(rule->severity)) + " | " + std::string(rule->title) + " |\n";
  return page;
}

}  // namespace davit::lint
