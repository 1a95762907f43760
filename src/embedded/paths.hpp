#pragma once
// Where things of one project are.

#include <string>

#include "davit/base/strong.hpp"
#include "davit/keeper/message.hpp"
#include "davit/network/names.hpp"

namespace davit::embedded {

struct Paths {
  std::string data_root;
  std::string run_root;
  std::string project;

  // data root
  [[nodiscard]] std::string database() const { return data_root + "/davit.db"; }
  [[nodiscard]] std::string names_counter() const { return data_root + "/names.counter"; }
  [[nodiscard]] std::string cache() const { return data_root + "/cache"; }
  [[nodiscard]] std::string volumes() const { return data_root + "/volumes"; }
  [[nodiscard]] std::string volume(const std::string& name) const { return volumes() + "/" + name; }
  [[nodiscard]] std::string volume_data(const std::string& name) const { return volume(name) + "/_data"; }
  [[nodiscard]] std::string containers() const { return data_root + "/containers"; }
  [[nodiscard]] std::string container(const ContainerId& id) const { return containers() + "/" + id.str(); }
  [[nodiscard]] std::string logs(const ContainerId& id) const { return container(id) + "/log"; }

  // run root
  [[nodiscard]] std::string folder() const { return run_root + "/" + project; }
  [[nodiscard]] std::string socket() const { return folder() + "/supervisor.sock"; }
  [[nodiscard]] std::string lock() const { return folder() + "/lock"; }
  [[nodiscard]] std::string keeper_lock() const { return folder() + "/keeper.lock"; }
  [[nodiscard]] std::string supervisor_log() const { return folder() + "/supervisor.log"; }

  // run root, on a tmpfs that only the keeper's mount namespace shows (keeper::kPrivateFolder)
  [[nodiscard]] std::string private_folder() const { return folder() + "/" + keeper::kPrivateFolder; }
  [[nodiscard]] std::string runtime_state() const { return private_folder() + "/runtime"; }
  [[nodiscard]] std::string bundles() const { return private_folder() + "/bundles"; }
  [[nodiscard]] std::string bundle(const ContainerId& id) const { return bundles() + "/" + id.str(); }
  [[nodiscard]] std::string mount_points() const { return private_folder() + "/mount-points"; }
  [[nodiscard]] std::string pumps() const { return private_folder() + "/pumps"; }
  [[nodiscard]] std::string pump_state(const ContainerId& id) const { return pumps() + "/" + id.str(); }

  // kernel
  [[nodiscard]] std::string cgroup() const;
  [[nodiscard]] std::string cgroup(const ContainerId& id) const { return cgroup() + "/" + id.str(); }
  [[nodiscard]] network::Scope scope() const { return scope_of(project); }
  /// Of another project below the same run root.
  [[nodiscard]] network::Scope scope_of(const std::string& other) const;
};

/// 64 random hex digits: a container, an anonymous volume, a network.
[[nodiscard]] std::string random_id();

}  // namespace davit::embedded
