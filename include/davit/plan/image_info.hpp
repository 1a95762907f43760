#pragma once
// What the plan needs to know of an image: its identity and the defaults it gives to a container.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/strong.hpp"

namespace davit::plan {

/// HEALTHCHECK of an image. Unset times are the engine's defaults; so is a time of zero (Docker's rule).
struct ImageHealthcheck {
  std::vector<std::string> test;  ///< first word "CMD", "CMD-SHELL" or "NONE"
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::chrono::nanoseconds> start_interval;
  std::optional<int> retries;
  friend bool operator==(const ImageHealthcheck&, const ImageHealthcheck&) = default;
};

/// An image that is on this machine.
struct ImageInfo {
  ImageId id;
  std::string os;            ///< "linux"
  std::string architecture;  ///< "amd64"
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;  ///< "NAME=value", in order
  std::string user;
  std::string working_dir;
  std::string stop_signal;
  std::vector<std::string> volumes;        ///< paths declared by VOLUME
  std::vector<std::string> exposed_ports;  ///< "80/tcp"
  std::map<std::string, std::string> labels;
  std::vector<std::string> shell;  ///< SHELL, for CMD-SHELL probes; empty: /bin/sh -c
  std::optional<ImageHealthcheck> healthcheck;
  friend bool operator==(const ImageInfo&, const ImageInfo&) = default;
};

}  // namespace davit::plan
