#pragma once
// Volumes. Their data is in <data root>/volumes/<name>/_data.

#include <optional>
#include <string>
#include <vector>

#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

struct Volume {
  std::string name;     ///< unique in the data root
  std::string project;  ///< empty when no project made it
  std::string key;      ///< its name in the Compose file; empty for an anonymous volume
  std::string driver = "local";
  StringMap labels;
  StringMap options;
  bool anonymous = false;
  std::string config_hash;  ///< of what it was made from; empty when nobody compares
  WallTime created = 0;

  friend bool operator==(const Volume&, const Volume&) = default;
};

class Volumes {
 public:
  explicit Volumes(Database& database) : database_(database) {}

  /// False when the name is taken; nothing is written then.
  [[nodiscard]] bool insert(const Volume& volume);
  [[nodiscard]] std::optional<Volume> find(const std::string& name);
  /// By name.
  [[nodiscard]] std::vector<Volume> of_project(const std::string& project);
  [[nodiscard]] std::vector<Volume> all();
  void remove(const std::string& name);

 private:
  Database& database_;
};

}  // namespace davit::state
