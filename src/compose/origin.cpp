#include "davit/compose/origin.hpp"

#include <algorithm>

#include "phases.hpp"

namespace davit::compose {

yaml::Node by_default(yaml::Node node, KnownOrigin why) {
  node.origin = static_cast<std::uint32_t>(why);
  return node;
}

Origins::Origins() {
  // In the order of KnownOrigin.
  for (const char* why : {"", "named after the project", "follows from this"})
    add({OriginStep::Kind::Default, why, {}, 0});
}

std::uint32_t Origins::add(OriginStep step) {
  const std::string key = std::to_string(static_cast<int>(step.kind)) + " " + std::to_string(step.before) + " " +
                          step.where.to_string() + " " + step.detail;
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

void Origins::mark(yaml::Node& node, const OriginStep& step) {
  OriginStep own = step;
  own.before = node.origin;
  node.origin = add(std::move(own));
  for (yaml::Node& item : node.items) mark(item, step);
  for (yaml::Entry& entry : node.entries) mark(entry.value, step);
}

void Tracking::variable(yaml::Node& node, OriginStep::Kind kind, const std::string& name) const {
  const auto place = places.find(name);
  const bool set = kind != OriginStep::Kind::Unset;
  node.origin = origins.add({kind, name, set && place != places.end() ? place->second : Span(), node.origin});
}

std::string_view to_string(OriginStep::Kind kind) {
  using Kind = OriginStep::Kind;
  switch (kind) {
    case Kind::Default:
      return "default";
    case Kind::Interpolated:
      return "interpolated";
    case Kind::Unset:
      return "unset";
    case Kind::Overrides:
      return "overrides";
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
  }
  return "default";
}

}  // namespace davit::compose
