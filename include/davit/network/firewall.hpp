#pragma once
// The firewall of one project: masquerade, isolation between networks, DNAT for published ports. The rule set is a pure
// function of the wanted state; applying it replaces the project's own table in one transaction.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "davit/network/address.hpp"
#include "davit/network/names.hpp"
#include "davit/network/ports.hpp"

namespace davit::network {

/// Whether containers of a network get out of it.
enum class Reach : std::uint8_t { Outside, Internal };

/// One network as the firewall sees it.
struct FirewallNetwork {
  std::string bridge;
  std::vector<Subnet> subnets;
  Reach reach = Reach::Outside;
  friend bool operator==(const FirewallNetwork&, const FirewallNetwork&) = default;
};

/// One published port: what arrives at `host_ip:host_port` goes to `target:target_port`.
struct FirewallPort {
  Protocol protocol = Protocol::Tcp;
  IpAddress host_ip;  ///< 0.0.0.0 and :: mean every address of this host
  std::uint16_t host_port = 0;
  IpAddress target;  ///< of the same family as host_ip
  std::uint16_t target_port = 0;
  friend auto operator<=>(const FirewallPort&, const FirewallPort&) = default;
};

struct FirewallState {
  std::vector<FirewallNetwork> networks;
  std::vector<FirewallPort> ports;
  [[nodiscard]] bool empty() const { return networks.empty() && ports.empty(); }
  friend bool operator==(const FirewallState&, const FirewallState&) = default;
};

/// What is known of the project's table before a change.
enum class TableBefore : std::uint8_t { Any, Absent };

/// The nft script that makes the project's table exactly this, whatever it was before. The same state in any order
/// gives the same text. Pure.
[[nodiscard]] std::string firewall_script(const Scope& scope, const FirewallState& state,
                                          TableBefore before = TableBefore::Any);

/// What programs send to port `from` of a loopback address of their own namespace goes to its port `to`.
struct LoopbackRedirect {
  Protocol protocol = Protocol::Tcp;
  IpAddress address;  ///< of 127.0.0.0/8
  std::uint16_t from = 0;
  std::uint16_t to = 0;
};

/// The nft script that makes a table with these redirections, in a namespace that has none yet. Pure.
[[nodiscard]] std::string redirect_script(const std::vector<LoopbackRedirect>& redirects);

/// Makes that table in the network namespace of the calling thread. It ends with the namespace. Throws Error.
void redirect_loopback(const std::vector<LoopbackRedirect>& redirects);

/// A base chain of the forward hook that drops what it does not know, such as Docker's or ufw's: an accept in our own
/// table cannot overrule it.
struct DroppingChain {
  std::string family;  ///< "ip", "ip6", "inet"
  std::string table;
  std::string chain;
  /// Where an accept for our bridges may be put: DOCKER-USER, which Docker keeps for this, or an iptables-style FORWARD
  /// chain. Empty in a table of another kind, which is its owner's alone.
  std::string entry;
  friend bool operator==(const DroppingChain&, const DroppingChain&) = default;
};

/// Reads `nft -j list chains` output. An unreadable text gives nothing. Pure.
[[nodiscard]] std::vector<DroppingChain> find_dropping_chains(std::string_view chains_json);

/// The nft table of a project in the network namespace of the calling thread. One object a thread.
class Firewall {
 public:
  explicit Firewall(Scope scope);
  ~Firewall();
  Firewall(const Firewall&) = delete;
  Firewall& operator=(const Firewall&) = delete;

  /// Makes the project's rules exactly this. Throws Error when the kernel refuses; then the old rules stand.
  /// Where the host's own firewall drops forwarded packets by policy and leaves room for others (DroppingChain::entry),
  /// accepts for our bridges are put there. An empty state removes everything.
  void apply(const FirewallState& state);
  /// Removes the table and every rule of this project elsewhere. Nothing to remove is fine.
  void remove();

  /// What changes left open. Closing it waits until the kernel has let go of replaced rules (an RCU grace period, some
  /// 30 ms), so it may be dropped on another thread than the one that changes rules. Destroying the firewall drops it
  /// too.
  [[nodiscard]] std::shared_ptr<void> take_retired();

  /// What in the host's firewall keeps containers from reaching out or being reached, for `davit doctor` and the
  /// supervisor's log: one warning for each chain we may not change, a note for each we do.
  [[nodiscard]] std::vector<Diagnostic> diagnose();

  /// Whether the project has a table.
  [[nodiscard]] static bool exists(const Scope& scope);
  /// Why nftables cannot be used here (no rights, no kernel support); nullopt when it can.
  [[nodiscard]] static std::optional<Diagnostic> unavailable();

 private:
  friend void redirect_loopback(const std::vector<LoopbackRedirect>& redirects);
  struct Nft;
  enum class HasTable : std::uint8_t { Unknown, No, Yes };
  std::string host_chains_script(Nft& nft, const std::set<std::string>& bridges);
  Scope scope_;
  std::set<std::string> opened_;  ///< bridges the host's chains were opened for
  HasTable has_table_ = HasTable::Unknown;
  std::vector<std::unique_ptr<Nft>> retired_;
};

}  // namespace davit::network
