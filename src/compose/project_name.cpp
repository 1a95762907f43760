#include "project_name.hpp"

#include <algorithm>

namespace davit::compose {
namespace {

using yaml::Node;

void check(const std::string& name, const std::string& source, std::optional<Span> where, Diagnostics& diagnostics) {
  const std::string allowed = normalize_project_name(name);
  if (allowed == name) return;
  auto item = Diagnostic::error("project-name", "invalid project name '" + name + "' from " + source, std::move(where));
  item.note("allowed are lower-case letters, digits, '-' and '_', and it must start with a letter or digit");
  if (!allowed.empty()) item.with_hint("try '" + allowed + "'");
  diagnostics.add(std::move(item));
}

/// A name in the first document of a file, be it one of which nothing is left: then the folder's does not count.
bool is_named(const std::vector<SourceFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const SourceFile& file) {
    const Node* name = file.documents.empty() ? nullptr : file.documents.front().find("name");
    return name != nullptr && name->is_string() && !name->text.empty();
  });
}

const Node* last_name(const std::vector<SourceFile>& files) {
  const Node* found = nullptr;
  for (const SourceFile& file : files)
    for (const Node& document : file.documents)
      if (const Node* name = document.find("name"); name != nullptr && name->is_string() && !name->text.empty())
        found = name;
  return found;
}

/// The last `name:` of the files, its variables replaced.
ProjectName name_in(const std::vector<SourceFile>& files, const LoadOptions& options, const ProjectFiles& project) {
  const Node* found = last_name(files);
  if (found == nullptr) return {};
  std::string name = found->text;
  std::vector<ReplacedVariable> replaced;
  if (options.interpolate) {
    const auto value = interpolate(found->text, lookup_in(project.environment), nullptr, &replaced);
    const bool unknown = !project.variables_known && !replaced.empty();
    // The load itself reports what is wrong with the expression, or has reported why a variable may be unset.
    if (!value || unknown) return {"invalid", found->span, {}, {}};
    name = *value;
  }
  return {options.normalize ? normalize_project_name(name) : name, found->span, {}, std::move(replaced)};
}

}  // namespace

Node ProjectName::node(const Tracking* tracking) const {
  Node node = Node::string(name, where);
  if (tracking == nullptr) return node;
  if (!where.known()) node.origin = tracking->origins.add(origin);
  for (const ReplacedVariable& variable : replaced) tracking->replaced(node, variable);
  return node;
}

ProjectName choose_project_name(const LoadRequest& request, const ProjectFiles& found,
                                const std::vector<SourceFile>& files, Diagnostics& diagnostics) {
  using Kind = OriginStep::Kind;
  if (!request.project_name.empty()) {
    check(request.project_name, "-p", {}, diagnostics);
    return {request.project_name, {}, {Kind::CommandLine, "-p", {}, {}, 0}};
  }
  const auto variable = found.environment.find("COMPOSE_PROJECT_NAME");
  if (variable != found.environment.end() && !variable->second.empty()) {
    const auto known = found.places.find(variable->first);
    const Span place = known == found.places.end() ? Span() : known->second;
    check(variable->second, variable->first, place.known() ? std::optional(place) : std::nullopt, diagnostics);
    return {variable->second, {}, {Kind::Environment, variable->first, place, {}, 0}, {}};
  }
  ProjectName name = name_in(files, request.options, found);
  if (name.name.empty() && !is_named(files)) {
    const std::string& folder = found.working_dir;
    name = {normalize_project_name(folder.substr(folder.rfind('/') + 1)),
            {},
            {Kind::Default, "the name of the folder", {}, {}, 0}};
  }
  if (name.name.empty() && request.options.validate)
    diagnostics.add(Diagnostic::error("project-name", "project name must not be empty",
                                      name.where.known() ? std::optional(name.where) : std::nullopt)
                        .with_hint("give one with -p, or 'name:' in the file"));
  return name;
}

std::string normalize_project_name(const std::string& text) {
  std::string name;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (word || ((c == '_' || c == '-') && !name.empty())) name += c;
  }
  return name;
}

}  // namespace davit::compose
