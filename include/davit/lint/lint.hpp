#pragma once
// Finds what is legal in a Compose file and will hurt. Pure: files come through `Files`.

#include <string>
#include <vector>

#include "davit/base/files.hpp"
#include "davit/compose/load.hpp"
#include "davit/lint/rule.hpp"

namespace davit::lint {

/// One place where a rule found something. The diagnostic has the rule's code and severity.
struct Finding {
  const Rule* rule = nullptr;  ///< null for a mistake because of which the project does not load
  Diagnostic diagnostic;
};

/// A finding that a `x-davit-lint` in the files silences.
struct Silenced {
  Finding finding;
  std::string reason;  ///< as the file gives it; may be empty
};

struct Report {
  std::vector<Finding> findings;  ///< by file and position, each once
  std::vector<Silenced> silenced;
  /// Warnings of the load that no rule stands for.
  Diagnostics others;
};

/// Sets what the linter needs of a load: everything that is declared, the files as they are written, and no look into
/// env files.
void prepare(compose::LoadOptions& options);

/// Applies all rules to a project that was loaded with prepare()d options. Needs `loaded.loaded`. Asks `files` only
/// whether paths of the project exist. Services of inactive profiles are looked at, too.
[[nodiscard]] Report check(const compose::LoadResult& loaded, const Files& files);

/// What is to be said of a project that does not load: its mistakes, and what else the load found.
[[nodiscard]] Report failure(const compose::LoadResult& failed);

}  // namespace davit::lint
