#include "build/run_network.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstddef>
#include <random>
#include <thread>

#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/dns/resolv_conf.hpp"
#include "davit/dns/server.hpp"
#include "davit/network/interfaces.hpp"
#include "davit/network/namespaces.hpp"
#include "davit/network/project_network.hpp"
#include "davit/state/database.hpp"
#include "davit/state/networks.hpp"

namespace davit::build {
namespace {

namespace asio = boost::asio;

constexpr const char* kNetwork = "default";
constexpr const char* kContainer = "run";
constexpr int kPrefix = 30;

std::string read_or_empty(const std::string& path) {
  constexpr std::uint64_t kLargest = 1U << 20U;
  auto text = DiskFiles().read(path, kLargest);
  return text ? *std::move(text) : std::string();
}

/// Keeps other builds of this machine from a subnet as long as the descriptor is open. A socket in the abstract
/// namespace belongs to the network namespace, as subnets do, and goes with its process. Invalid: somebody has it.
Fd claim(const network::Subnet& subnet) {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_system_error("make", "a socket", errno);
  const std::string name = "davit-build-subnet/" + subnet.to_string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);  // a zero first: abstract
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) return socket;
  if (errno != EADDRINUSE) throw_system_error("claim the subnet", subnet.to_string(), errno);
  return {};
}

struct Claimed {
  network::SubnetPlan plan;
  Fd claim;
};

Claimed claim_subnet(const std::filesystem::path& data_root) {
  std::random_device device;
  const auto random = [&device] { return (std::uint64_t{device()} << 32U) | device(); };
  const auto pools = network::default_pools(read_or_empty("/etc/machine-id"));
  auto database = state::Database::open(data_root / "davit.db");
  auto taken = network::taken_subnets(state::Networks(database).subnets());
  for (;;) {
    const network::Subnet subnet = choose_build_subnet(pools, taken, random).value();
    if (Fd held = claim(subnet)) return {network::plan_subnet(subnet).value(), std::move(held)};
    taken.push_back(subnet);
  }
}

network::Attachment attachment(const network::Scope& scope, const network::SubnetPlan& plan) {
  network::Join join;
  join.network = kNetwork;
  join.bridge = network::bridge_name(scope, kNetwork);
  join.addresses = {{network::allocate_address(plan, {}).value(), plan.subnet.prefix()}};
  join.gateways = {plan.gateway};
  return network::plan_interfaces(scope, kContainer, {std::move(join)}).front();
}

void remove_network(const network::Scope& scope) noexcept {
  try {
    (void)network::cleanup_leftovers(scope);
  } catch (const std::exception&) {
    // The next build finds it by its links.
  }
}

}  // namespace

Result<network::Subnet> choose_build_subnet(std::vector<network::Pool> pools, const std::vector<network::Subnet>& taken,
                                            const std::function<std::uint64_t()>& random) {
  constexpr int kTries = 16;
  std::reverse(pools.begin(), pools.end());
  for (network::Pool& pool : pools) {
    pool.prefix = kPrefix;
    if (pool.range.family() != network::Family::V4) continue;
    const std::uint64_t count = std::uint64_t{1} << static_cast<unsigned>(kPrefix - pool.range.prefix());
    for (int i = 0; i < kTries; ++i) {
      const network::Subnet candidate(pool.range.base().plus(random() % count * 4), kPrefix);
      const bool free = std::none_of(taken.begin(), taken.end(), [&](const auto& t) { return t.overlaps(candidate); });
      if (free) return candidate;
    }
  }
  return network::choose_subnet(pools, network::Family::V4, taken);
}

/// Answers nothing itself: passes every question on to the host's resolvers, which may be on the host's loopback.
struct RunNetwork::Resolver {
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  dns::Server server{context};
  std::thread thread;

  Resolver(int netns, const dns::ResolvConf& host) {
    std::vector<dns::Upstream> upstreams;
    for (const auto& address : dns::upstream_servers(host, {})) upstreams.push_back({address, 53});
    server.serve(kContainer, dns::open_server_sockets(dns::ServerPlace{netns}), {}, std::move(upstreams));
    thread = std::thread([this] { context.run(); });
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver() {
    context.stop();
    thread.join();
  }
};

RunNetwork::RunNetwork(WorkArea& area, const std::filesystem::path& data_root) : area_(area) {
  const auto unavailable = network::Firewall::unavailable();
  const auto use =
      unavailable ? network::ProjectNetwork::FirewallUse::None : network::ProjectNetwork::FirewallUse::Nftables;
  if (unavailable) {
    notices_.push_back(*unavailable);
    notices_.back().severity = Severity::Warning;
    notices_.back().hint =
        "RUN steps reach nothing outside of the host; '--network host' gives them the host's network";
  }
  const network::Scope scope = area.network_scope();
  if (area.guard() != nullptr) area.leave_network_to_guard();
  try {
    network::ProjectNetwork networks(scope, use);
    namespace_ = network::create_namespace();
    Claimed claimed = claim_subnet(data_root);
    claim_ = std::move(claimed.claim);
    for (auto& notice : networks.create_network({kNetwork, {claimed.plan}}))
      notices_.push_back({.severity = Severity::Note, .code = "host-changed", .message = std::move(notice)});
    network::attach({{namespace_.get(), {attachment(scope, claimed.plan)}}});
    gateway_ = claimed.plan.gateway.to_string();
    const dns::ResolvConf host = dns::parse_resolv_conf(read_or_empty("/etc/resolv.conf"));
    resolver_ = std::make_unique<Resolver>(namespace_.get(), host);
    resolv_conf_ = dns::container_resolv_conf(host, {});
  } catch (const std::exception& failure) {
    Error error = as_error(failure);
    resolver_.reset();
    namespace_.reset();
    remove_network(scope);
    throw error.context("while making the network of RUN steps");
  }
}

RunNetwork::~RunNetwork() {
  resolver_.reset();
  namespace_.reset();
  if (area_.guard() == nullptr) remove_network(area_.network_scope());
}

std::string RunNetwork::path() const {
  return network::descriptor_path(namespace_.get());
}

}  // namespace davit::build
