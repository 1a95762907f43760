#pragma once
// Where the result of a command goes: standard output, or the file of --output.

#include <string>

namespace davit::cli {

/// Writes the whole text; `file` empty: to standard output. Throws Error "cannot write" when the file does not get all
/// of it.
void write_result(const std::string& file, const std::string& text);

}  // namespace davit::cli
