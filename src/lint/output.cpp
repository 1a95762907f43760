#include "davit/lint/output.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <span>

namespace davit::lint {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFindings = 200;  ///< that a person is shown at once

std::string count(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string summary(const Report& report, std::size_t hidden) {
  std::array<std::size_t, 3> by_severity{};
  for (const Finding& finding : report.findings) ++by_severity.at(static_cast<std::size_t>(finding.rule->severity));
  std::string parts;
  for (const Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
    if (const std::size_t number = by_severity.at(static_cast<std::size_t>(severity)); number != 0)
      parts += (parts.empty() ? "" : ", ") + count(number, to_string(severity));
  std::string line =
      report.findings.empty() ? "nothing found" : count(report.findings.size(), "finding") + ": " + parts;
  if (!report.silenced.empty()) line += "; " + std::to_string(report.silenced.size()) + " silenced";
  if (hidden != 0) line += "; " + count(hidden, "finding") + " below the level (--level note shows all)";
  return line + "\n";
}

void set_place(json::object& object, const std::optional<Span>& where) {
  if (!where || !where->file) return;
  object["file"] = *where->file;
  if (!where->known()) return;
  object["line"] = where->begin.line;
  object["column"] = where->begin.column;
  object["end_line"] = where->end.line;
  object["end_column"] = where->end.column;
}

json::object as_object(const Diagnostic& item) {
  json::object object{{"code", item.code}, {"severity", to_string(item.severity)}, {"message", item.message}};
  set_place(object, item.where);
  json::array notes;
  for (const Diagnostic::Note& note : item.notes) {
    json::object entry{{"text", note.text}};
    set_place(entry, note.where);
    notes.push_back(std::move(entry));
  }
  object["notes"] = std::move(notes);
  object["hint"] = item.hint ? json::value(*item.hint) : json::value(nullptr);
  return object;
}

json::array sarif_locations(const std::optional<Span>& where) {
  if (!where || !where->file) return {};
  json::object physical{{"artifactLocation", json::object{{"uri", *where->file}}}};
  if (where->known())
    physical["region"] = json::object{{"startLine", where->begin.line},
                                      {"startColumn", where->begin.column},
                                      {"endLine", where->end.line},
                                      {"endColumn", where->end.column}};
  return {json::object{{"physicalLocation", std::move(physical)}}};
}

json::object sarif_result(const Finding& finding) {
  const Diagnostic& item = finding.diagnostic;
  return {{"ruleId", item.code},
          {"level", to_string(item.severity)},
          {"message", json::object{{"text", item.message + (item.hint ? ". " + *item.hint : std::string())}}},
          {"locations", sarif_locations(item.where)}};
}

json::object sarif_rule(const Rule& rule) {
  return {{"id", rule.code},
          {"shortDescription", json::object{{"text", rule.title}}},
          {"fullDescription", json::object{{"text", rule.why}}},
          {"help", json::object{{"text", rule.fix}}},
          {"defaultConfiguration", json::object{{"level", to_string(rule.severity)}}}};
}

}  // namespace

std::string as_text(const Report& report, std::size_t hidden, const SourceLookup& sources, RenderOptions options) {
  std::string text;
  const std::size_t shown_findings = std::min(report.findings.size(), kMostFindings);
  for (const Finding& finding : std::span(report.findings).first(shown_findings)) {
    Diagnostic shown = finding.diagnostic;
    shown.message += " [" + shown.code + "]";
    text += render(shown, sources, options);
  }
  if (const std::size_t more = report.findings.size() - shown_findings; more > 0)
    text += "and " + count(more, "more finding") + "; '--format json' has them all\n";
  return text + summary(report, hidden);
}

std::string as_json(const Report& report) {
  json::array findings;
  for (const Finding& finding : report.findings) findings.push_back(as_object(finding.diagnostic));
  return json::serialize(findings) + "\n";
}

std::string message_as_json(const Diagnostic& message) {
  return json::serialize(as_object(message));
}

std::string as_sarif(const Report& report, std::string_view version) {
  json::array known;
  for (const Rule* rule : rules()) known.push_back(sarif_rule(*rule));
  json::array results;
  for (const Finding& finding : report.findings) results.push_back(sarif_result(finding));
  for (const Silenced& silenced : report.silenced) {
    json::object result = sarif_result(silenced.finding);
    json::object suppression{{"kind", "inSource"}};
    if (!silenced.reason.empty()) suppression["justification"] = silenced.reason;
    result["suppressions"] = json::array{std::move(suppression)};
    results.push_back(std::move(result));
  }
  const json::object driver{{"name", "davit"}, {"version", version}, {"rules", std::move(known)}};
  json::array runs{json::object{
      {"tool", json::object{{"driver", driver}}}, {"columnKind", "utf16CodeUnits"}, {"results", std::move(results)}}};
  const json::object log{
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", std::move(runs)}};
  return json::serialize(log) + "\n";
}

}  // namespace davit::lint
