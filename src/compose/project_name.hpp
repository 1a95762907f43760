#pragma once
// What a project is called.

#include <string>
#include <vector>

#include "model_loader.hpp"

namespace davit::compose {

struct ProjectName {
  std::string name;
  Span where;                              ///< of `name:`; unknown when something else decided
  OriginStep origin;                       ///< what decided; means nothing while `where` is known
  std::vector<ReplacedVariable> replaced;  ///< in `name:`

  /// The name as a value, with its history if that is asked for.
  [[nodiscard]] yaml::Node node(const Tracking* tracking) const;
};

/// `-p`, COMPOSE_PROJECT_NAME, the last `name:` of the files, the folder: in this order. Reports names that are not
/// allowed, and none at all.
[[nodiscard]] ProjectName choose_project_name(const LoadRequest& request, const ProjectFiles& found,
                                              const std::vector<SourceFile>& files, Diagnostics& diagnostics);

}  // namespace davit::compose
