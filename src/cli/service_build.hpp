#pragma once
// From `build:` of a service to what the builder is asked for.

#include <functional>
#include <optional>
#include <string>

#include "davit/build/build.hpp"
#include "davit/model/project.hpp"

namespace davit::cli {

/// The value of a variable in davit's environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Everything of `build:`; the image's name is the first tag. Throws Error, with the place in the file, for a key or a
/// value that davit cannot do yet. Pure.
[[nodiscard]] build::BuildRequest build_request(const model::Project& project, const model::Service& service,
                                                const Environment& environment);

/// Keys that are accepted because they ask for nothing that could be missing in the image, such as a cache to read
/// from. One warning each, with its place.
[[nodiscard]] Diagnostics build_warnings(const model::Service& service);

/// A service of the file, also one that was not chosen; null when there is none.
[[nodiscard]] const model::Service* find_service(const model::Project& project, const std::string& name);

/// The service whose image an additional context is ("service:x"); nullopt for other contexts.
[[nodiscard]] std::optional<std::string> context_service(const std::string& value);

}  // namespace davit::cli
