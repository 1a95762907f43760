// Rules about values that YAML reads otherwise than people do.

#include <algorithm>
#include <array>

#include "documents.hpp"
#include "words.hpp"

namespace davit::lint {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

bool is_plain_text(const Node& node) {
  return node.is_string() && !node.quoted;
}

void yaml_boolean(const Subject& subject, Findings& findings) {
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    for_each_scalar(entry.node, [&](const Node& node) {
      // An alias has the place of the alias, and the value was judged at its anchor.
      if (!is_plain_text(node) || !is_boolean_word(node.text) || subject.written(node.span) != node.text) return;
      const bool meaning = node.text.front() == 'y' || node.text.front() == 'Y' || node.text == "on" ||
                           node.text == "On" || node.text == "ON";
      findings
          .add(entry.place,
               "'" + node.text + "' is a string here, and the boolean " + (meaning ? "true" : "false") +
                   " for tools that read YAML 1.1",
               node.span)
          .with_hint("write \"" + node.text + "\" for the string, " + (meaning ? "true" : "false") +
                     " for the boolean");
    });
  });
}

void yaml_base_60(const Subject& subject, Findings& findings) {
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    for_each_scalar(entry.node, [&](const Node& node) {
      if (!is_plain_text(node)) return;
      const long long number = base_60(node.text);
      if (number < 0 || subject.written(node.span) != node.text) return;
      findings
          .add(entry.place,
               "'" + node.text + "' is the number " + std::to_string(number) + " for tools that read YAML 1.1",
               node.span)
          .with_hint("put it in quotes: \"" + node.text + "\"");
    });
  });
}

/// Mappings whose values end as strings.
constexpr std::array<std::string_view, 10> kTextMaps{"environment",  "labels",        "annotations",     "build.args",
                                                     "build.labels", "deploy.labels", "logging.options", "storage_opt",
                                                     "driver_opts",  "sysctls"};

/// What becomes of a plain value; empty when it stays as it is written.
std::string changed_value(const Node& node, const std::string& written) {
  const bool typed =
      node.kind == Kind::Int || node.kind == Kind::Float || node.kind == Kind::Bool || node.kind == Kind::Timestamp;
  if (!typed || written.empty() || written.front() == '*') return {};
  const std::string becomes = node.as_text();
  return becomes == written ? std::string() : becomes;
}

void yaml_changed_value(const Subject& subject, Findings& findings) {
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    for (const std::string_view path : kTextMaps)
      for_each_at(entry.node, path, [&](const Node& map) {
        for (const Entry& pair : map.entries) {
          const std::string written = subject.written(pair.value.span);
          const std::string becomes = changed_value(pair.value, written);
          if (becomes.empty()) continue;
          findings
              .add(entry.place,
                   "the value of '" + pair.key + "' becomes '" + becomes + "', for '" + written +
                       "' without quotes is " + std::string(pair.value.kind_name()),
                   pair.value.span)
              .with_hint("put it in quotes: \"" + written + "\"");
        }
      });
  });
}

/// Three or four digits that people mean as octal. Left out are decimal numbers that are common modes themselves (0400,
/// 0644, 0664, 0777).
bool looks_octal(const std::string& text) {
  if (text.size() < 3 || text.size() > 4 || text.front() == '0') return false;
  if (text == "256" || text == "420" || text == "436" || text == "511") return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
}

std::string in_octal(std::int64_t value) {
  std::string text;
  for (; value > 0; value /= 8) text.insert(text.begin(), static_cast<char>('0' + value % 8));
  return "0" + text;
}

