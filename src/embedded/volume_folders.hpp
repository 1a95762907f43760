#pragma once
// How the folders of volumes go: they get a hidden name first, and what is in them is removed when their row is gone.

#include <string>
#include <vector>

#include "davit/state/database.hpp"
#include "davit/state/volumes.hpp"
#include "embedded/paths.hpp"

namespace davit::embedded {

/// Sets the folders of volumes aside, within the transaction that removes their rows: whoever makes a volume of the
/// same name afterwards gets a folder of its own. Without commit() they come back.
class VolumesSetAside final {
 public:
  explicit VolumesSetAside(const Paths& paths) : paths_(paths) {}
  ~VolumesSetAside();
  VolumesSetAside(const VolumesSetAside&) = delete;
  VolumesSetAside& operator=(const VolumesSetAside&) = delete;

  /// One that has no folder is no error. Throws Error: this one is where it was.
  void add(const state::Volume& row);
  /// To be called after the transaction's: the folders that are to be removed now.
  [[nodiscard]] std::vector<std::string> commit();

 private:
  struct Move {
    std::string from;
    std::string to;
  };
  const Paths& paths_;
  std::vector<Move> moves_;
};

/// Looks at what this project has set aside and a crash has left so. Where the row is still there, the removal has not
/// been: the folder gets its name back. Otherwise it is garbage, and returned. A folder under the name of a volume is
/// never touched, row or not: it may be somebody's data. `database`: nullptr when there is none.
/// For when nobody removes volumes of the project.
[[nodiscard]] std::vector<std::string> find_garbage_of_volumes(const Paths& paths, state::Database* database);

}  // namespace davit::embedded
