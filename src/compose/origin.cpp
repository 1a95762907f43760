#include "davit/compose/origin.hpp"

#include <algorithm>

#include "phases.hpp"

namespace davit::compose {
namespace {

constexpr std::size_t kLongestSummary = 40;

}  // namespace

yaml::Node by_default(yaml::Node node, KnownOrigin why) {
  node.origin = static_cast<std::uint32_t>(why);
  return node;
}

Origins::Origins() {
  // In the order of KnownOrigin.
  for (const char* why : {"", "named after the project", "follows from this"})
    add({OriginStep::Kind::Default, why, {}, {}, 0});
}

std::uint32_t Origins::add(OriginStep step) {
  const std::string key = std::to_string(static_cast<int>(step.kind)) + " " + std::to_string(step.before) + " " +
                          step.where.to_string() + " " + step.source.to_string() + " " + step.detail + " " +
                          std::to_string(step.part.from) + " " + std::to_string(step.part.to);
  const auto [known, fresh] = known_.emplace(key, static_cast<std::uint32_t>(steps_.size() + 1));
  if (fresh) steps_.push_back(std::move(step));
  return known->second;
}

std::vector<const OriginStep*> Origins::steps(std::uint32_t last) const {
  std::vector<const OriginStep*> chain;
  for (; last != 0; last = steps_[last - 1].before) chain.push_back(&steps_[last - 1]);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::uint32_t Origins::of_part(std::uint32_t last, const TextPart& part) {
  using Kind = OriginStep::Kind;
  const auto elsewhere = [&part](const OriginStep& step) {
    if (step.kind != Kind::Interpolated && step.kind != Kind::VariableDefault && step.kind != Kind::Unset) return false;
    const bool nothing = step.part.from == step.part.to;
    return nothing ? step.part.from < part.from || step.part.from > part.to
                   : step.part.from >= part.to || step.part.to <= part.from;
  };
  std::uint32_t number = 0;
  std::vector<OriginStep> kept;  // by value: add() moves the others
  for (const OriginStep* step : steps(last))
    if (!elsewhere(*step)) kept.push_back(*step);
  for (OriginStep& step : kept) {
    step.before = number;
    number = add(std::move(step));
  }
  return number;
}

void Origins::mark(yaml::Node& node, const OriginStep& step) {
  OriginStep own = step;
  own.before = node.origin;
  node.origin = add(std::move(own));
  for (yaml::Node& item : node.items) mark(item, step);
  for (yaml::Entry& entry : node.entries) mark(entry.value, step);
}

void Origins::mark_normalised(yaml::Node& node, const std::string& before) {
  if (node.text == before || !node.is_scalar()) return;
  node.origin = add({OriginStep::Kind::Normalised, before, {}, {}, node.origin});
}

void Origins::mark_replaced(const yaml::Node& earlier, yaml::Node& later) {
  using Kind = OriginStep::Kind;
  std::vector<OriginStep> replaced;
  for (const OriginStep* step : steps(earlier.origin))
    if (step->kind == Kind::Overrides || step->kind == Kind::OverrideTag) replaced.push_back(*step);
  if (const Span where = written_at(earlier, *this); where.known())
    replaced.push_back({Kind::Overrides, summary(earlier), {}, where, 0});
  for (const OriginStep& step : replaced) mark(later, step);
}

Span written_at(const yaml::Node& value, const Origins& origins) {
  using Kind = OriginStep::Kind;
  Span where = value.span;
  for (const OriginStep* step : origins.steps(value.origin)) {
    if (step->kind == Kind::Default && step->detail != "follows from this") return {};
    // The copy itself stands at its alias, the values in it where they are written.
    if (step->kind == Kind::Alias && step->where == where) where = step->source;
  }
  return where;
}

std::string line_of(const Span& where) {
  return where.known() ? *where.file + ":" + std::to_string(where.begin.line) : std::string();
}

std::string summary(const yaml::Node& value) {
  if (!value.is_scalar()) return {};
  const std::string text = value.text.substr(0, value.text.find('\n'));
  if (text.size() == value.text.size() && text.size() <= kLongestSummary) return text;
  std::size_t end = std::min(text.size(), kLongestSummary);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

OriginStep::Kind step_of(ReplacedVariable::By by) {
  switch (by) {
    case ReplacedVariable::By::Value:
      return OriginStep::Kind::Interpolated;
    case ReplacedVariable::By::Default:
      return OriginStep::Kind::VariableDefault;
    case ReplacedVariable::By::Nothing:
      return OriginStep::Kind::Unset;
  }
  return OriginStep::Kind::Unset;
}

void Tracking::variable(yaml::Node& node, OriginStep::Kind kind, const std::string& name) const {
  const auto place = places.find(name);
  const bool set = kind == OriginStep::Kind::Interpolated || kind == OriginStep::Kind::Environment;
  node.origin = origins.add({kind, name, set && place != places.end() ? place->second : Span(), {}, node.origin});
}

void Tracking::replaced(yaml::Node& node, const ReplacedVariable& variable) const {
  const auto place = places.find(variable.name);
  const bool set = variable.by == ReplacedVariable::By::Value;
  node.origin = origins.add({step_of(variable.by),
                             variable.name,
                             set && place != places.end() ? place->second : Span(),
                             {},
                             node.origin,
                             variable.part});
}

std::string_view to_string(OriginStep::Kind kind) {
  using Kind = OriginStep::Kind;
  switch (kind) {
    case Kind::Default:
      return "default";
    case Kind::Interpolated:
      return "interpolated";
    case Kind::VariableDefault:
      return "variable default";
    case Kind::Unset:
      return "unset variable";
    case Kind::Alias:
      return "alias";
    case Kind::MergeKey:
      return "merge key";
    case Kind::Overrides:
      return "overrides";
    case Kind::OverrideTag:
      return "override tag";
    case Kind::Extended:
      return "extended";
    case Kind::Included:
      return "included";
    case Kind::EnvFile:
      return "env file";
    case Kind::Environment:
      return "environment";
    case Kind::CommandLine:
      return "command line";
    case Kind::Normalised:
      return "normalised";
  }
  return "default";
}

}  // namespace davit::compose
