#pragma once
// What the files of `davit config` share: its options, and the load that they ask for.

#include <string>
#include <vector>

#include "context.hpp"
#include "davit/compose/load.hpp"
#include "davit/compose/render.hpp"

namespace davit::cli {

struct ConfigOptions {
  std::string format;
  std::string output;
  std::string hash;
  std::vector<std::string> diff;  ///< one or two projects, or none
  bool quiet = false;
  bool origin = false;
  bool no_interpolate = false;
  bool no_normalize = false;
  bool no_path_resolution = false;
  bool no_consistency = false;
  bool no_env_resolution = false;
  bool services = false;
  bool volumes = false;
  bool networks = false;
  bool models = false;
  bool profiles = false;
  bool images = false;
  bool variables = false;
  bool environment = false;
  bool resolve_image_digests = false;
  bool lock_image_digests = false;
  std::vector<std::string> names;  ///< of services
};

/// The load that the options ask for.
[[nodiscard]] compose::LoadRequest config_request(const Context& context, const ConfigOptions& options);

/// Of `--format`; throws when it is none.
[[nodiscard]] compose::Format format_of(const ConfigOptions& options);

/// To standard output or `-o`, unless `-q` was given. Throws when the file cannot be written.
void write_config(const ConfigOptions& options, const std::string& text);

// config_lists.cpp: flags that print a list instead of the project. All return the exit code.
int print_section(const Context& context, const ConfigOptions& options, const char* section);
int print_models(const Context& context, const ConfigOptions& options);
int print_profiles(const Context& context, const ConfigOptions& options);
int print_images(const Context& context, const ConfigOptions& options);
int print_hashes(const Context& context, const ConfigOptions& options);
int print_environment(const Context& context, const ConfigOptions& options);
int print_variables(const Context& context, const ConfigOptions& options);

// config_document.cpp
/// The project itself, with `--origin` where each value comes from.
int print_document(const Context& context, const ConfigOptions& options);

// config_diff.cpp
/// Compares two projects: 0 when they are the same, 1 when they differ, 2 (ExitWith) when that cannot be told.
int print_differences(const Context& context, const ConfigOptions& options);

}  // namespace davit::cli
