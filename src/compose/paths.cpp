// Phase: paths. What is relative in a file starts at the folder of that file's project.

#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

bool is_absolute(std::string_view path) {
  return path.starts_with('/');
}

/// "C:\x", "C:/x", "\\server\share": absolute on Windows, left alone here.
bool is_windows_absolute(std::string_view path) {
  if (path.starts_with("\\\\")) return true;
  const bool drive =
      path.size() > 2 && path[1] == ':' && ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z'));
  return drive && (path[2] == '\\' || path[2] == '/');
}

bool is_remote_context(std::string_view context) {
  if (context.find("://") != std::string_view::npos || context.starts_with("service:")) return true;
  for (const std::string_view prefix : {"github.com/", "git@"})
    if (context.starts_with(prefix)) return true;
  return false;
}

class Resolver {
 public:
  Resolver(const std::string& base, const std::string& home, Diagnostics& diagnostics, Origins* origins)
      : base_(base), home_(home), diagnostics_(diagnostics), origins_(origins) {}

  void service(Node& service) {
    if (Node* build = service.find("build")) {
      context(build->find("context"));
      if (Node* contexts = build->find("additional_contexts"))
        for (Entry& entry : contexts->entries) context(&entry.value);
      if (Node* ssh = build->find("ssh"))
        for (Entry& entry : ssh->entries) host_path(&entry.value);
    }
    if (Node* files = service.find("env_file"))
      for (Node& item : files->items) path(item.find("path"));
    if (Node* files = service.find("label_file"))
      for (Node& item : files->items) path(&item);
    if (Node* extends = service.find("extends")) path(extends->find("file"));
    if (Node* develop = service.find("develop"))
      if (Node* watch = develop->find("watch"))
        for (Node& rule : watch->items) path(rule.find("path"));
    if (Node* volumes = service.find("volumes"))
      for (Node& volume : volumes->items) mount(volume);
  }

  void volume(Node& volume) {
    const Node* driver = volume.find("driver");
    Node* options = volume.find("driver_opts");
    if (driver == nullptr || driver->text != "local" || options == nullptr) return;
    const Node* kind = options->find("o");
    if (kind != nullptr && kind->text == "bind") host_path(options->find("device"));
  }

  void host_path(Node* node) {
    if (node == nullptr || !node->is_string()) return;
    std::string path = expand_home(node->text, home_);
    if (!is_absolute(path) && !is_windows_absolute(path)) path = join_path(base_, path);
    take(*node, std::move(path));
  }

 private:
  void path(Node* node) {
    if (node == nullptr || !node->is_string()) return;
    std::string path = expand_home(node->text, home_);
    if (!is_absolute(path) && !path.empty()) path = join_path(base_, path);
    take(*node, std::move(path));
  }

  void take(Node& node, std::string path) {
    node.text.swap(path);
    if (origins_ != nullptr) origins_->mark_normalised(node, path);
  }

  void context(Node* node) {
    if (node != nullptr && node->is_string() && !is_remote_context(node->text)) path(node);
  }

  void mount(Node& volume) {
    const Node* type = volume.find("type");
    if (type == nullptr || type->text != "bind") return;
    if (Node* source = volume.find("source"))
      host_path(source);
    else
      diagnostics_.add(
          Diagnostic::error("bind-source", "a bind mount needs a source, the folder or file on the host", volume.span));
  }

  const std::string& base_;
  const std::string& home_;
  Diagnostics& diagnostics_;
  Origins* origins_;
};

}  // namespace

std::string clean_path(std::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = is_absolute(path);
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    const std::string_view part = path.substr(from, slash - from);
    from = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(part);
    else if (!parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (!rooted)
      parts.push_back(part);
  }
  std::string clean = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) clean.append(i == 0 ? "" : "/").append(parts[i]);
  return clean.empty() ? "." : clean;
}

std::string join_path(std::string_view base, std::string_view path) {
  if (base.empty()) return clean_path(path);
  return clean_path(std::string(base) + "/" + std::string(path));
}

std::string parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : clean_path(path.substr(0, slash));
}

std::string relative_path(const std::string& from, const std::string& to) {
  if (from == to) return ".";
  std::string base = from;
  std::string up;
  while (base != "/" && to != base && !to.starts_with(base + "/")) {
    base = parent_path(base);
    up += "../";
  }
  const std::string rest = to == base ? std::string() : to.substr(base == "/" ? 1 : base.size() + 1);
  return clean_path(up + (rest.empty() ? "." : rest));
}

std::string expand_home(std::string path, const std::string& home) {
  return path.starts_with('~') && !home.empty() ? join_path(home, path.substr(1)) : path;
}

void resolve_paths(Node& document, const std::string& base, const std::string& home, Diagnostics& diagnostics,
                   Origins* origins) {
  Resolver resolver(base, home, diagnostics, origins);
  const auto each = [&](const char* section, auto action) {
    if (Node* map = document.find(section))
      for (Entry& entry : map->entries) action(entry.value);
  };
  each("services", [&](Node& service) { resolver.service(service); });
  each("configs", [&](Node& config) { resolver.host_path(config.find("file")); });
  each("secrets", [&](Node& secret) { resolver.host_path(secret.find("file")); });
  each("volumes", [&](Node& volume) { resolver.volume(volume); });
}

}  // namespace davit::compose
