#pragma once
// Reads a Dockerfile (BuildKit's frontend 1.x): directives, continuation lines, heredocs, flags, instructions, stages.

#include <string>
#include <string_view>

#include "davit/base/result.hpp"
#include "davit/dockerfile/instruction.hpp"

namespace davit::dockerfile {

/// Parses the whole text. `file` is its name in messages, as the user would write it. On mistakes: all of them at once,
/// by line. Anything that is part of the language but not supported here is an error that says so.
[[nodiscard]] Result<Dockerfile, Diagnostics> parse(std::string_view text, const std::string& file);

/// Parses one instruction out of its stage: an ONBUILD trigger of a base image. `origin` stands for the file name.
[[nodiscard]] Result<Instruction, Diagnostics> parse_trigger(std::string_view text, const std::string& origin);

/// Reads the (expanded) value of a `--mount=` flag: comma separated key=value, keys as in Docker's reference. `where`
/// is the place for messages. ssh mounts are not supported.
[[nodiscard]] Result<RunMount> parse_run_mount(std::string_view text, const Span& where);

/// The keywords a Dockerfile may use, upper case, sorted.
[[nodiscard]] const std::vector<std::string>& instruction_names();

}  // namespace davit::dockerfile
