#pragma once
// From Compose files to a project. Reads files through `Files` only, takes the environment as a value, and reports
// every mistake of the files at once.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/files.hpp"
#include "davit/compose/origin.hpp"
#include "davit/model/project.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

/// Which phases a load leaves out. The defaults load completely; `davit config` has a flag for each.
struct LoadOptions {
  bool interpolate = true;             ///< replace variables; without it only the tree is made, no project …
  bool project = false;                ///< … but where this is set, from the values as they are
  bool validate = true;                ///< check against the schema, and single objects
  bool normalize = true;               ///< fill in names, default network, implied dependencies
  bool resolve_paths = true;           ///< make relative paths absolute
  bool check_consistency = true;       ///< references, cycles, conflicts between attributes
  bool resolve_environment = true;     ///< read `env_file` into `environment`
  bool bind = true;                    ///< make the typed project; without it only its names and paths are set
  bool unique_container_names = true;  ///< with check_consistency: no two enabled services have the same name
  bool origins = false;                ///< record where every value comes from (Loaded::origins)
  bool compatibility = false;          ///< `--compatibility`: names are joined by '_'
  bool keep_all_resources = false;     ///< keep networks, volumes, … that no service uses
  bool keep_documents = false;         ///< also return the Compose files as they were parsed (LoadResult::documents)
};

/// What happens with the dependencies of selected services.
enum class Dependencies { Include, Ignore };

/// Everything that decides about a load; nothing else is read but the files.
struct LoadRequest {
  std::vector<std::string> files;  ///< `-f`, in order; "-" is standard input; empty: COMPOSE_FILE, then search upwards
  std::string project_directory;   ///< `--project-directory`; empty: the folder of the first file
  std::string project_name;        ///< `-p`; empty: COMPOSE_PROJECT_NAME, `name:`, then the folder's name
  std::vector<std::string> profiles;   ///< `--profile`; empty: COMPOSE_PROFILES; "*" activates all
  std::vector<std::string> env_files;  ///< `--env-file`; empty: COMPOSE_ENV_FILES, then ".env"
  std::vector<std::string> services;   ///< the selection; empty: all that are enabled
  Dependencies dependencies = Dependencies::Include;
  std::map<std::string, std::string> environment;  ///< of the process
  std::string cwd;                                 ///< absolute
  std::function<std::string()> read_stdin;         ///< for "-"; may be empty when no file is "-"
  LoadOptions options;
};

/// Texts of the files that were read, by the name that spans carry; for excerpts in messages.
class Sources {
 public:
  void add(const std::string& name, std::string text) { (*texts_)[name] = std::move(text); }
  /// For render(Diagnostic, …); stays valid after this object is gone.
  [[nodiscard]] SourceLookup lookup() const;

 private:
  std::shared_ptr<std::map<std::string, std::string>> texts_ = std::make_shared<std::map<std::string, std::string>>();
};

/// What a load gives.
struct Loaded {
  model::Project project;
  /// The canonical document that `config` prints: long forms, typed values, enabled services and needed resources only.
  yaml::Node tree;
  /// Services that an inactive profile or the selection leaves out, in the same form; their env files are not read.
  yaml::Node disabled;
  /// What Node::origin in the tree stands for; without LoadOptions::origins only what needs no record.
  Origins origins;
  /// Profiles named by any service, sorted.
  std::vector<std::string> all_profiles;
};

/// A Compose file as it was parsed: variables not replaced, nothing merged or made longer.
struct ParsedFile {
  std::string path;  ///< absolute; "-" for standard input
  std::vector<yaml::Node> documents;
};

struct LoadResult {
  /// Set when there was no error.
  std::optional<Loaded> loaded;
  /// Errors and warnings, in file order.
  Diagnostics diagnostics;
  Sources sources;
  /// With LoadOptions::keep_documents: every Compose file that was read, included and extended ones too, each once, in
  /// the order of reading.
  std::vector<ParsedFile> documents;
};

/// Loads a project. Never throws on bad input.
[[nodiscard]] LoadResult load(const LoadRequest& request, const Files& files);

/// The name that docker compose makes from a folder's name: lower case, nothing but [a-z0-9_-], no leading '_' or '-'.
[[nodiscard]] std::string normalize_project_name(const std::string& text);

}  // namespace davit::compose
