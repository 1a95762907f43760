#pragma once
// The command line as a function.

namespace davit::cli {

/// Parses the command line, runs the command, prints what went wrong, returns the exit code. Never throws.
int run(int argc, char** argv) noexcept;

}  // namespace davit::cli
