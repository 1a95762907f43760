#pragma once
// Which services a command is about, and in which order.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "davit/engine/observed.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/make_plan.hpp"

namespace davit::plan {

/// The services named (all when none is), with what they depend on if asked for; an unknown name is an error.
[[nodiscard]] Result<std::set<std::string>, Diagnostics> select_services(const model::Project& project,
                                                                         const std::vector<std::string>& names,
                                                                         Dependencies dependencies);

/// The services of `names`, dependencies before dependants, otherwise by name. A cycle is broken at its last name: the
/// loader has reported it.
[[nodiscard]] std::vector<const model::Service*> in_dependency_order(const model::Project& project,
                                                                     const std::set<std::string>& names);

/// What was observed, for looking up.
struct ObservedIndex {
  std::map<std::string, std::vector<const engine::ObservedContainer*>> by_service;  ///< by number; no one-offs
  std::vector<const engine::ObservedContainer*> one_offs;
  std::map<std::string, const engine::ObservedNetwork*> networks;  ///< by name
  std::map<std::string, const engine::ObservedVolume*> volumes;    ///< by name

  explicit ObservedIndex(const engine::Observed& observed);
  [[nodiscard]] const std::vector<const engine::ObservedContainer*>& of(const std::string& service) const;
};

/// Containers whose service the project does not know (disabled ones it does), and one-offs that have ended.
[[nodiscard]] std::vector<const engine::ObservedContainer*> orphans_of(const model::Project& project,
                                                                       const engine::Observed& observed);
/// docker compose's warning about them.
[[nodiscard]] Diagnostic orphan_warning(const std::vector<const engine::ObservedContainer*>& orphans);

/// Running, paused or waiting for its restart: something is there to be stopped.
[[nodiscard]] bool is_up(const engine::ObservedContainer& container);

}  // namespace davit::plan
