#pragma once
// The network of a build: one namespace that its RUN steps share, with a way out of the host and a resolver.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "build/work_area.hpp"
#include "davit/base/diagnostic.hpp"
#include "davit/network/pools.hpp"

namespace davit::build {

/// A subnet of four addresses, two of them usable, for a build. Taken at random from the pools, the last first:
/// projects take theirs from the front, and two builds that begin together cannot see each other's. Pure: `random`
/// gives numbers.
[[nodiscard]] Result<network::Subnet> choose_build_subnet(std::vector<network::Pool> pools,
                                                          const std::vector<network::Subnet>& taken,
                                                          const std::function<std::uint64_t()>& random);

class RunNetwork {
 public:
  /// Makes the namespace, a bridge and a pair of links, rules that let it out and keep it from davit's other networks,
  /// and serves DNS in it at 127.0.0.11. Services on the host's loopback cannot be reached from it. The links and the
  /// table carry the work area's id; they are removed with this object, or afterwards by the area's guard. Throws
  /// davit::Error, and leaves nothing then.
  explicit RunNetwork(WorkArea& area, const std::filesystem::path& data_root);
  RunNetwork(const RunNetwork&) = delete;
  RunNetwork& operator=(const RunNetwork&) = delete;
  ~RunNetwork();

  /// Under which the OCI runtime opens the namespace.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] const std::string& resolv_conf() const { return resolv_conf_; }
  /// The host's address in it: what "host-gateway" means.
  [[nodiscard]] const std::string& gateway() const { return gateway_; }
  /// What was changed on the host for it, or is missing.
  [[nodiscard]] const std::vector<Diagnostic>& notices() const { return notices_; }

 private:
  struct Resolver;

  const WorkArea& area_;
  Fd claim_;  ///< on the subnet
  Fd namespace_;
  std::string gateway_;
  std::string resolv_conf_;
  std::vector<Diagnostic> notices_;
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace davit::build
