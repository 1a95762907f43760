#pragma once
// Values of flags that are written as in a Compose file: `run --volume`, `--publish`, `--entrypoint`.

#include <string>

#include "davit/base/result.hpp"
#include "davit/model/project.hpp"

namespace davit::cli {

enum class Form { Text, List };  ///< Text: "entrypoint: VALUE"; List: "volumes: [VALUE]"

/// A service with nothing but this attribute, read as the project's file would be: the same grammar, the same defaults,
/// relative paths from the project's folder. The error names the flag.
[[nodiscard]] Result<model::Service> read_attribute(const model::Project& project, const std::string& flag,
                                                    const std::string& attribute, Form form, const std::string& value);

}  // namespace davit::cli
