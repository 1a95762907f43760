#pragma once
// Builds an image from a Dockerfile and a folder.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/result.hpp"
#include "davit/base/strong.hpp"
#include "davit/build/plan.hpp"
#include "davit/engine/container_spec.hpp"
#include "davit/image/image_store.hpp"

namespace davit::build {

enum class CacheUse { Normal, Ignore };  ///< Ignore: every step is done again (--no-cache), and its result remembered

/// Where the value of a secret is.
struct SecretValue {
  std::string file;                    ///< read when a step asks for it
  std::optional<std::string> content;  ///< instead of a file
};

struct BuildRequest {
  std::string context;     ///< folder
  std::string dockerfile;  ///< path, relative to the current folder; empty: "Dockerfile" in the context
  /// The text itself, instead of a file; `dockerfile` is then only its name in messages.
  std::optional<std::string> dockerfile_text;
  std::map<std::string, std::string> args;
  std::string target;  ///< stage; empty: the last one
  std::map<std::string, std::string> labels;
  /// Additional contexts by name: a folder, or "docker-image://IMAGE" for an image of the store.
  std::map<std::string, std::string> contexts;
  std::vector<std::string> tags;               ///< names to give; checked before anything is built
  std::map<std::string, SecretValue> secrets;  ///< by id
  CacheUse cache = CacheUse::Normal;
  std::set<std::string> uncached_stages;             ///< stages whose steps are done again (--no-cache-filter)
  RunNetworkMode network = RunNetworkMode::Sandbox;  ///< of every RUN that does not name one
  /// RUN --network=host may be used. With RunNetworkMode::Host it always may.
  HostNetwork host_network = HostNetwork::Refused;
  std::vector<std::pair<std::string, std::string>> extra_hosts;  ///< for RUN: name, address; "host-gateway" is the host
  std::vector<engine::Ulimit> ulimits;                           ///< for RUN
  std::optional<std::int64_t> shm_size;                          ///< of /dev/shm in RUN, bytes
  std::string runtime;  ///< OCI runtime for RUN: "crun", "runc", a path; empty: the first that works
  /// Path of the davit program, which removes what is left if this process is killed. Empty: the next build does that.
  std::string davit;
  /// Asked to stop, the build kills its running steps, removes what is half made, and fails with code "cancelled".
  std::stop_token stop;
};

/// One line of the progress: a step, or something the builder does by itself.
struct Vertex {
  std::size_t id = 0;  ///< 1, 2, … in the order of their beginning
  std::string title;   ///< "[build 2/4] RUN make"
};

/// Told what happens, one call at a time, from whichever thread. Must not throw.
class BuildObserver {
 public:
  using Seconds = std::chrono::duration<double>;
  enum class Stream { Out, Err };

  virtual ~BuildObserver() = default;
  virtual void warning(const Diagnostic& diagnostic) = 0;
  virtual void started(const Vertex& vertex) = 0;
  virtual void cached(const Vertex& vertex) = 0;
  /// A line without its end, `at` since the step began.
  virtual void output(const Vertex& vertex, Stream stream, Seconds at, std::string_view line) = 0;
  virtual void done(const Vertex& vertex, Seconds took) = 0;
  virtual void failed(const Vertex& vertex, const std::string& why) = 0;
  virtual void cancelled(const Vertex& vertex) = 0;
};

/// Sees nothing.
class SilentObserver final : public BuildObserver {
 public:
  void warning(const Diagnostic&) override {}
  void started(const Vertex&) override {}
  void cached(const Vertex&) override {}
  void output(const Vertex&, Stream, Seconds, std::string_view) override {}
  void done(const Vertex&, Seconds) override {}
  void failed(const Vertex&, const std::string&) override {}
  void cancelled(const Vertex&) override {}
};

/// Why there is no image; or what is to be said about one that could be built.
struct BuildFailure {
  Diagnostics diagnostics;
  std::map<std::string, std::string> sources;  ///< texts the diagnostics point into, by file name

  /// All of them as a compiler would print them.
  [[nodiscard]] std::string render(RenderOptions options = {}) const;
};

/// Builds, and names the image. Only stages the target needs are built; those that do not need one another at the same
/// time; steps whose ingredients did not change come from the cache. Blocks. After a failure nothing is left behind but
/// the cache records of the steps that were done. Needs root for RUN, COPY, ADD and WORKDIR (mounts).
[[nodiscard]] Result<ImageId, BuildFailure> build(const BuildRequest& request, image::ImageStore& store,
                                                  BuildObserver& observer);

/// Only looks at the Dockerfile (--check): warnings, or the errors that would end the build before its first step.
/// Nothing is built, and no base image has to be unpacked. Needs no root.
[[nodiscard]] BuildFailure check(const BuildRequest& request, image::ImageStore& store);

}  // namespace davit::build
