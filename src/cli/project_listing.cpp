#include "project_listing.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "davit/base/error.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

bool lives(const std::string& state) {
  return state == "running" || state == "paused" || state == "restarting";
}

/// "exited(1), running(2)"
std::string status(const ProjectLine& project) {
  std::string text;
  for (const auto& [state, count] : project.states)
    text += (text.empty() ? "" : ", ") + state + "(" + std::to_string(count) + ")";
  return text;
}

std::string files(const ProjectLine& project) {
  std::string text;
  for (const std::string& file : project.config_files) text += (text.empty() ? "" : ",") + file;
  return text;
}

std::vector<std::string> name_parts(const std::vector<std::string>& filters) {
  constexpr std::string_view kName = "name=";
  std::vector<std::string> parts;
  for (const std::string& filter : filters) {
    if (!filter.starts_with(kName))
      throw Error(Diagnostic::error("filter", "unknown filter '" + filter + "'; known is name=TEXT"));
    parts.push_back(filter.substr(kName.size()));
  }
  return parts;
}

}  // namespace

std::vector<ProjectLine> choose_projects(std::vector<ProjectLine> projects, Projects which,
                                         const std::vector<std::string>& filters) {
  const auto parts = name_parts(filters);
  std::erase_if(projects, [&](const ProjectLine& project) {
    return !parts.empty() && std::none_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return project.name.find(part) != std::string::npos;
    });
  });
  if (which == Projects::All) return projects;
  for (ProjectLine& project : projects)
    std::erase_if(project.states, [](const auto& entry) { return !lives(entry.first); });
  std::erase_if(projects, [](const ProjectLine& project) { return project.states.empty(); });
  return projects;
}

std::string projects_table(const std::vector<ProjectLine>& projects) {
  std::vector<std::vector<std::string>> rows{{"NAME", "STATUS", "CONFIG FILES"}};
  for (const ProjectLine& project : projects) rows.push_back({project.name, status(project), files(project)});
  return table(rows);
}

std::string projects_json(const std::vector<ProjectLine>& projects) {
  boost::json::array list;
  for (const ProjectLine& project : projects) {
    boost::json::object one;
    one["Name"] = project.name;
    one["Status"] = status(project);
    one["ConfigFiles"] = files(project);
    list.push_back(std::move(one));
  }
  return boost::json::serialize(list) + "\n";
}

}  // namespace davit::cli
