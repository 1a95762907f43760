// `config` without the rest of davit: for the conformance suite and for measuring a load alone.
//   davit_config_tool [-p NAME] [-f FILE]… [--profile P]… [--env-file F]… [--project-directory D] config [flags]

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>

#include "davit/compose/load.hpp"
#include "davit/compose/render.hpp"

extern char** environ;

namespace {

struct Arguments {
  davit::compose::LoadRequest request;
  davit::compose::Format format = davit::compose::Format::Yaml;
};

void read_environment(davit::compose::LoadRequest& request) {
  for (char** item = environ; *item != nullptr; ++item)
    if (const char* equals = std::strchr(*item, '='))
      request.environment.emplace(std::string(static_cast<const char*>(*item), equals), equals + 1);
  char cwd[4096];
  if (getcwd(cwd, sizeof cwd) != nullptr) request.cwd = cwd;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  auto& request = arguments.request;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (flag == "-p")
      request.project_name = value();
    else if (flag == "-f")
      request.files.push_back(value());
    else if (flag == "--profile")
      request.profiles.push_back(value());
    else if (flag == "--env-file")
      request.env_files.push_back(value());
    else if (flag == "--project-directory")
      request.project_directory = value();
    else if (flag == "--all-resources")
      request.options.keep_all_resources = true;
    else if (flag == "--format")
      arguments.format = value() == "json" ? davit::compose::Format::Json : davit::compose::Format::Yaml;
    else if (flag == "--no-interpolate")
      request.options.interpolate = false;
    else if (flag == "--no-normalize")
      request.options.normalize = false;
    else if (flag == "--no-path-resolution")
      request.options.resolve_paths = false;
    else if (flag == "--no-consistency")
      request.options.check_consistency = false;
    else if (flag == "--no-env-resolution")
      request.options.resolve_environment = false;
    else if (flag.starts_with("-"))
      return false;
    else if (flag != "config")
      request.services.push_back(flag);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 1;
  auto& request = arguments.request;
  read_environment(request);
  request.options.bind = false;
  request.read_stdin = [] {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  };
  const auto result = davit::compose::load(request, davit::DiskFiles());
  for (const auto& item : result.diagnostics.items()) std::cerr << davit::render(item, result.sources.lookup());
  if (!result.loaded) return 1;
  std::cout << (request.options.interpolate ? davit::compose::render_document(result.loaded->tree, arguments.format)
                                            : davit::compose::render_tree(result.loaded->tree, arguments.format));
  return 0;
}
