// The rule about paths of the host that do not exist. Only paths of the project are looked at: what lies elsewhere is
// another machine's business when a file is checked on one and raised on another.

#include <algorithm>
#include <array>
#include <filesystem>

#include "davit/base/suggest.hpp"
#include "subject.hpp"

namespace davit::lint {
namespace {

using yaml::Node;

/// Without "." and "..", and without a slash at the end.
std::string cleaned(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Ends like a file that is written by hand or made by a tool, and not like a folder of data.
bool looks_like_a_file(std::string_view path) {
  constexpr std::array<std::string_view, 26> kEndings{
      "conf", "cfg",        "cnf", "ini",      "yml",      "yaml", "json",   "toml", "xml",
      "env",  "properties", "sh",  "sql",      "crt",      "pem",  "key",    "txt",  "py",
      "js",   "php",        "lua", "htpasswd", "template", "tmpl", "config", "html"};
  const std::string_view name = name_of(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  return std::find(kEndings.begin(), kEndings.end(), name.substr(dot + 1)) != kEndings.end();
}

class PathChecker {
 public:
  PathChecker(const Subject& subject, Findings& findings) : subject_(subject), findings_(findings) {}

  void run() {
    for (const ServiceView& service : subject_.services()) {
      if (const auto& build = service.model.build) build_context(service, *build);
      for (const model::Mount& mount : service.model.volumes) bind(service, mount);
      env_files(service);
    }
    for (const auto* objects : {&subject_.project().secrets, &subject_.project().configs})
      for (const auto& [key, object] : *objects)
        if (!object.file.empty() && is_missing(object.file, object.where))
          report({objects == &subject_.project().secrets ? "secrets" : "configs", key}, object.file, object.where,
                 "the file of '" + key + "'");
  }

 private:
  [[nodiscard]] bool is_project_path(const std::string& path, const Span& where) const {
    if (path.starts_with(subject_.project().working_dir + "/")) return true;
    std::string written = subject_.written(where);
    if (!written.empty() && (written.front() == '"' || written.front() == '\'')) written.erase(0, 1);
    return written.starts_with("./") || written.starts_with("../");
  }

  [[nodiscard]] bool is_missing(const std::string& path, const Span& where) const {
    if (!path.starts_with('/') || path.find('\\') != std::string::npos) return false;  // the latter: a path of Windows
    return subject_.files().kind(path) == Files::Kind::Absent && is_project_path(path, where);
  }

  /// A name beside the missing one that may be meant.
  [[nodiscard]] std::optional<std::string> neighbour(const std::string& given) const {
    const std::string path = cleaned(given);
    return nearest(name_of(path), subject_.files().list(path.substr(0, path.rfind('/'))));
  }

  [[nodiscard]] std::string shown(const std::string& given) const {
    const std::string path = cleaned(given);
    const std::string& folder = subject_.project().working_dir;
    return path.starts_with(folder + "/") ? "." + path.substr(folder.size()) : path;
  }

  void report(const Place& place, const std::string& path, const Span& where, const std::string& what,
              const std::string& effect = {}) {
    Diagnostic& item = findings_.add(place, what + " does not exist: '" + shown(path) + "'", where);
    if (!effect.empty()) item.note(effect);
    if (const auto near = neighbour(path))
      item.with_hint("did you mean '" + *near + "'?");
    else
      item.with_hint("create it, or correct the path");
  }

  void build_context(const ServiceView& service, const model::Build& build) {
    const Node* tree = service.tree.find("build");
    const auto where = [&](const char* key) {
      const Node* node = tree == nullptr ? nullptr : tree->find(key);
      return node == nullptr ? build.where : node->span;
    };
    if (build.context.find("://") != std::string::npos || !build.context.starts_with('/')) return;
    if (is_missing(build.context, where("context")))
      return report(place_of(service), build.context, where("context"),
                    "the build context of service '" + service.name + "'");
    if (!build.dockerfile_inline.empty() || build.dockerfile.empty()) return;
    const std::string path =
        build.dockerfile.starts_with('/') ? build.dockerfile : build.context + "/" + build.dockerfile;
    if (is_missing(path, where("dockerfile")))
      report(place_of(service), path, where("dockerfile"), "the Dockerfile of service '" + service.name + "'");
  }

  void bind(const ServiceView& service, const model::Mount& mount) {
    if (mount.type != model::MountType::Bind || !is_missing(mount.source, mount.where)) return;
    const std::string what = "what service '" + service.name + "' mounts at '" + mount.target + "'";
    if (!mount.create_host_path) return report(place_of(service), mount.source, mount.where, what, "mounting it fails");
    // A folder for data may be made by the first start; what only is read, or has the name of a file, may not.
    const bool expected = mount.read_only || looks_like_a_file(mount.source) || neighbour(mount.source);
    if (expected)
      report(place_of(service), mount.source, mount.where, what, "an empty folder of root is made in its place");
  }

  void env_files(const ServiceView& service) {
    for (const model::EnvFile& file : service.model.env_files)
      if (file.required && is_missing(file.path, file.where))
        report(place_of(service), file.path, file.where, "the env file of service '" + service.name + "'",
               "'up' stops with an error");
  }

  const Subject& subject_;
  Findings& findings_;
};

void missing_path(const Subject& subject, Findings& findings) {
  PathChecker(subject, findings).run();
}

constexpr std::array kRules{
    Definition{
        {.code = "missing-path",
         .severity = Severity::Warning,
         .title = "a path of the project does not exist",
         .why =
             R"(A missing build context, Dockerfile, env file or secret stops `up` with an error. A missing source of a bind mount
does not: in the short form, an empty folder that belongs to root is made in its place. `./nginx.conf:/etc/…` then
mounts a folder where the program looks for a file, and the folder stays in the checkout.

Sources of mounts are findings when they are mounted read-only, have the name of a file, have a neighbour with nearly
the same name, or are not created (`create_host_path: false`). A folder that the first start may fill is none. Paths
outside of the project are not looked at.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    volumes:
      - ./ngnix.conf:/etc/nginx/nginx.conf
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf
)",
         .fix =
             R"(Create the file, or correct the path. Silence the rule at services whose files are made by an earlier step.)",
         .beside = "nginx.conf"},
        missing_path},
};

}  // namespace

Definitions path_rules() {
  return kRules;
}

}  // namespace davit::lint
