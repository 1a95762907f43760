#pragma once
// The places every container mounts something on, as a layer of their own between the image and the container.

#include <string>
#include <vector>

namespace davit::container {

/// Makes `folder` (which must not be there) a layer with what of /proc, /sys, /dev, /etc/hosts, /etc/hostname,
/// /etc/resolv.conf and /.dockerenv the image lacks, so that not every start has to make them in the container's own
/// layer: there each is a file on disk, and the first of them a copy of /etc. `layers` are the image's, absolute
/// folders, lowest first. /etc keeps the owner, mode and time it has in the image; where that is not enough (a link,
/// extended attributes) it is left to the runtime. Throws Error; then nothing is left of the folder.
void make_mount_points(const std::vector<std::string>& layers, const std::string& folder);

}  // namespace davit::container
