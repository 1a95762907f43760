#pragma once
// What the engine decides about the output of a container: how much is kept, and that the keeper holds its pipes.

#include <map>
#include <optional>
#include <string>

#include "davit/engine/container_spec.hpp"
#include "davit/logs/pump.hpp"

namespace davit::embedded {

class KeeperLink;

[[nodiscard]] logs::RotationPolicy rotation_of(const engine::LogOptions& options);

/// Keeps the pipes of a stream with the keeper under "<prefix><stream>/…".
void keep_pipes(KeeperLink& keeper, const std::string& prefix, logs::Stream stream, const logs::StreamPipes& pipes);
/// Takes them out of what the keeper gave back; nullopt when they are not complete.
[[nodiscard]] std::optional<logs::StreamPipes> take_pipes(std::map<std::string, Fd>& held, const std::string& prefix,
                                                          logs::Stream stream);

}  // namespace davit::embedded
