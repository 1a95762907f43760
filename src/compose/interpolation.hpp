#pragma once
// Variables in strings (Compose specification, "Interpolation"): $V ${V} ${V:-x} ${V-x} ${V:?m} ${V?m} ${V:+x} ${V+x}
// $$, where x and m may hold variables again.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"
#include "davit/compose/variables.hpp"

namespace davit::compose {

/// The value of a variable; nullopt when it is unset.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct InterpolationError {
  /// Unclosed: a `}` is missing in the line.
  enum class Kind { Invalid, Unclosed, Required, TooLong } kind = Kind::Invalid;
  std::size_t offset = 0;  ///< of the `$` in the text
  std::size_t length = 0;  ///< of the expression
  std::string variable;    ///< Required: its name
  std::string reason;      ///< Required: the text after `?`, may be empty
};

/// A variable that was replaced by nothing because it is unset.
struct UnsetVariable {
  std::string name;
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// Replaces all variables. Values of more than kMostText bytes in one text are too long. Names in `unset` were unset
/// and had no default. A `$` that starts no expression stays. `replaced` gets every variable that decided about the
/// result, in the order of the text.
[[nodiscard]] Result<std::string, InterpolationError> interpolate(std::string_view text, const Lookup& lookup,
                                                                  std::vector<UnsetVariable>* unset = nullptr,
                                                                  std::vector<ReplacedVariable>* replaced = nullptr);

/// All variables of a text, nested ones too (as deep as they are replaced), for `config --variables`. Invalid
/// expressions are left out.
void collect_variables(std::string_view text, std::vector<VariableUse>& uses);

}  // namespace davit::compose
