#include "davit/lint/lint.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "documents.hpp"
#include "silences.hpp"
#include "subject.hpp"

namespace davit::lint {
namespace {

/// The rule that stands for a warning of the load.
const Rule* rule_of(const Diagnostic& warning) {
  return find_rule(warning.code == "boolean-word" ? "yaml-boolean" : std::string_view(warning.code));
}

void add_warnings(const Subject& subject, Findings& findings, Diagnostics& others) {
  for (const Diagnostic& warning : subject.load_diagnostics().items()) {
    const Rule* rule = rule_of(warning);
    if (rule == nullptr) {
      others.add(warning);
      continue;
    }
    findings.begin(*rule);
    const Span where = warning.where.value_or(Span{});
    Diagnostic& finding = findings.add(place_at(subject, where), warning.message, where);
    finding.where = warning.where;
    finding.notes = warning.notes;
    finding.hint = warning.hint;
  }
}

using Key = std::tuple<std::string, std::string, Position, std::string>;

/// What makes two findings one: a rule and a place. Anchors and 'extends' bring the same line into many services.
Key key_of(const Diagnostic& item) {
  if (!item.where || !item.where->known()) return {item.code, "", {}, item.message};
  return {item.code, *item.where->file, item.where->begin, ""};
}

/// By file in the order of reading, then by position; what has no place comes first.
void sort(std::vector<Finding>& findings, const Subject& subject) {
  std::map<std::string, std::size_t> order;
  for (const compose::ParsedFile& file : subject.documents())
    for (const yaml::Node& document : file.documents)
      if (document.span.file) order.try_emplace(*document.span.file, order.size() + 1);
  const auto place = [&](const Finding& finding) {
    const auto& where = finding.diagnostic.where;
    if (!where || !where->file) return std::tuple(std::size_t{0}, std::string(), Position{});
    const auto known = order.find(*where->file);
    return std::tuple(known == order.end() ? order.size() + 1 : known->second, *where->file, where->begin);
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& a, const Finding& b) { return place(a) < place(b); });
}

}  // namespace

void prepare(compose::LoadOptions& options) {
  options.keep_all_resources = true;
  options.keep_documents = true;
  options.resolve_environment = false;
}

Report failure(const compose::LoadResult& failed) {
  Report report;
  for (const Diagnostic& item : failed.diagnostics.items()) report.findings.push_back({rule_of(item), item});
  return report;
}

Report check(const compose::LoadResult& loaded, const Files& files) {
  const Subject subject(loaded, files);
  Findings found;
  for (const Definition* definition : definitions())
    if (definition->check != nullptr) {
      found.begin(definition->rule);
      definition->check(subject, found);
    }
  Report report;
  add_warnings(subject, found, report.others);

  const Silences silences(subject);
  std::set<Key> seen;
  std::vector<Findings::Item> items = found.take();
  for (Findings::Item& item : items)
    if (!silences.reason(item) && seen.insert(key_of(item.finding.diagnostic)).second)
      report.findings.push_back(item.finding);
  // A line that hurts in one service is no silence in another.
  for (Findings::Item& item : items)
    if (const auto reason = silences.reason(item); reason && seen.insert(key_of(item.finding.diagnostic)).second)
      report.silenced.push_back({item.finding, *reason});
  sort(report.findings, subject);
  return report;
}

}  // namespace davit::lint
