#include "embedded/container_logs.hpp"

#include "embedded/keeper_link.hpp"

namespace davit::embedded {

logs::RotationPolicy rotation_of(const engine::LogOptions& options) {
  logs::RotationPolicy policy;
  policy.keep = options.driver == "none" ? logs::RotationPolicy::Keep::Nothing : logs::RotationPolicy::Keep::Files;
  if (options.max_size) policy.max_size = static_cast<std::uint64_t>(*options.max_size);
  if (options.max_file > 0) policy.max_files = static_cast<std::uint32_t>(options.max_file);
  return policy;
}

void keep_pipes(KeeperLink& keeper, const std::string& prefix, logs::Stream stream, const logs::StreamPipes& pipes) {
  const std::string name = prefix + std::string(logs::name(stream)) + "/";
  keeper.put(name + "source", pipes.source.get());
  keeper.put(name + "staging-read", pipes.staging_read.get());
  keeper.put(name + "staging-write", pipes.staging_write.get());
}

std::optional<logs::StreamPipes> take_pipes(std::map<std::string, Fd>& held, const std::string& prefix,
                                            logs::Stream stream) {
  const std::string name = prefix + std::string(logs::name(stream)) + "/";
  logs::StreamPipes pipes{std::move(held[name + "source"]), std::move(held[name + "staging-read"]),
                          std::move(held[name + "staging-write"])};
  if (!pipes.source || !pipes.staging_read || !pipes.staging_write) return std::nullopt;
  return pipes;
}

}  // namespace davit::embedded
