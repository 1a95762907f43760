#pragma once
// Networks and volumes as an engine understands them. Apart from engine.hpp, so that pure rooms need no Asio header.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace davit::engine {

struct IpamPool {
  std::string subnet;  ///< CIDR; empty: from the engine's pool
  std::string gateway;
  std::string ip_range;
  friend bool operator==(const IpamPool&, const IpamPool&) = default;
};

struct NetworkSpec {
  std::string name;  ///< full name
  std::string key;
  std::string project;
  std::string config_hash;
  std::string driver = "bridge";
  std::map<std::string, std::string> driver_opts;
  std::map<std::string, std::string> labels;
  bool internal = false;
  bool enable_ipv6 = false;
  std::vector<IpamPool> ipam;
  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

/// Docker's rule for the names of volumes (moby volume/local, "volumeNameRegex"): a letter or digit, then letters,
/// digits,
/// '_', '.', '-'. An engine may use such a name as that of a folder.
[[nodiscard]] bool is_volume_name(std::string_view name);

struct VolumeSpec {
  std::string name;
  std::string key;
  std::string project;
  std::string config_hash;
  std::string driver = "local";
  std::map<std::string, std::string> driver_opts;
  std::map<std::string, std::string> labels;
  friend bool operator==(const VolumeSpec&, const VolumeSpec&) = default;
};

[[nodiscard]] std::string to_json(const NetworkSpec& spec);
[[nodiscard]] NetworkSpec network_spec_from_json(const std::string& text);
[[nodiscard]] std::string to_json(const VolumeSpec& spec);
[[nodiscard]] VolumeSpec volume_spec_from_json(const std::string& text);

/// Whether removing a container also removes the anonymous volumes that only it uses.
enum class WithVolumes { No, Anonymous };

}  // namespace davit::engine
