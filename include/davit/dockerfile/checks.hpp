#pragma once
// The directive `# check=skip=RULE,…;error=true` (or the build argument BUILDKIT_DOCKERFILE_CHECK): which warnings
// about a Dockerfile are not wanted, and whether the others are errors. BuildKit: frontend/dockerfile/linter.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/result.hpp"

namespace davit::dockerfile {

struct Checks {
  bool skip_all = false;
  std::vector<std::string> skipped;  ///< BuildKit's names, such as "DuplicateStageName"
  bool warnings_are_errors = false;
  std::optional<Span> where;  ///< none: not from the file
  friend bool operator==(const Checks&, const Checks&) = default;
};

/// Reads the value of the directive.
[[nodiscard]] Result<Checks, Diagnostic> parse_checks(std::string_view text, const std::optional<Span>& where);

/// Takes the skipped ones out of `warnings`; with error=true the rest become errors. Only what is one of BuildKit's
/// rules is touched. Adds a note about rules that nobody knows, and, with error=true, about those that davit does not
/// check.
void apply_checks(const Checks& checks, std::vector<Diagnostic>& warnings);

}  // namespace davit::dockerfile
