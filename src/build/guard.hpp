#pragma once
// Clears up behind a build that is killed: a process that does nothing but wait for the end of this one.

#include <filesystem>
#include <string>

#include "davit/base/fd.hpp"

namespace davit::build {

class Guard {
 public:
  /// Forks a process of its own session that waits until this object is destroyed or this process ends, whichever way,
  /// and then becomes `davit build-cleanup ID` (see cleanup.hpp). It keeps `lock`, the work folder's, until it is done.
  /// Throws davit::Error.
  Guard(const std::string& davit, const std::filesystem::path& data_root, const std::string& id, const Fd& lock);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Nothing is left to clear up: it ends without doing anything. Harmless when the guard is dead.
  void dismiss() noexcept;

  /// What the OCI runtime of a step inherits: the guard sees by it whether one still runs, which may be about to make a
  /// container.
  [[nodiscard]] int held_by_runtimes() const { return busy_write_.get(); }

 private:
  void tell(char word) noexcept;

  Fd alive_;  ///< a socket, its other end is the guard's: a word wakes the guard, and so does its end
  Fd busy_write_;
};

}  // namespace davit::build
