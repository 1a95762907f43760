#pragma once
// What the sockets of all containers share.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_set>
#include <vector>

#include "davit/dns/server.hpp"
#include "dns/responder.hpp"
#include "dns/upstream_query.hpp"

namespace davit::dns {

class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(boost::asio::io_context& context, ServerLimits limits);

  /// Gets the bytes to send; called at once for an answer of our own (the bytes last until the next question), later
  /// for one of an upstream, never for a packet that deserves none.
  using Reply = std::function<void(std::span<const std::uint8_t>)>;

  /// The forwarded questions of one container that have no answer yet. Outlives its sockets.
  using Outstanding = std::shared_ptr<std::size_t>;
  /// Whether a reply comes, now or later.
  enum class Answered : std::uint8_t { Yes, Never };

  /// `reply` is a template so that the way of our own names needs no allocation.
  template <class ReplyFunction>
  Answered ask(std::span<const std::uint8_t> packet, Transport transport, const Asker& asker,
               const std::vector<Upstream>& upstreams, const Outstanding& outstanding, const ReplyFunction& reply) {
    if (look_) look_();
    const auto forwarding = upstreams.empty() ? Forwarding::Off : Forwarding::On;
    const auto response = responder_.respond(packet, transport, names_, asker, forwarding, buffer_);
    if (response.kind == Response::Kind::Answer) reply(std::span<const std::uint8_t>(buffer_).first(response.size));
    if (response.kind == Response::Kind::Forward) forward(packet, transport, upstreams, outstanding, reply);
    return response.kind == Response::Kind::Answer || response.kind == Response::Kind::Forward ? Answered::Yes
                                                                                               : Answered::Never;
  }

  void set_names(NameTable names) { names_ = std::move(names); }
  void set_look(std::function<void()> look) { look_ = std::move(look); }
  void close();

  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] const ServerLimits& limits() const { return limits_; }

 private:
  void forward(std::span<const std::uint8_t> packet, Transport transport, const std::vector<Upstream>& upstreams,
               const Outstanding& outstanding, Reply reply);
  /// SERVFAIL to a question, in the buffer.
  [[nodiscard]] std::span<const std::uint8_t> failure(std::span<const std::uint8_t> packet);

  boost::asio::io_context& context_;
  ServerLimits limits_;
  NameTable names_;
  std::function<void()> look_;
  Responder responder_;
  std::vector<std::uint8_t> buffer_;
  std::unordered_set<std::shared_ptr<UpstreamQuery>> queries_;
};

}  // namespace davit::dns
