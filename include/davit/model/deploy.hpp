#pragma once
// `deploy:` of a service: how many, with what, and how to replace them.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/span.hpp"

namespace davit::model {

/// A request for devices, as in `gpus:` and `deploy.resources.reservations.devices`.
struct DeviceRequest {
  Span where;
  std::vector<std::string> capabilities;
  std::string driver;
  std::optional<std::int64_t> count;  ///< -1 means all
  std::vector<std::string> device_ids;
  std::map<std::string, std::string> options;
  friend bool operator==(const DeviceRequest&, const DeviceRequest&) = default;
};

struct Resources {
  std::optional<double> cpus;
  std::optional<std::int64_t> memory;  ///< bytes
  std::optional<std::int64_t> pids;    ///< -1 means unlimited
  std::vector<DeviceRequest> devices;
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// `deploy.restart_policy`; wins over `restart:` when both are present.
struct DeployRestart {
  std::string condition;  ///< "none", "on-failure", "any" or empty
  std::optional<std::chrono::nanoseconds> delay;
  std::optional<std::uint64_t> max_attempts;
  std::optional<std::chrono::nanoseconds> window;
  friend bool operator==(const DeployRestart&, const DeployRestart&) = default;
};

/// `deploy.update_config` and `deploy.rollback_config`.
struct UpdatePolicy {
  std::optional<std::uint64_t> parallelism;
  std::optional<std::chrono::nanoseconds> delay;
  std::string failure_action;
  std::optional<std::chrono::nanoseconds> monitor;
  double max_failure_ratio = 0;
  std::string order;  ///< "start-first", "stop-first" or empty
  friend bool operator==(const UpdatePolicy&, const UpdatePolicy&) = default;
};

struct Deploy {
  Span where;
  std::string mode;
  std::optional<std::int64_t> replicas;
  std::map<std::string, std::string> labels;  ///< of the service, not of its containers
  Resources limits;
  Resources reservations;
  std::optional<DeployRestart> restart_policy;
  std::optional<UpdatePolicy> update_config;
  std::optional<UpdatePolicy> rollback_config;
  std::string endpoint_mode;
  friend bool operator==(const Deploy&, const Deploy&) = default;
};

}  // namespace davit::model
