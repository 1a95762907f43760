#include "silences.hpp"

#include <algorithm>
#include <array>

#include "davit/base/suggest.hpp"
#include "documents.hpp"

namespace davit::lint {
namespace {

using yaml::Entry;
using yaml::Node;

constexpr std::string_view kKey = "x-davit-lint";

/// A code as it is written, and the reason behind it.
struct Word {
  const std::string& code;
  const Span& where;
  std::string_view reason;
};

/// The codes of a silence in any of its forms: a code, a list of codes, a mapping from codes to reasons. False when it
/// has another form.
bool words_of(const Node& silence, const std::function<void(const Word&)>& visit) {
  if (silence.is_string()) {
    visit({silence.text, silence.span, {}});
    return true;
  }
  if (silence.is_map()) {
    for (const Entry& entry : silence.entries) visit({entry.key, entry.key_span, entry.value.text});
    return true;
  }
  if (!silence.is_list()) return false;
  for (const Node& item : silence.items)
    if (item.is_string()) visit({item.text, item.span, {}});
  return std::all_of(silence.items.begin(), silence.items.end(), [](const Node& item) { return item.is_string(); });
}

void check_silence(const Place& place, const Node& silence, Findings& findings) {
  const bool good = words_of(silence, [&](const Word& word) {
    if (find_rule(word.code) != nullptr) return;
    std::vector<std::string> codes;
    for (const Rule* rule : rules()) codes.emplace_back(rule->code);
    Diagnostic& item =
        findings.add(place, "'" + std::string(kKey) + "' names the unknown rule '" + word.code + "'", word.where);
    if (const auto near = nearest(word.code, codes))
      item.with_hint("did you mean '" + *near + "'?");
    else
      item.with_hint("'davit lint --list' shows the rules");
  });
  if (!good)
    findings
        .add(place, "'" + std::string(kKey) + "' must be a list of rules or a mapping from rules to reasons",
             silence.span)
        .with_hint("write [image-not-pinned], or {image-not-pinned: why that is fine here}");
}

void silence_mistake(const Subject& subject, Findings& findings) {
  for (const compose::ParsedFile& file : subject.documents())
    for (const Node& document : file.documents)
      if (const Node* silence = document.find(kKey)) check_silence({}, *silence, findings);
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    if (const Node* silence = entry.node.find(kKey)) check_silence(entry.place, *silence, findings);
  });
}

constexpr std::array kRules{
    Definition{{.code = "silence-mistake",
                .severity = Severity::Warning,
                .title = "x-davit-lint names no rule",
                .why = R"(A silence with a typo silences nothing, and one for a rule that is gone is noise.)",
                .example = R"(services:
  cache:
    image: redis:7.4
    container_name: cache
    x-davit-lint: [fixed-containr-name]
)",
                .better = R"(services:
  cache:
    image: redis:7.4
    container_name: cache
    x-davit-lint: [fixed-container-name]
)",
                .fix = R"(`davit lint --list` shows the rules.)"},
               silence_mistake},
};

}  // namespace

Definitions silence_rules() {
  return kRules;
}

void Silences::read(const Node* silence, Codes& codes) {
  if (silence == nullptr) return;
  words_of(*silence, [&](const Word& word) {
    std::string& reason = codes[word.code];
    if (reason.empty()) reason = word.reason;
  });
}

Silences::Silences(const Subject& subject) {
  const auto& main_files = subject.project().compose_files;
  for (const compose::ParsedFile& file : subject.documents())
    for (const Node& document : file.documents) {
      const Node* silence = document.find(kKey);
      const bool main = std::find(main_files.begin(), main_files.end(), file.path) != main_files.end();
      read(silence, main || !document.span.file ? project_ : files_[*document.span.file]);
    }
  for_each_entry(subject, [&](const DocumentEntry& entry) { read(entry.node.find(kKey), places_[entry.place]); });
  // What a service gets by 'extends' counts for it, too.
  for (const ServiceView& service : subject.services()) read(service.tree.find(kKey), places_[place_of(service)]);
}

std::optional<std::string> Silences::reason(const Findings::Item& item) const {
  const std::string& code = item.finding.diagnostic.code;
  const auto in = [&](const Codes& codes) -> std::optional<std::string> {
    const auto found = codes.find(code);
    return found == codes.end() ? std::nullopt : std::optional(found->second);
  };
  if (const auto place = places_.find(item.place); place != places_.end())
    if (auto reason = in(place->second)) return reason;
  if (const auto& where = item.finding.diagnostic.where; where && where->file)
    if (const auto file = files_.find(*where->file); file != files_.end())
      if (auto reason = in(file->second)) return reason;
  return in(project_);
}

}  // namespace davit::lint
