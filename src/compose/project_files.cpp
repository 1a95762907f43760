#include "project_files.hpp"

#include <algorithm>

#include "davit/base/suggest.hpp"
#include "davit/compose/dotenv.hpp"

namespace davit::compose {
namespace {

constexpr std::string_view kFileNames[] = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::string_view kOverrideNames[] = {"compose.override.yml", "compose.override.yaml",
                                               "docker-compose.override.yml", "docker-compose.override.yaml"};

std::vector<std::string> split(const std::string& text, std::string_view separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t at = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  return parts;
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t");
  return from == std::string::npos ? std::string() : text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

/// The words of Go's strconv.ParseBool; nullopt for all others.
std::optional<bool> boolean_word(const std::string& text) {
  for (const char* word : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == word) return true;
  for (const char* word : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == word) return false;
  return std::nullopt;
}

class Finder {
 public:
  Finder(const LoadRequest& request, const FileAccess& access, Diagnostics& diagnostics)
      : request_(request), access_(access), diagnostics_(diagnostics) {}

  ProjectFiles run() {
    found_.environment = request_.environment;
    found_.environment.try_emplace("PWD", request_.cwd);
    for (const std::string& file : request_.files)
      found_.compose_files.push_back(file == "-" ? file : access_.absolute(file));
    read_env();
    honour_disabling_file();
    if (found_.compose_files.empty()) from_environment();
    if (found_.compose_files.empty()) search();
    read_env();
    found_.working_dir = working_dir();
    choose_profiles();
    if (found_.compose_files.empty() && !diagnostics_.has_errors())
      diagnostics_.add(Diagnostic::error("no-compose-file", "no configuration file provided: not found")
                           .note(request_.cwd.empty()
                                     ? "the current folder does not exist any more"
                                     : "looked for " + join_names({std::begin(kFileNames), std::end(kFileNames)}) +
                                           " in '" + request_.cwd + "' and the folders above it")
                           .with_hint("name a file with -f"));
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::string variable(const std::string& name) const {
    const auto found = found_.environment.find(name);
    return found == found_.environment.end() ? std::string() : found->second;
  }

  [[nodiscard]] std::string working_dir() const {
    if (!request_.project_directory.empty()) return access_.absolute(request_.project_directory);
    for (const std::string& file : found_.compose_files)
      if (file != "-") return parent_path(file);
    return clean_path(request_.cwd);
  }

  /// Called before and after the files are known: the first `.env` may hold COMPOSE_FILE, the second one stands beside
  /// the file.
  void read_env() {
    std::vector<std::string> files = request_.env_files;
    if (const auto names = request_.environment.find("COMPOSE_ENV_FILES");
        files.empty() && names != request_.environment.end())
      for (const std::string& name : split(names->second, ","))
        if (!name.empty()) files.push_back(name);
    for (std::string& file : files) file = access_.absolute(file);
    if (files.empty() && default_env_enabled()) {
      const std::string path = join_path(working_dir(), ".env");
      const Files::Kind kind = access_.files().kind(path);
      if (kind != Files::Kind::Absent && kind != Files::Kind::Directory) files.push_back(path);
    }
    std::erase_if(files, [&](const std::string& file) {
      return std::find(found_.env_files.begin(), found_.env_files.end(), file) != found_.env_files.end();
    });
    const EnvFiles known = add_env_files(files, access_, found_.environment, found_.places, diagnostics_);
    if (known != EnvFiles::Read) found_.variables_known = false;
    if (known == EnvFiles::MayNameFiles && found_.compose_files.empty()) found_.files_known = false;
    found_.env_files.insert(found_.env_files.end(), files.begin(), files.end());
  }

  /// A `.env` may itself say that `.env` is not to be read: then only its COMPOSE_ variables count.
  void honour_disabling_file() {
    if (request_.environment.contains("COMPOSE_DISABLE_ENV_FILE") || default_env_enabled()) return;
    std::erase_if(found_.environment, [&](const auto& variable) {
      const std::string& name = variable.first;
      return name != "PWD" && !name.starts_with("COMPOSE_") && !request_.environment.contains(name);
    });
    found_.env_files.clear();
  }

  bool default_env_enabled() {
    const auto setting = found_.environment.find("COMPOSE_DISABLE_ENV_FILE");
    if (setting == found_.environment.end()) return true;
    const auto disabled = boolean_word(setting->second);
    if (!disabled && !diagnostics_.has_errors())
      diagnostics_.add(
          Diagnostic::error("env-file", "the variable COMPOSE_DISABLE_ENV_FILE must be true or false, found '" +
                                            setting->second + "'")
              .with_hint("unset it, or write COMPOSE_DISABLE_ENV_FILE=1"));
    return !disabled.value_or(true);
  }

  void from_environment() {
    const auto list = found_.environment.find("COMPOSE_FILE");
    if (list == found_.environment.end()) return;
    const std::string separator = variable("COMPOSE_PATH_SEPARATOR");
    for (const std::string& file : split(list->second, separator.empty() ? ":" : separator))
      found_.compose_files.push_back(file == "-" ? file : access_.absolute(file));
  }

  template <class Names>
  [[nodiscard]] std::vector<std::string> present(const std::string& folder, const Names& names) const {
    std::vector<std::string> paths;
    for (const std::string_view name : names)
      if (std::string path = join_path(folder, name); access_.files().kind(path) != Files::Kind::Absent)
        paths.push_back(std::move(path));
    return paths;
  }

  void take_first(const std::vector<std::string>& paths, std::string_view what) {
    if (paths.empty()) return;
    found_.compose_files.push_back(paths.front());
    if (paths.size() == 1) return;
    std::vector<std::string> names;
    for (const std::string& path : paths) names.push_back(access_.display(path));
    diagnostics_.add(Diagnostic::warning("several-files", "found several " + std::string(what) + " files: " +
                                                              join_names(names) + "; '" + names.front() + "' is used")
                         .with_hint("choose with -f, or remove the others"));
  }

  void search() {
    for (std::string folder = working_dir();; folder = parent_path(folder)) {
      const auto paths = present(folder, kFileNames);
      if (!paths.empty()) {
        take_first(paths, "compose");
        take_first(present(folder, kOverrideNames), "override");
        return;
      }
      if (folder == "/" || folder == ".") return;
    }
  }

  void choose_profiles() {
    found_.profiles = request_.profiles;
    if (!found_.profiles.empty()) return;
    // Without any, docker compose has the empty profile active, which a service may name.
    for (const std::string& profile : split(variable("COMPOSE_PROFILES"), ","))
      found_.profiles.push_back(trimmed(profile));
  }

  const LoadRequest& request_;
  const FileAccess& access_;
  Diagnostics& diagnostics_;
  ProjectFiles found_;
};

}  // namespace

std::string FileAccess::absolute(const std::string& path) const {
  return path.starts_with('/') ? clean_path(path) : join_path(cwd_, path);
}

std::string FileAccess::display(const std::string& path) const {
  const std::string prefix = cwd_.ends_with('/') ? cwd_ : cwd_ + "/";
  return path.starts_with(prefix) && path.size() > prefix.size() ? path.substr(prefix.size()) : path;
}

Result<std::string> FileAccess::read(const std::string& path) const {
  auto text = files_.read(path);
  if (text) sources_.add(display(path), *text);
  return text;
}

EnvFiles add_env_files(const std::vector<std::string>& paths, const FileAccess& access, Environment& environment,
                       VariablePlaces& places, Diagnostics& diagnostics) {
  EnvFiles known = EnvFiles::Read;
  Environment values;
  VariablePlaces named;
  std::vector<WrittenVariable> written;
  for (const std::string& path : paths) {
    if (access.files().kind(path) == Files::Kind::Directory) {
      diagnostics.add(Diagnostic::error("env-file", "the env file '" + access.display(path) + "' is a folder")
                          .with_hint("name a file with --env-file or COMPOSE_ENV_FILES"));
      known = EnvFiles::MayNameFiles;
      continue;
    }
    const auto text = access.read(path);
    if (!text) {
      const bool absent = access.files().kind(path) == Files::Kind::Absent;
      diagnostics.add(absent ? Diagnostic::error("env-file", "couldn't find env file: " + access.display(path))
                                   .with_hint("create it; --env-file or COMPOSE_ENV_FILES names it")
                             : text.error());
      known = EnvFiles::MayNameFiles;
      continue;
    }
    const EnvLookup lookup = [&](std::string_view name) -> std::optional<std::string> {
      const auto found = environment.find(std::string(name));
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    Diagnostics mistakes;
    parse_dotenv(*text, std::make_shared<const std::string>(access.display(path)), lookup, values, mistakes, &written);
    diagnostics.append(mistakes);
    if (mistakes.has_errors() && known != EnvFiles::MayNameFiles)
      known = text->find("COMPOSE_FILE") == std::string::npos ? EnvFiles::Faulty : EnvFiles::MayNameFiles;
  }
  for (WrittenVariable& variable : written)
    if (!variable.bare) named[variable.name] = std::move(variable.where);
  for (auto& [name, value] : values)
    if (environment.try_emplace(name, std::move(value)).second)
      if (const auto place = named.find(name); place != named.end()) places[name] = place->second;
  return known;
}

ProjectFiles find_project_files(const LoadRequest& request, const FileAccess& access, Diagnostics& diagnostics) {
  return Finder(request, access, diagnostics).run();
}

}  // namespace davit::compose
