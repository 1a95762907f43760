#pragma once
// The parts of a runtime config, each a pure function. Private to the room.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "container/security_options.hpp"
#include "davit/container/oci_spec.hpp"

namespace davit::container {

[[nodiscard]] boost::json::object process_part(const engine::ContainerSpec& spec, const OciInputs& inputs,
                                               const SecurityOptions& security);
[[nodiscard]] boost::json::array mounts_part(const engine::ContainerSpec& spec, const OciInputs& inputs,
                                             const SecurityOptions& security);
[[nodiscard]] boost::json::object linux_part(const engine::ContainerSpec& spec, const OciInputs& inputs,
                                             const SecurityOptions& security);
/// `linux.resources`: limits and the device list. Throws Error for a limit this host cannot apply.
[[nodiscard]] boost::json::object resources_part(const engine::ContainerSpec& spec, const OciInputs& inputs);

/// Of /dev/shm, in bytes.
[[nodiscard]] std::int64_t shm_size(const engine::ContainerSpec& spec);

/// A private network namespace: not the host's and not another container's.
[[nodiscard]] bool has_own_network(const engine::ContainerSpec& spec);

}  // namespace davit::container
