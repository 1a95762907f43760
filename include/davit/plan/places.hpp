#pragma once
// Where in the files the cause of a failure stands.

#include "davit/base/diagnostic.hpp"
#include "davit/base/span.hpp"
#include "davit/model/project.hpp"

namespace davit::plan {

/// The place of what a message is about: the item of the attribute, else the attribute; for what the service has from
/// its image (a user, a command, a volume) the line that names the image; else the service's name. The engine's words
/// are translated back: a mount is one of `volumes`, `tmpfs`, `secrets` or `configs`, a network goes by its whole name,
/// a port by its number in the list. Unknown when the project was not read from files.
[[nodiscard]] Span place_of(const model::Project& project, const model::Service& service,
                            const Diagnostic::Subject& subject);

}  // namespace davit::plan
