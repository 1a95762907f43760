// The conductor: which phase comes when. docs of each phase stand in its file.

#include "davit/compose/load.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "limits.hpp"
#include "model_loader.hpp"
#include "project_name.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

class Conductor {
 public:
  Conductor(const LoadRequest& request, const Files& files)
      : request_(request),
        files_(files),
        access_(files_, clean_path(request.cwd), home_of(request), result_.sources),
        loader_(request_.options, access_, result_.diagnostics, request.options.origins ? &origins_ : nullptr) {}

  LoadResult run() {
    Diagnostics& diagnostics = result_.diagnostics;
    found_ = find_project_files(request_, access_, diagnostics);
    // Mistakes in one file hide none in the others, as long as it is known which others there are.
    std::vector<SourceFile> files = found_.files_known ? read_files() : std::vector<SourceFile>();
    const bool goes_on = !files.empty() || !diagnostics.has_errors();
    if (goes_on) {
      name_ = choose_project_name(request_, found_, files, diagnostics);
      found_.environment["COMPOSE_PROJECT_NAME"] = name_.name;
      if (name_.where.known()) found_.places["COMPOSE_PROJECT_NAME"] = name_.where;
    }
    if (goes_on) {
      Scope scope{0, found_.working_dir, found_.working_dir, scope_environment(), found_.places, {}, {}};
      if (!found_.variables_known) scope.missing = Missing::MayBeSet;
      const Span first{files.empty() ? nullptr : files.front().name, {1, 1}, {1, 1}};
      Node model = loader_.load(std::move(files), scope);
      if (model.entries.empty() && !diagnostics.has_errors())
        diagnostics.add(Diagnostic::error("empty-file", "empty compose file: there is nothing in it", first)
                            .with_hint("it needs 'services:' with at least one service"));
      if (!too_many_objects(model)) finish(std::move(model));
    }
    diagnostics.sort_and_unique();
    if (diagnostics.has_errors()) result_.loaded.reset();
    result_.documents = loader_.take_documents();
    return std::move(result_);
  }

 private:
  static std::string home_of(const LoadRequest& request) {
    const auto home = request.environment.find("HOME");
    return home == request.environment.end() ? std::string() : home->second;
  }

  std::vector<SourceFile> read_files() {
    std::vector<SourceFile> files;
    for (const std::string& path : found_.compose_files) {
      SourceFile file;
      bool ok = false;
      if (path == "-") {
        const std::string text = request_.read_stdin ? request_.read_stdin() : std::string();
        result_.sources.add("-", text);
        ok = loader_.parse(text, "-", file);
      } else {
        ok = loader_.read(path, file);
      }
      if (ok)
        files.push_back(std::move(file));
      else
        loader_.leave_out();
    }
    return files;
  }

  /// Without interpolation docker compose looks no variable up, not even those that are named without a value.
  [[nodiscard]] Environment scope_environment() const {
    return request_.options.interpolate ? found_.environment : Environment{{"COMPOSE_PROJECT_NAME", name_.name}};
  }

  bool too_many_objects(const Node& model) {
    std::size_t count = 0;
    for (const char* section : {"services", "networks", "volumes", "secrets", "configs", "models"}) {
      const Node* objects = model.find(section);
      if (objects == nullptr) continue;
      for (const Entry& entry : objects->entries) {
        if (++count <= kMostObjects) continue;
        result_.diagnostics.add(Diagnostic::error(
            "load-limit", "more than " + std::to_string(kMostObjects) + " services, networks, volumes and others",
            entry.key_span));
        return true;
      }
    }
    return false;
  }

