// Phase: include. Each entry loads as a project of its own, with its folder and env file; what the including file says
// about the same names merges over it.

#include <algorithm>

#include "model_loader.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

/// Strings of a string or a list of strings.
std::vector<const Node*> texts(const Node* node) {
  std::vector<const Node*> result;
  if (node == nullptr) return result;
  if (node->is_string()) result.push_back(node);
  for (const Node& item : node->items) result.push_back(&item);
  return result;
}

/// The path that a value names, seen from the scope's folder.
std::string path_in(const Scope& scope, const Node& value) {
  return value.text.starts_with('/') ? clean_path(value.text) : join_path(scope.folder, value.text);
}

}  // namespace

bool is_remote(std::string_view path) {
  return path.find("://") != std::string_view::npos || path.starts_with("git@") || path.starts_with("oci:");
}

void ModelLoader::include(Node& document, const SourceFile& file, Scope& scope, const TaggedPaths& tags) {
  Node* found = document.find("include");
  if (found == nullptr) return;
  const Node include = std::move(*found);
  document.erase("include");
  if (include.is_null()) return;
  if (!include.is_list()) {
    diagnostics_.add(
        Diagnostic::error("type", "'include' must be a list, found " + std::string(include.kind_name()), include.span)
            .with_hint("write '- ' before the path"));
    return;
  }
  for (const Node& item : include.items) include_one(item, document, file, scope, tags);
}

void ModelLoader::include_one(const Node& item, Node& document, const SourceFile&, Scope& scope,
                              const TaggedPaths& tags) {
  for (const Entry& entry : item.entries)
    if (entry.key != "path" && entry.key != "project_directory" && entry.key != "env_file")
      diagnostics_.add(Diagnostic::warning("unknown-attribute",
                                           "unknown attribute '" + entry.key + "' in 'include' has no effect",
                                           entry.key_span)
                           .note("known are path, project_directory, env_file"));
  const auto paths = texts(item.is_string() ? &item : item.find("path"));
  if (!item.is_map() && !item.is_string() && !item.is_null()) {
    diagnostics_.add(Diagnostic::error("include", "an include needs a path", item.span));
    return;
  }
  if (paths.empty()) {
    diagnostics_.add(Diagnostic::warning("include", "an include without a path has no effect", item.span)
                         .with_hint("write the path of a Compose file, or remove the item"));
    return;
  }
  if (scope.trail.size() > kDeepestInclude) {
    diagnostics_.add(Diagnostic::error(
        "load-limit", "more than " + std::to_string(kDeepestInclude) + " files include one another in a row",
        item.span));
    return;
  }
  // Each include has an environment of its own.
  if (!take(merged_, scope.environment.size(), "too many variables for too many included files", &item.span)) return;
  Scope inner;
  inner.number = ++scopes_;
  inner.trail = scope.trail;
  inner.included_at = paths.front()->span;
  inner.missing = scope.missing;
  std::vector<SourceFile> files = read_included(paths, scope);
  if (files.size() != paths.size()) leave_out();
  if (files.empty()) return;
  const Node* folder = item.find("project_directory");
  const bool named = folder != nullptr && !folder->text.empty();
  inner.folder = named ? include_folder(*folder, scope) : parent_path(path_in(scope, *paths.front()));
  inner.relative = relative_path(scope.folder, inner.folder);
  const std::string env_folder = named ? join_path(scope.folder, folder->text) : inner.folder;
  include_environment(item.find("env_file"), env_folder, inner, scope);
  Node imported = load(std::move(files), inner);
  import(imported, document, tags, paths.front()->span);
}

std::vector<SourceFile> ModelLoader::read_included(const std::vector<const Node*>& paths, const Scope& scope) {
  std::vector<SourceFile> files;
  for (const Node* path : paths) {
    if (path->faulty) continue;  // reported
    if (is_remote(path->text)) {
      diagnostics_.add(Diagnostic::error("remote-file",
                                         "including remote files is not supported yet: '" + path->text + "'",
                                         path->span)
                           .with_hint("fetch the file first, and include the copy"));
      continue;
    }
    const std::string target = path_in(scope, *path);
    SourceFile source;
    if (!report_include_cycle(target, path->span, scope) && read(target, source, &path->span))
      files.push_back(std::move(source));
  }
  return files;
}

