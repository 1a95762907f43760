#pragma once
// Findings as text for people, and as JSON and SARIF for programs.

#include <string>

#include "davit/lint/lint.hpp"

namespace davit::lint {

/// Findings as all messages of davit are shown, the code behind the message, and a last line that counts them.
/// `hidden` findings were left out because they are below `level`; the last line says so.
[[nodiscard]] std::string as_text(const Report& report, std::size_t hidden, const SourceLookup& sources,
                                  RenderOptions options);

/// An array with an object for each finding: code, severity, message, file, line, column, end_line, end_column, notes,
/// hint. Ends with a newline.
[[nodiscard]] std::string as_json(const Report& report);

/// Any message in the same form on one line, without a newline at the end.
[[nodiscard]] std::string message_as_json(const Diagnostic& message);

/// SARIF 2.1.0 with the rules and, as suppressed results, what the files silence. Ends with a newline.
[[nodiscard]] std::string as_sarif(const Report& report, std::string_view version);

}  // namespace davit::lint
