#pragma once
// One logical line to one typed instruction.

#include <optional>
#include <string_view>

#include "davit/dockerfile/instruction.hpp"
#include "dockerfile/lines.hpp"
#include "dockerfile/words.hpp"

namespace davit::dockerfile {

/// A line taken apart as far as every instruction is the same.
struct Head {
  std::string keyword;  ///< upper case
  Slice keyword_at;
  Slice rest;  ///< trimmed; flags still in it
};
[[nodiscard]] Head read_head(const LogicalLine& line);

/// Everything but FROM. nullopt after adding at least one error.
[[nodiscard]] std::optional<Instruction> read_instruction(const LogicalLine& line, const Head& head, char escape,
                                                          Diagnostics& diagnostics);

/// FROM; its instructions are added by the caller.
[[nodiscard]] std::optional<Stage> read_from(const LogicalLine& line, const Head& head, char escape,
                                             Diagnostics& diagnostics);

/// Whether the `from` of a --mount, as it is written, has a variable: the one option that cannot have any. (In
/// run_mount.cpp.)
[[nodiscard]] bool has_variable_in_from(std::string_view mount);

}  // namespace davit::dockerfile
