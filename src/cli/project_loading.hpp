#pragma once
// From the global options to a project, with everything said that is to be said about its files.

#include <string>
#include <vector>

#include "context.hpp"
#include "davit/compose/load.hpp"
#include "davit/model/project.hpp"

namespace davit::cli {

/// What a load needs, from the command line and the environment.
[[nodiscard]] compose::LoadRequest load_request(const Context& context);

/// Loads, and prints what is to be said about the files. Mistakes in them end the command (ExitWith `failure`).
[[nodiscard]] compose::Loaded load_or_exit(const Context& context, const compose::LoadRequest& request,
                                           int failure = 1);

/// Loads the project of the command line. Warnings are printed; errors are printed and end the command (ExitWith 1).
/// `services` selects: they are enabled whatever their profiles say, and others than they and their dependencies are
/// left out (Project::disabled_services). None selects all.
[[nodiscard]] model::Project load_project(const Context& context, const std::vector<std::string>& services = {},
                                          compose::Dependencies dependencies = compose::Dependencies::Include);

/// For commands that can do without files (`-p` names the project, its containers' labels say the rest).
struct ProjectOrName {
  std::string name;
  std::optional<model::Project> project;  ///< unset: `-p` was given, and no `-f`
};
/// Services that are named on the command line count as enabled, whatever their profiles say.
[[nodiscard]] ProjectOrName load_project_or_name(const Context& context, const std::vector<std::string>& services = {});

}  // namespace davit::cli
