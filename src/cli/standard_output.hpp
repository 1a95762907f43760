#pragma once
// What became of the text on standard output.

#include <cstdio>
#include <optional>

#include "davit/base/diagnostic.hpp"

namespace davit::cli {

/// Writes what is still held back. What has not been written, now or before, is an error: a script must not take half a
/// document for a whole one. nullopt when all is written, or when the reader has had enough (a closed pipe).
[[nodiscard]] std::optional<Diagnostic> finish_output(std::FILE* stream);

}  // namespace davit::cli
