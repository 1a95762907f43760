#include "subject.hpp"

#include <algorithm>

namespace davit::lint {
namespace {

const yaml::Node kNothing;

const yaml::Node& child(const yaml::Node& node, std::string_view key) {
  const yaml::Node* found = node.find(key);
  return found == nullptr ? kNothing : *found;
}

}  // namespace

Subject::Subject(const compose::LoadResult& result, const Files& files)
    : result_(result), loaded_(*result.loaded), files_(files) {
  const auto add = [&](const model::Service& service, const yaml::Node& trees, bool enabled) {
    services_.push_back({service.name, service, child(trees, service.name), enabled});
  };
  const auto& on = loaded_.project.services;
  const auto& off = loaded_.project.disabled_services;
  // Both are sorted, and no name is in both.
  auto next = off.begin();
  for (const auto& [name, service] : on) {
    for (; next != off.end() && next->first < name; ++next) add(next->second, loaded_.disabled, false);
    add(service, child(loaded_.tree, "services"), true);
  }
  for (; next != off.end(); ++next) add(next->second, loaded_.disabled, false);
}

const ServiceView* Subject::service(std::string_view name) const {
  const auto found = std::lower_bound(services_.begin(), services_.end(), name,
                                      [](const ServiceView& a, std::string_view wanted) { return a.name < wanted; });
  return found == services_.end() || found->name != name ? nullptr : &*found;
}

std::string Subject::written(const Span& where) const {
  if (!where.known()) return {};
  const auto [entry, fresh] = texts_.try_emplace(*where.file);
  Text& text = entry->second;
  if (fresh) {
    text.text = result_.sources.lookup()(*where.file).value_or("");
    text.lines.push_back(0);
    for (std::size_t i = 0; i < text.text.size(); ++i)
      if (text.text[i] == '\n') text.lines.push_back(i + 1);
  }
  const auto offset = [&](const Position& position) {
    if (position.line == 0 || position.line > text.lines.size()) return text.text.size();
    return std::min(text.lines[position.line - 1] + position.column - 1, text.text.size());
  };
  const std::size_t begin = offset(where.begin);
  return text.text.substr(begin, std::max(offset(where.end), begin) - begin);
}

Diagnostic& Findings::add(const Place& place, std::string message, const Span& where) {
  Diagnostic diagnostic{rule_->severity, std::string(rule_->code), std::move(message), {}, {}, {}};
  if (where.known()) diagnostic.where = where;
  items_.push_back({{rule_, std::move(diagnostic)}, place});
  return items_.back().finding.diagnostic;
}

Span part_of(const Span& whole, std::size_t offset, std::size_t length) {
  Span part = whole;
  part.begin.column += static_cast<std::uint32_t>(offset);
  part.end = {part.begin.line, part.begin.column + static_cast<std::uint32_t>(length)};
  return part;
}

}  // namespace davit::lint
