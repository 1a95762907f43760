#include "embedded/container_logs.hpp"

#include <fcntl.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include "davit/base/error.hpp"
#include "embedded/keeper_link.hpp"

namespace davit::embedded {

logs::RotationPolicy rotation_of(const engine::LogOptions& options) {
  logs::RotationPolicy policy;
  policy.keep = options.driver == "none" ? logs::RotationPolicy::Keep::Nothing : logs::RotationPolicy::Keep::Files;
  if (options.max_size) policy.max_size = static_cast<std::uint64_t>(*options.max_size);
  if (options.max_file > 0) policy.max_files = static_cast<std::uint32_t>(options.max_file);
  return policy;
}

ContainerLogs::ContainerLogs(asio::io_context& context, logs::LogPump pump) : pump_(std::move(pump)) {
  for (const auto stream : {logs::Stream::Stdout, logs::Stream::Stderr}) {
    const int fd = pump_.source_fd(stream);
    if (fd < 0) continue;
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw_system_error("watch", "the output of a container", errno);
    sources_[logs::index(stream)].emplace(context, copy);
  }
}

Task<void> ContainerLogs::follow(std::shared_ptr<ContainerLogs> self, logs::Stream stream,
                                 std::function<void(const Diagnostic&)> notice) {
  auto& source = self->sources_[logs::index(stream)];
  if (!source) co_return;
  while (!self->stopped_) {
    boost::system::error_code error;
    co_await source->async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error || self->stopped_) co_return;
    for (auto state = logs::LogPump::State::More; state == logs::LogPump::State::More && !self->stopped_;) {
      const logs::LogPump::Progress progress = self->pump_.on_readable(stream);
      state = progress.state;
      if (progress.notice) notice(*progress.notice);
      if (state == logs::LogPump::State::Ended) co_return;
      if (state == logs::LogPump::State::More) {
        const auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);  // the others have their turn
      }
    }
  }
}

void ContainerLogs::finish() {
  if (stopped_) return;
  stopped_ = true;
  for (const auto stream : {logs::Stream::Stdout, logs::Stream::Stderr}) {
    while (pump_.source_fd(stream) >= 0 && pump_.on_readable(stream).state == logs::LogPump::State::More) {
    }
    if (auto& source = sources_[logs::index(stream)]) source->cancel();
  }
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
