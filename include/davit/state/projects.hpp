#pragma once
// Projects that were raised and not lowered yet.

#include <optional>
#include <string>
#include <vector>

#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct Project {
  std::string name;
  std::string working_dir;
  std::vector<std::string> config_files;
  std::string run_root;  ///< where its supervisor's socket is
  WallTime created = 0;

  friend bool operator==(const Project&, const Project&) = default;
};

class Projects {
 public:
  explicit Projects(Database& database) : database_(database) {}

  /// Adds the project, or replaces everything but its time of creation.
  void put(const Project& project);
  [[nodiscard]] std::optional<Project> find(const std::string& name);
  /// By name.
  [[nodiscard]] std::vector<Project> all();
  /// Its containers, networks and volumes are removed by their own tables, before.
  void remove(const std::string& name);

 private:
  Database& database_;
};

}  // namespace davit::state
