#pragma once
// Device nodes of the host. Private to the room.

#include <vector>

#include "davit/container/oci_spec.hpp"

namespace davit::container {

/// The nodes that the spec names (a folder such as /dev/snd stands for those in it), or, privileged, all of /dev.
/// Throws Error for one that is not there.
[[nodiscard]] std::vector<OciDevice> resolve_devices(const engine::ContainerSpec& spec);

}  // namespace davit::container
