#pragma once
// The config document of an image (OCI image spec, config.md, with Docker's additions).

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/result.hpp"

namespace davit::image {

/// How to probe a container, as the image says. What is nullopt is the engine's default.
struct Healthcheck {
  std::vector<std::string> test;  ///< {"CMD", …}, {"CMD-SHELL", text}, {"NONE"}; empty: inherit
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::chrono::nanoseconds> start_interval;
  std::optional<int> retries;

  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

struct HistoryEntry {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;

  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

struct ImageConfig {
  std::string created;  ///< RFC 3339; may be empty
  std::string author;
  std::string architecture;  ///< GOARCH: "amd64", "arm64"
  std::string variant;
  std::string os = "linux";

  std::string user;
  std::set<std::string> exposed_ports;  ///< "80/tcp"
  std::vector<std::string> env;         ///< "NAME=value", in order, one for a name
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::set<std::string> volumes;  ///< absolute paths
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> shell;  ///< empty: {"/bin/sh", "-c"}
  std::vector<std::string> on_build;

  std::vector<std::string> diff_ids;  ///< lowest layer first
  std::vector<HistoryEntry> history;

  /// Members this program does not know, as JSON objects: kept when the config is written again.
  std::string unknown_json = "{}";         ///< of the document
  std::string unknown_config_json = "{}";  ///< of its "config" member

  [[nodiscard]] std::optional<std::string> env_value(std::string_view name) const;
  /// Replaces in place, or appends.
  void set_env(std::string_view name, std::string_view value);

  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

/// Reads a config document; the error says which member is wrong. Limits: 8 MiB, the parser's depth.
[[nodiscard]] Result<ImageConfig> parse_image_config(std::string_view json);

/// Writes it, always the same way: the id of an image is the digest of this text.
[[nodiscard]] std::string to_json(const ImageConfig& config);

/// The architecture of this machine in Go's words, which images use.
[[nodiscard]] std::string host_architecture();

}  // namespace davit::image
