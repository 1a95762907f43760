#pragma once
// The DNS server of a project: one pair of sockets inside of each container's namespace, so that it is known who asks.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/dns/names.hpp"
#include "davit/network/address.hpp"

namespace boost::asio {
class io_context;
}

namespace davit::dns {

/// How questions to 127.0.0.11:53 inside of a container come to the server.
enum class Entrance : std::uint8_t {
  Direct,      ///< its sockets are bound there: nothing in between, but no program may listen on 53 of all addresses
  Redirected,  ///< its sockets are bound to free ports of 127.0.0.11, and a rule of the namespace leads there
};

/// A container's namespace and how its questions come in.
struct ServerPlace {
  int netns = -1;
  Entrance entrance = Entrance::Direct;
};

/// Bound to 127.0.0.11 inside of a container's namespace. May be kept by another process and served again later.
struct ServerSockets {
  Fd udp;
  Fd tcp;
};

/// Opens both sockets in the namespace (`lo` must be up). The rule of Entrance::Redirected ends with the namespace, so
/// that it serves sockets kept elsewhere as well. Throws Error.
[[nodiscard]] ServerSockets open_server_sockets(ServerPlace place);
/// The same for many namespaces, in one helper thread.
[[nodiscard]] std::vector<ServerSockets> open_server_sockets(const std::vector<ServerPlace>& places);

struct Upstream {
  network::IpAddress address;
  std::uint16_t port = 53;
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

struct ServerLimits {
  std::size_t outstanding = 256;     ///< forwarded queries of one container at once; more are answered SERVFAIL
  std::size_t tcp_connections = 64;  ///< of one container at once
  std::chrono::milliseconds upstream_timeout{3000};  ///< until the next server is tried
  std::chrono::seconds tcp_idle{10};
  std::uint32_t ttl = 600;  ///< of our own answers, in seconds, as Docker's
};

/// Answers the names of a table; forwards every other question to the asker's upstream servers from the namespace it
/// was made in. Lives on the thread of the io_context. Destroying it closes all sockets.
class Server {
 public:
  explicit Server(boost::asio::io_context& context, ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves a container from now on (replaces what was served under this name). The descriptors become the server's
  /// own; hand in duplicates of those that are kept elsewhere.
  void serve(const std::string& container, ServerSockets sockets, Asker asker, std::vector<Upstream> upstreams);
  /// Where its questions go from now on; those that are under way stay where they are.
  void set_upstreams(const std::string& container, std::vector<Upstream> upstreams);
  /// Stops serving; its open questions get no answer.
  void forget(const std::string& container);
  /// Replaces all names, as containers start and stop.
  void set_names(NameTable names);
  /// Called in front of each answer, and may call set_names() and set_upstreams(): for what is kept elsewhere, and need
  /// not be looked at before someone asks. Must be quick, and must not throw.
  void set_look(std::function<void()> look);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace davit::dns
