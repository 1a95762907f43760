#pragma once
// Signals by name.

#include <optional>
#include <string>
#include <string_view>

namespace davit {

/// "SIGTERM", "term", "15", "SIGRTMIN+3": the number; nullopt for anything else.
[[nodiscard]] std::optional<int> parse_signal(std::string_view name);
/// "SIGTERM"; "SIGRTMIN+3"; "signal 99" for an unknown number.
[[nodiscard]] std::string signal_name(int signal);

}  // namespace davit
