#pragma once
// What a project declares beside its services: networks, volumes, secrets, configs.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/span.hpp"

namespace davit::model {

struct IpamPool {
  Span where;
  std::string subnet;
  std::string ip_range;
  std::string gateway;
  std::map<std::string, std::string> aux_addresses;
  friend bool operator==(const IpamPool&, const IpamPool&) = default;
};

struct Network {
  Span where;
  std::string key;   ///< name in the file
  std::string name;  ///< name on the machine, "<project>_<key>" unless the file names it
  std::string driver;
  std::map<std::string, std::string> driver_opts;
  std::string ipam_driver;
  std::vector<IpamPool> ipam_config;
  std::map<std::string, std::string> ipam_options;
  bool external = false;  ///< must exist already; is never made or removed
  bool internal = false;  ///< no way out
  bool attachable = false;
  std::optional<bool> enable_ipv4;
  std::optional<bool> enable_ipv6;
  std::map<std::string, std::string> labels;
  std::string config_hash;  ///< SHA-256 of the canonical JSON, in hex
  friend bool operator==(const Network&, const Network&) = default;
};

struct Volume {
  Span where;
  std::string key;
  std::string name;  ///< name on the machine
  std::string driver;
  std::map<std::string, std::string> driver_opts;
  bool external = false;
  std::map<std::string, std::string> labels;
  std::string config_hash;  ///< SHA-256 of the canonical JSON, in hex
  friend bool operator==(const Volume&, const Volume&) = default;
};

/// A secret or a config: a file's content given to services. At most one of file, environment and content is set.
struct FileObject {
  Span where;
  std::string key;
  std::string name;
  std::string file;                    ///< absolute path
  Span file_where;                     ///< of `file:`
  std::string environment;             ///< name of a variable of the project environment
  std::optional<std::string> content;  ///< inline content, or the variable's value for `environment`
  bool external = false;
  std::string driver;
  std::map<std::string, std::string> driver_opts;
  std::string template_driver;
  std::map<std::string, std::string> labels;
  friend bool operator==(const FileObject&, const FileObject&) = default;
};

/// An entry of the top-level `models:`.
struct AiModel {
  Span where;
  std::string key;
  std::string name;
  std::string model;
  std::optional<std::int64_t> context_size;
  std::vector<std::string> runtime_flags;
  friend bool operator==(const AiModel&, const AiModel&) = default;
};

}  // namespace davit::model
