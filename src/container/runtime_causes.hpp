#pragma once
// What a message of crun or runc is about.

#include <optional>
#include <string>

namespace davit::container {

struct RuntimeCause {
  std::string attribute;  ///< of a Compose service, as Diagnostic::Subject has it
  std::string item;
  std::string message;  ///< in our words
  std::string hint;     ///< may be empty
  int exit_code = 125;
  friend bool operator==(const RuntimeCause&, const RuntimeCause&) = default;
};

/// nullopt for a message that is not known. Pure. The forms are those of crun 1.8 to 1.20 and runc 1.1 to 1.3.
[[nodiscard]] std::optional<RuntimeCause> cause_of(const std::string& message);

}  // namespace davit::container