void mode_not_octal(const Subject& subject, Findings& findings) {
  constexpr std::array<std::string_view, 4> kModes{"secrets.[].mode", "configs.[].mode", "build.secrets.[].mode",
                                                   "volumes.[].tmpfs.mode"};
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    for (const std::string_view path : kModes)
      for_each_at(entry.node, path, [&](const Node& mode) {
        const std::string written = subject.written(mode.span);
        const std::int64_t number = mode.as_int().value_or(0);
        if (mode.kind == Kind::Int && (number < 0 || number > 07777))
          findings
              .add(entry.place,
                   "the mode " + written +
                       " does not fit into a mode, of which the lowest twelve bits count: " + in_octal(number & 07777),
                   mode.span)
              .with_hint("write an octal number, such as 0440");
        if (mode.kind != Kind::Int || !looks_octal(written)) return;
        findings
            .add(entry.place, "the mode " + written + " is decimal, and means " + in_octal(mode.as_int().value_or(0)),
                 mode.span)
            .with_hint("write 0" + written);
      });
  });
}

constexpr std::array kRules{
    Definition{
        {.code = "yaml-boolean",
         .severity = Severity::Warning,
         .title = "yes, no, on or off without quotes",
         .why =
             R"(Compose files are YAML 1.2, where `yes`, `no`, `on` and `off` are strings. Many tools still read YAML 1.1 (everything
built on PyYAML, such as podman-compose and Ansible, and Ruby's parser), and for them these are booleans: `restart: no`
becomes `false`, and `ANSWER: no` arrives as `False`. Where a boolean is meant, the words work by kindness only.)",
         .example = R"(services:
  job:
    image: example/job:1.0
    restart: no
    environment: {FEATURE: on}
)",
         .better = R"(services:
  job:
    image: example/job:1.0
    restart: "no"
    environment: {FEATURE: "on"}
)",
         .fix = R"(Put the word in quotes if it is text; write `true` or `false` if it is a boolean.)"},
        yaml_boolean},
    Definition{
        {.code = "yaml-base-60",
         .severity = Severity::Warning,
         .title = "numbers with colons without quotes",
         .why =
             R"(For tools that read YAML 1.1, digits with colons are a number in base 60, if every part behind the first is below 60:
`22:22` is 1342, and `12:30` is 750. In Compose itself they are strings. Ports are where people meet it.)",
         .example = R"(services:
  git:
    image: gitea/gitea:1.22
    ports:
      - 22:22
)",
         .better = R"(services:
  git:
    image: gitea/gitea:1.22
    ports:
      - "22:22"
)",
         .fix = R"(Put ports, times and the like in quotes.)"},
        yaml_base_60},
    Definition{
        {.code = "yaml-changed-value",
         .severity = Severity::Warning,
         .title = "a value without quotes arrives as another text",
         .why =
             R"(A value without quotes that reads as a number, a boolean or a date is one, and is written out again for the container:
`022` is octal and arrives as `18`, `1.10` as `1.1`, `0x1F` as `31`, `1e3` as `1000`, `True` as `true`, a date with a
time behind it. The program in the container sees something that stands nowhere in the file.)",
         .example = R"(services:
  app:
    image: example/app:1.0
    environment:
      UMASK: 022
      API_VERSION: 1.10
)",
         .better = R"(services:
  app:
    image: example/app:1.0
    environment:
      UMASK: "022"
      API_VERSION: "1.10"
)",
         .fix = R"(Put it in quotes.)"},
        yaml_changed_value},
    Definition{
        {.code = "mode-not-octal",
         .severity = Severity::Warning,
         .title = "a file mode without the leading zero",
         .why =
             R"(`mode: 440` is the decimal number 440, which is `0670` in octal: the group may write to the file and run it, which nobody
has meant. A number is octal only with a zero in front.)",
         .example = R"(services:
  app:
    image: example/app:1.0
    secrets:
      - source: key
        mode: 440
secrets:
  key: {environment: APP_KEY}
)",
         .better = R"(services:
  app:
    image: example/app:1.0
    secrets:
      - source: key
        mode: 0440
secrets:
  key: {environment: APP_KEY}
)",
         .fix = R"(Write `0440`, or `"0440"`.)"},
        mode_not_octal},
};

}  // namespace

Definitions yaml_rules() {
  return kRules;
}

}  // namespace davit::lint
