#pragma once
// What the supervisor says: lines of RUN/PROJECT/supervisor.log, which is its stderr.

#include <string_view>

namespace davit::embedded {

/// Something that a user who looks for a cause should find: "2026-11-25T16:00:00.123Z supervisor: warning: …".
void log_warning(std::string_view text);
/// Something that ends the supervisor.
void log_error(std::string_view text);

}  // namespace davit::embedded