bool ModelLoader::report_include_cycle(const std::string& target, const Span& where, const Scope& scope) {
  const auto& trail = scope.trail;
  const auto same = [&](const Inclusion& file) { return file.path == target; };
  const auto seen = std::find_if(trail.begin(), trail.end(), same);
  if (seen == trail.end()) return false;
  std::vector<Inclusion> edges(seen + 1, trail.end());
  edges.push_back({target, where});
  std::string cycle = access_.display(target);
  for (const Inclusion& edge : edges) cycle += " -> " + access_.display(edge.path);
  auto item = Diagnostic::error("include-cycle", "include cycle: " + cycle, edges.front().where);
  for (std::size_t i = 1; i < edges.size(); ++i)
    item.note("'" + access_.display(edges[i - 1].path) + "' includes '" + access_.display(edges[i].path) + "' here",
              edges[i].where);
  diagnostics_.add(std::move(item).with_hint("remove one of these includes"));
  return true;
}

std::string ModelLoader::include_folder(const Node& directory, const Scope& scope) {
  if (directory.text.starts_with('/')) return clean_path(directory.text);
  const std::string folder = join_path(scope.folder, directory.text);
  if (access_.files().kind(folder) == Files::Kind::Directory) return folder;
  diagnostics_.add(Diagnostic::warning("include",
                                       "the project directory '" + access_.display(folder) +
                                           "' does not exist; paths start at its parent, as docker "
                                           "compose has it",
                                       directory.span)
                       .with_hint("create the folder, or name another one"));
  return parent_path(folder);
}

void ModelLoader::include_environment(const Node* files, const std::string& folder, Scope& inner, const Scope& scope) {
  inner.environment = scope.environment;
  inner.places = scope.places;
  std::vector<std::string> paths;
  if (texts(files).empty()) {
    const std::string path = join_path(folder, ".env");
    const Files::Kind kind = access_.files().kind(path);
    if (kind != Files::Kind::Absent && kind != Files::Kind::Directory) paths.push_back(path);
  }
  for (const Node* file : texts(files)) {
    if (file->text == "/dev/null") continue;
    if (file->faulty) {
      inner.missing = Missing::MayBeSet;
      continue;
    }
    const std::string path = path_in(scope, *file);
    if (access_.files().kind(path) == Files::Kind::Absent) {
      diagnostics_.add(
          Diagnostic::error("env-file", "the env file '" + access_.display(path) + "' does not exist", file->span));
      inner.missing = Missing::MayBeSet;
      continue;
    }
    paths.push_back(path);
  }
  if (add_env_files(paths, access_, inner.environment, inner.places, diagnostics_) != EnvFiles::Read)
    inner.missing = Missing::MayBeSet;
}

void ModelLoader::import(Node& from, Node& into, const TaggedPaths& tags, const Span& where) {
  if (origins_ != nullptr) origins_->mark(from, {OriginStep::Kind::Included, {}, where, {}, 0});
  for (const char* section : {"services", "volumes", "networks", "secrets", "configs", "models"}) {
    Node* source = from.find(section);
    if (source == nullptr || !source->is_map()) continue;
    Node* target = into.find(section);
    if (target == nullptr || !target->is_map()) target = &into.set(section, Node::map(*source), source->span);
    std::vector<Entry> fresh;
    for (Entry& entry : source->entries) {
      Node* local = target->find(entry.key);
      if (local == nullptr) {
        fresh.push_back(std::move(entry));
        continue;
      }
      remove_for(*local, tags, {section, entry.key}, entry.value);
      merge_tree(entry.value, std::move(*local), std::string(section) + ".x", diagnostics_, origins_);
      *local = std::move(entry.value);
    }
    target->add_missing(std::move(fresh));
  }
}

}  // namespace davit::compose
