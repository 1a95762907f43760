#pragma once
// Decimal numbers as Go prints them, which differs between JSON and YAML. All work on the text of a number, so that no
// digit changes on the way.

#include <string>
#include <string_view>

namespace davit::yaml {

/// Fewest digits that read back as the same number, in the form of general_number().
[[nodiscard]] std::string format_number(double value);

/// "%v" of Go, which YAML output uses as well: exponent form below 1e-4 and from 1e6 on. Texts that are no decimal
/// numbers (NaN, +Inf) stay as they are.
[[nodiscard]] std::string general_number(std::string_view text);

/// encoding/json of Go: exponent form below 1e-6 and from 1e21 on.
[[nodiscard]] std::string json_number(std::string_view text);

}  // namespace davit::yaml
