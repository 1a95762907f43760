// Rules about lists of variables and labels.

#include <array>

#include "documents.hpp"

namespace davit::lint {
namespace {

using yaml::Node;

constexpr std::array<std::string_view, 4> kPairLists{"environment", "labels", "build.args", "deploy.labels"};

void for_each_list(const Subject& subject, const std::function<void(const DocumentEntry&, const Node&)>& visit) {
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    for (const std::string_view path : kPairLists)
      for_each_at(entry.node, path, [&](const Node& node) {
        if (node.is_list()) visit(entry, node);
      });
  });
}

void duplicate_variable(const Subject& subject, Findings& findings) {
  for_each_list(subject, [&](const DocumentEntry& entry, const Node& list) {
    std::map<std::string, const Node*> seen;
    for (const Node& item : list.items) {
      if (!item.is_string()) continue;
      const std::string name = item.text.substr(0, item.text.find('='));
      const auto [first, fresh] = seen.emplace(name, &item);
      if (fresh) continue;
      findings
          .add(entry.place, "'" + name + "' is given twice in this list, and the first value has no effect", item.span)
          .note("first here", first->second->span)
          .with_hint("remove one of them");
      first->second = &item;
    }
  });
}

bool is_in_quotes(std::string_view value) {
  return value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
}

void quotes_in_value(const Subject& subject, Findings& findings) {
  for_each_list(subject, [&](const DocumentEntry& entry, const Node& list) {
    for (const Node& item : list.items) {
      const std::size_t equals = item.text.find('=');
      if (!item.is_string() || item.quoted || equals == std::string::npos) continue;
      const std::string value = item.text.substr(equals + 1);
      if (!is_in_quotes(value)) continue;
      const std::string name = item.text.substr(0, equals);
      findings
          .add(entry.place, "the quotes are part of the value of '" + name + "'",
               subject.written(item.span) == item.text ? part_of(item.span, equals + 1, value.size()) : item.span)
          .with_hint("write \"" + name + "=" + value.substr(1, value.size() - 2) + "\", or the mapping form '" + name +
                     ": " + value + "'");
    }
  });
}

constexpr std::array kRules{
    Definition{
        {.code = "duplicate-variable",
         .severity = Severity::Warning,
         .title = "a name is given twice in one list",
         .why =
             R"(In the list form of `environment`, `labels` and `args` the last of two equal names wins without a word. Whoever changes
the first one wonders why nothing happens. (In the mapping form it is an error.))",
         .example = R"(services:
  app:
    image: example/app:1.0
    environment:
      - LOG_LEVEL=debug
      - PORT=8080
      - LOG_LEVEL=info
)",
         .better = R"(services:
  app:
    image: example/app:1.0
    environment:
      LOG_LEVEL: info
      PORT: "8080"
)",
         .fix = R"(Remove the one that has no effect. The mapping form does not let it happen again.)"},
        duplicate_variable},
    Definition{
        {.code = "quotes-in-value",
         .severity = Severity::Warning,
         .title = "quotes are part of a value",
         .why =
             R"(In the list form, `- NAME="value"` is one string for YAML, for it does not start with a quote. The quotes belong to the
value, and the program in the container sees them. A shell would have removed them; here there is none.)",
         .example = R"(services:
  search:
    image: example/search:1.0
    environment:
      - JAVA_OPTS="-Xms512m -Xmx512m"
)",
         .better = R"(services:
  search:
    image: example/search:1.0
    environment:
      - "JAVA_OPTS=-Xms512m -Xmx512m"
)",
         .fix =
             R"(Put the quotes around the whole item, leave them out, or use the mapping form. A value that shall have quotes can be
written as `- 'NAME="value"'`.)"},
        quotes_in_value},
};

}  // namespace

Definitions variable_rules() {
  return kRules;
}

}  // namespace davit::lint
