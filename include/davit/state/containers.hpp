#pragma once
// Containers of every project, as last written by the supervisor that owns them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/strong.hpp"
#include "davit/state/database.hpp"
#include "davit/state/values.hpp"

namespace davit::state {

enum class ContainerState { Created, Running, Paused, Restarting, Exited, Dead };

/// Docker's words: "created", "running", "paused", "restarting", "exited", "dead".
[[nodiscard]] std::string_view to_string(ContainerState state);
[[nodiscard]] std::optional<ContainerState> container_state_from(std::string_view text);

struct Container {
  ContainerId id;
  std::string project;
  std::string service;
  std::string name;  ///< unique in the data root
  int number = 1;
  bool oneoff = false;
  std::string spec_json;  ///< the engine's container description
  ImageId image;
  StringMap labels;

  ContainerState state = ContainerState::Created;
  std::int64_t pid = 0;             ///< PID 1 of the container, 0 when there is none
  std::int64_t pid_start_time = 0;  ///< field 22 of /proc/<pid>/stat: tells a reused pid
  std::optional<int> exit_code;
  bool oom_killed = false;
  std::string error;  ///< why it could not start, for people
  WallTime created = 0;
  WallTime started = 0;
  WallTime finished = 0;
  std::string health_json;  ///< empty without a health check
  int restart_count = 0;
  bool stop_requested = false;  ///< the user asked: the restart policy does not apply

  friend bool operator==(const Container&, const Container&) = default;
};

class Containers {
 public:
  explicit Containers(Database& database) : database_(database) {}

  /// False when the name (or the id) is taken; nothing is written then.
  [[nodiscard]] bool insert(const Container& container);
  /// Writes every field of an existing container. False when it is gone or the new name is taken.
  [[nodiscard]] bool update(const Container& container);
  /// The one field that changes with every probe.
  void set_health(const ContainerId& id, const std::string& health_json);
  void remove(const ContainerId& id);

  [[nodiscard]] std::optional<Container> find(const ContainerId& id);
  [[nodiscard]] std::optional<Container> find_by_name(const std::string& name);
  /// By service, number, time of creation.
  [[nodiscard]] std::vector<Container> of_project(const std::string& project);
  [[nodiscard]] std::vector<Container> all();
  /// Those made from the image, in any state: what keeps an image from being removed.
  [[nodiscard]] std::vector<Container> of_image(const ImageId& image);

 private:
  Database& database_;
};

}  // namespace davit::state
