#pragma once
// What `ls` prints. Pure.

#include <map>
#include <string>
#include <vector>

namespace davit::cli {

struct ProjectLine {
  std::string name;
  std::map<std::string, int> states;  ///< "running" to how many containers
  std::vector<std::string> config_files;
};

enum class Projects { Running, All };

/// Projects that `ls` shows: without --all those with living containers, of which alone their status then speaks.
/// Filters are "name=TEXT" (any of several); another one throws Error.
[[nodiscard]] std::vector<ProjectLine> choose_projects(std::vector<ProjectLine> projects, Projects which,
                                                       const std::vector<std::string>& filters);

[[nodiscard]] std::string projects_table(const std::vector<ProjectLine>& projects);
/// One array, without a newline at the end, as docker compose prints it.
[[nodiscard]] std::string projects_json(const std::vector<ProjectLine>& projects);

}  // namespace davit::cli
