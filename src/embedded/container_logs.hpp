#pragma once
// The output of one run of a container on its way into the log files.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "davit/async/task.hpp"
#include "davit/engine/container_spec.hpp"
#include "davit/logs/pump.hpp"

namespace davit::embedded {

class KeeperLink;

[[nodiscard]] logs::RotationPolicy rotation_of(const engine::LogOptions& options);

/// Held by its coroutines, so that it may be let go at any time after stop().
class ContainerLogs {
 public:
  ContainerLogs(asio::io_context& context, logs::LogPump pump);

  /// Reads one stream until it ends or stop() is called. `notice` is told of output that is dropped.
  static Task<void> follow(std::shared_ptr<ContainerLogs> self, logs::Stream stream,
                           std::function<void(const Diagnostic&)> notice);
  /// Writes what is there now, for a container that has ended, and stops following.
  void finish();

 private:
  logs::LogPump pump_;
  std::array<std::optional<asio::posix::stream_descriptor>, logs::kStreams> sources_;
  bool stopped_ = false;
};

/// Keeps the pipes of a stream with the keeper under "<prefix><stream>/…".
void keep_pipes(KeeperLink& keeper, const std::string& prefix, logs::Stream stream, const logs::StreamPipes& pipes);
/// Takes them out of what the keeper gave back; nullopt when they are not complete.
[[nodiscard]] std::optional<logs::StreamPipes> take_pipes(std::map<std::string, Fd>& held, const std::string& prefix,
                                                          logs::Stream stream);

}  // namespace davit::embedded
