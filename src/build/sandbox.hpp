#pragma once
// What the RUN steps of a build share: the OCI runtime, what the machine can do, the network. Made when the first RUN
// is really done, so that a cached build pays nothing.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "build/run_network.hpp"
#include "build/work_area.hpp"
#include "davit/container/host.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/engine/container_spec.hpp"

namespace davit::build {

/// What the request says about every RUN.
struct RunSettings {
  std::string runtime;                                           ///< "", "crun", "runc" or a path
  std::vector<std::pair<std::string, std::string>> extra_hosts;  ///< name, address; "host-gateway" is the host's
  std::vector<engine::Ulimit> ulimits;
  std::optional<std::int64_t> shm_size;  ///< bytes
};

/// For several threads.
class Sandbox {
 public:
  /// Told, on any thread, what the network changed on the host or lacks.
  using Notice = std::function<void(const Diagnostic&)>;
  /// `area` and `settings` outlive it.
  Sandbox(const std::filesystem::path& data_root, WorkArea& area, const RunSettings& settings, Notice notice);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  [[nodiscard]] const RunSettings& settings() const { return settings_; }
  /// Starts making the network, if that has not begun: it takes longer than the rest of what a step needs.
  void begin_network();
  /// The network, once it is there. Throws davit::Error, to every step that asks.
  [[nodiscard]] const RunNetwork& network();

  struct Runtime {
    container::HostFacts host;
    container::RuntimeProgram program;
  };
  /// Call it on a step's thread, in its mount namespace: a runtime is tried in there. Throws davit::Error when none
  /// works.
  [[nodiscard]] const Runtime& runtime();
  /// Where compiled system call filters are kept.
  [[nodiscard]] std::string cache_dir() const { return (data_root_ / "cache").string(); }

 private:
  std::filesystem::path data_root_;
  WorkArea& area_;
  const RunSettings& settings_;
  Notice notice_;
  std::mutex mutex_;
  std::optional<Runtime> runtime_;
  std::shared_future<std::shared_ptr<RunNetwork>> network_;
};

}  // namespace davit::build
