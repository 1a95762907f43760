#pragma once
// Users and modes of a target root file system: `USER`, `--chown`, `--chmod`.

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "build/rooted.hpp"
#include "build/run_spec.hpp"
#include "davit/base/span.hpp"

namespace davit::build {

/// "name", "uid", "name:group", … against the root's /etc/passwd and /etc/group, as Docker's GetExecUser: an unknown
/// number is taken as it is with group 0, an unknown name is an error (davit::Error at `where`).
[[nodiscard]] Identity find_identity(const Root& root, const std::string& user, const Span& where);

/// Owner for --chown: a number alone is the group too; a name alone brings its group. Unknown names are errors.
[[nodiscard]] std::pair<uid_t, gid_t> find_owner(const Root& root, const std::string& owner, const Span& where);

/// --chmod: octal up to 07777 or symbolic ("u=rwX,go-w"), umask 0.
class ModeChange {
 public:
  /// Throws davit::Error for anything else.
  ModeChange(std::string text, const Span& where);
  [[nodiscard]] mode_t apply(mode_t mode, bool folder) const;

 private:
  [[nodiscard]] std::optional<mode_t> symbolic(mode_t mode, bool folder) const;
  std::string text_;
  std::optional<mode_t> fixed_;
};

}  // namespace davit::build
