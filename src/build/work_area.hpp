#pragma once
// The folder in which a build works, the cgroups of its steps, and the name of its network: all of them carry the
// build's id, so that they are found and removed when the build is killed.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "build/guard.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/base/fd.hpp"
#include "davit/network/names.hpp"

namespace davit::build {

class WorkArea {
 public:
  /// Makes `<data root>/build/work-XXXXXX`, after removing what dead builds left (their processes too). `davit` is the
  /// program that clears up at once if this process is killed; empty: the next build does. `warn` is told what of a
  /// dead build could not be removed. Call it from a thread in the host's mount namespace.
  WorkArea(const std::filesystem::path& data_root, const std::string& davit,
           const std::function<void(const Diagnostic&)>& warn);
  WorkArea(const WorkArea&) = delete;
  WorkArea& operator=(const WorkArea&) = delete;
  ~WorkArea();

  [[nodiscard]] const std::string& id() const { return id_; }
  /// A new folder in it.
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const;
  /// Path of a step's cgroup below every hierarchy: "/davit-build-1a2b3c4d-XXXXXX-s3". At the top, because a common
  /// parent could not be removed without taking it from under a build that begins.
  [[nodiscard]] std::string cgroup(const std::string& name) const;
  [[nodiscard]] network::Scope network_scope() const;

  /// Null when there is none.
  [[nodiscard]] const Guard* guard() const { return guard_ ? &*guard_ : nullptr; }
  /// The build made something that the guard removes also when the build ends well: taking links away makes the caller
  /// wait for the kernel, the longer the more processors there are.
  void leave_network_to_guard() { guard_has_work_ = true; }

 private:
  void make_locked_folder();
  std::filesystem::path data_root_;
  std::filesystem::path path_;
  std::string id_;
  Fd lock_;
  std::optional<Guard> guard_;
  bool guard_has_work_ = false;
};

}  // namespace davit::build
