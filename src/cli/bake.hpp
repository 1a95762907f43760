#pragma once
// `build --print`: what docker compose would give to `docker buildx bake`, as JSON.

#include <map>
#include <string>
#include <vector>

#include "davit/model/project.hpp"

namespace davit::cli {

struct BakeRequest {
  std::vector<const model::Service*> services;  ///< all with `build`
  std::map<std::string, std::string> args;      ///< of the command line, over the file's
  bool no_cache = false;
  bool pull = false;
};

/// The bake file, without a newline at its end. Values of arguments that the file leaves to
/// the environment are left out.
[[nodiscard]] std::string bake_text(const model::Project& project, const BakeRequest& request);

}  // namespace davit::cli
