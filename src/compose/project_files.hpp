#pragma once
// Which files make a project, and the environment that they are read in.

#include <string>
#include <vector>

#include "phases.hpp"

namespace davit::compose {

/// Reads files for a load and gives them the names that messages show.
class FileAccess {
 public:
  FileAccess(const Files& files, std::string cwd, std::string home, Sources& sources)
      : files_(files), cwd_(std::move(cwd)), home_(std::move(home)), sources_(sources) {}

  [[nodiscard]] const Files& files() const { return files_; }
  [[nodiscard]] const std::string& cwd() const { return cwd_; }
  /// The user's folder; empty when the environment does not name it.
  [[nodiscard]] const std::string& home() const { return home_; }
  [[nodiscard]] Sources& sources() const { return sources_; }
  [[nodiscard]] std::string absolute(const std::string& path) const;
  /// The path as the user would write it: relative when it lies below the current folder.
  [[nodiscard]] std::string display(const std::string& path) const;
  /// The text of a file, kept for excerpts.
  [[nodiscard]] Result<std::string> read(const std::string& path) const;

 private:
  const Files& files_;
  std::string cwd_;
  std::string home_;
  Sources& sources_;
};

struct ProjectFiles {
  std::vector<std::string> compose_files;  ///< absolute, or "-"
  std::string working_dir;                 ///< absolute
  std::vector<std::string> env_files;      ///< absolute, those that were read
  Environment environment;
  VariablePlaces places;  ///< of the variables that came from env files
  std::vector<std::string> profiles;
  bool variables_known = true;  ///< false: an unset variable may be set in an env file that has mistakes
  bool files_known = true;      ///< false: such an env file may say which Compose files there are
};

/// Finds the files (`-f`, COMPOSE_FILE, search upwards) and reads the env files, as docker compose does. Errors go to
/// `diagnostics`; the result may then be incomplete.
[[nodiscard]] ProjectFiles find_project_files(const LoadRequest& request, const FileAccess& access,
                                              Diagnostics& diagnostics);

/// What is known after reading env files.
enum class EnvFiles {
  Read,          ///< everything
  Faulty,        ///< variables may be missing
  MayNameFiles,  ///< COMPOSE_FILE may be one of them
};

/// Adds the values of env files that `environment` lacks, and their places; later files win over earlier ones.
EnvFiles add_env_files(const std::vector<std::string>& paths, const FileAccess& access, Environment& environment,
                       VariablePlaces& places, Diagnostics& diagnostics);

}  // namespace davit::compose
