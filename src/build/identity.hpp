#pragma once
// Users and modes of a target root file system: `USER`, `--chown`, `--chmod`.

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "build/rooted.hpp"
#include "davit/base/span.hpp"
#include "davit/container/user.hpp"

namespace davit::build {

/// Who a step of this USER is, by the root's own files; as for a container (container::resolve_user). Throws
/// davit::Error at `where`.
[[nodiscard]] container::ResolvedUser find_identity(const Root& root, const std::string& user, const Span& where);

/// Owner for --chown (container::resolve_owner). Throws davit::Error at `where`.
[[nodiscard]] std::pair<uid_t, gid_t> find_owner(const Root& root, const std::string& owner, const Span& where);

/// --chmod: octal up to 07777 or symbolic ("u=rwX,go-w"), umask 0.
class ModeChange {
 public:
  /// Throws davit::Error for anything else.
  ModeChange(std::string text, const Span& where);
  /// `mode` is that of `stat`, with the type: 'X' and '=' treat folders in their own way. Returns the bits of chmod.
  [[nodiscard]] mode_t apply(mode_t mode) const;

 private:
  [[nodiscard]] std::optional<mode_t> symbolic(mode_t mode) const;
  std::string text_;
  std::optional<mode_t> fixed_;
};

}  // namespace davit::build