  void finish(Node model) {
    const std::optional<Tracking> tracking = tracking_in(request_.options.origins ? &origins_ : nullptr, found_.places);
    if (request_.options.normalize) {
      normalize(model, name_.name, scope_environment(), tracking ? &*tracking : nullptr);
      model.set("name", name_.node(tracking ? &*tracking : nullptr));
    }
    Loaded& loaded = result_.loaded.emplace();
    loaded.project.name = name_.name;
    if (request_.options.compatibility || is_set("COMPOSE_COMPATIBILITY")) loaded.project.separator = "_";
    loaded.project.working_dir = found_.working_dir;
    loaded.project.compose_files = found_.compose_files;
    loaded.project.env_files = found_.env_files;
    loaded.project.environment = found_.environment;
    if (request_.options.interpolate || request_.options.project)
      resolve(std::move(model), loaded, tracking ? &*tracking : nullptr);
    else
      loaded.tree = std::move(model);
    loaded.origins = std::move(origins_);
  }

  /// From a merged document to the project: types, profiles, checks, files of services, and the typed form.
  void resolve(Node model, Loaded& loaded, const Tracking* tracking) {
    Diagnostics& diagnostics = result_.diagnostics;
    decode_types(model, diagnostics, tracking == nullptr ? nullptr : &tracking->origins);
    loaded.all_profiles = profiles_in(model);
    Node disabled;
    apply_profiles(model, disabled, found_.profiles);
    if (request_.options.check_consistency) {
      check_consistency(model, disabled, loader_.brought(), diagnostics);
      scale_to_replicas(*model.find("services"));
    }
    if (loader_.brought().everything) select_services(model, disabled, request_, diagnostics);
    if (!request_.options.keep_all_resources) prune_resources(model);
    read_files_of_services(*model.find("services"), tracking);
    if (request_.options.check_consistency && request_.options.unique_container_names)
      check_container_names(*model.find("services"), diagnostics);
    if (request_.options.bind && !diagnostics.has_errors()) bind_project(model, disabled, loaded.project, diagnostics);
    drop_secret_values(model);
    model.set("name", name_.node(tracking));
    loaded.tree = std::move(model);
    loaded.disabled = std::move(disabled);
  }

  /// A variable of the project that says yes, in docker compose's way to read it.
  [[nodiscard]] bool is_set(const std::string& variable) const {
    const auto found = found_.environment.find(variable);
    if (found == found_.environment.end()) return false;
    std::string word = found->second;
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    return word == "1" || word == "t" || word == "true";
  }

  void read_files_of_services(Node& services, const Tracking* tracking) {
    const auto display = [this](const std::string& path) { return access_.display(path); };
    Diagnostics found;
    const ServiceFiles from{found_.environment, access_.files(), result_.sources, display, found, tracking};
    resolve_label_files(services, from);
    if (request_.options.resolve_environment) resolve_env_files(services, from);
    for (const Diagnostic& item : found.items())
      if (found_.variables_known || (item.code != "unset-variable" && item.code != "required-variable"))
        result_.diagnostics.add(item);
  }

  static std::vector<std::string> profiles_in(const Node& model) {
    std::set<std::string> names;
    if (const Node* services = model.find("services"))
      for (const Entry& entry : services->entries)
        if (const Node* profiles = entry.value.find("profiles"))
          for (const Node& item : profiles->items) names.insert(item.text);
    return {names.begin(), names.end()};
  }

  static void drop_secret_values(Node& model) {
    for (const char* section : {"secrets", "configs"})
      if (Node* objects = model.find(section))
        for (Entry& entry : objects->entries) entry.value.erase("x-#value");
  }

  const LoadRequest& request_;
  LoadResult result_;
  BoundedFiles files_;
  FileAccess access_;
  Origins origins_;
  ModelLoader loader_;
  ProjectFiles found_;
  ProjectName name_;
};

}  // namespace

SourceLookup Sources::lookup() const {
  return [texts = texts_](const std::string& name) -> std::optional<std::string> {
    const auto found = texts->find(name);
    return found == texts->end() ? std::nullopt : std::optional(found->second);
  };
}

LoadResult load(const LoadRequest& request, const Files& files) {
  return Conductor(request, files).run();
}

}  // namespace davit::compose
