#include "dns/server_core.hpp"

#include <algorithm>

namespace davit::dns {

ServerCore::ServerCore(boost::asio::io_context& context, ServerLimits limits)
    : context_(context), limits_(limits), responder_(limits.ttl), buffer_(kMaxMessage) {}

void ServerCore::close() {
  look_ = nullptr;
  for (const auto& query : std::exchange(queries_, {})) query->cancel();
}

std::span<const std::uint8_t> ServerCore::failure(std::span<const std::uint8_t> packet) {
  Query query;
  if (parse_query(packet, query)) return {};
  const std::size_t size = AnswerWriter(packet, query, buffer_, kPlainUdpSize).finish(Rcode::ServerFailure);
  return std::span<const std::uint8_t>(buffer_).first(size);
}

void ServerCore::forward(std::span<const std::uint8_t> packet, Transport transport,
                         const std::vector<Upstream>& upstreams, const Outstanding& outstanding, Reply reply) {
  if (*outstanding >= limits_.outstanding) return reply(failure(packet));
  const std::size_t limit =
      transport == Transport::Tcp ? kMaxMessage : std::min<std::size_t>(responder_.query().udp_size, kMaxUdpSize);
  auto query = std::make_shared<UpstreamQuery>(context_, packet, transport, upstreams, limits_.upstream_timeout);
  query->on_done([weak = weak_from_this(), key = std::weak_ptr(query), limit, outstanding,
                  reply = std::move(reply)](std::span<std::uint8_t> answer) {
    --*outstanding;
    const auto self = weak.lock();
    const auto done = key.lock();
    if (!self || !done) return;
    self->queries_.erase(done);
    reply(answer.empty() ? self->failure(done->packet()) : answer.first(truncate(answer, limit)));
  });
  ++*outstanding;
  queries_.insert(query);
  query->start();
}

}  // namespace davit::dns
