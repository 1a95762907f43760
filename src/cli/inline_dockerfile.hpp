#pragma once
// Messages about a Dockerfile that stands in a Compose file (`dockerfile_inline`).

#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/build/build.hpp"
#include "davit/model/service.hpp"

namespace davit::cli {

struct InlineDockerfile {
  std::string name;          ///< what the builder calls the file
  Span value;                ///< of the key, in the Compose file
  std::string compose_text;  ///< the Compose file as it is on disk
};

/// The message with every place in the inline Dockerfile moved to the Compose file. In a block (`|`) each line has its
/// own place, in any other form of YAML the places are the whole value, and a note says which line of the Dockerfile is
/// meant.
[[nodiscard]] Diagnostic in_compose_file(Diagnostic diagnostic, const InlineDockerfile& file);

/// The same for the build of a service; without `dockerfile_inline` every message stays as it is.
class BuildPlaces {
 public:
  BuildPlaces(const Context& context, const model::Service& service, const build::BuildRequest& request);
  [[nodiscard]] Diagnostic moved(Diagnostic diagnostic) const;
  [[nodiscard]] std::vector<Diagnostic> moved(const Diagnostics& diagnostics) const;

 private:
  std::optional<InlineDockerfile> inline_;
};

}  // namespace davit::cli
