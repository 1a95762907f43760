#include "davit/network/firewall.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "davit/base/error.hpp"
#include "davit/network/low_descriptor.hpp"

namespace davit::network {

namespace {
struct Refusal {
  std::string text;
};
}  // namespace

/// A libnftables context with its output in memory. One change each: a context keeps hash tables of hundreds of KiB for
/// each nft table of the host as long as it lives.
struct Firewall::Nft {
  struct Free {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
  };
  std::unique_ptr<nft_ctx, Free> context;

  Nft() {
    const LowDescriptorLoan loan;  // it opens its socket here, and waits for it with select(2)
    context.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context || nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) {
      throw Error("out of memory for nftables");
    }
  }

  /// What the commands print; on failure the error text.
  Result<std::string, Refusal> run(const std::string& commands, unsigned flags = 0) {
    nft_ctx_output_set_flags(context.get(), flags);
    const int status = nft_run_cmd_from_buffer(context.get(), commands.c_str());
    std::string output = nft_ctx_get_output_buffer(context.get());
    std::string error = nft_ctx_get_error_buffer(context.get());
    if (status == 0) return output;
    return Refusal{error.empty() ? "no reason given" : std::move(error)};
  }
};

namespace {

struct HostRule {
  std::string bridge;
  std::uint64_t handle = 0;
};

/// "iifname "dv…" accept comment "davit_…" # handle 12": the rules in a listing that bear our mark.
std::vector<HostRule> our_rules(const std::string& listing, const std::string& comment) {
  std::vector<HostRule> rules;
  std::istringstream lines(listing);
  const std::string mark = "comment \"" + comment + "\" # handle ";
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(mark);
    const auto open = line.find('"');
    const auto close = line.find('"', open + 1);
    if (at == std::string::npos || close == std::string::npos) continue;
    HostRule rule{line.substr(open + 1, close - open - 1), 0};
    const char* number = line.data() + at + mark.size();
    std::from_chars(number, line.data() + line.size(), rule.handle);
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string place(const DroppingChain& chain) {
  return chain.family + " " + chain.table + " " + chain.entry;
}

/// The commands that leave one pair of accepts for each bridge in the chain, and none of ours besides.
std::string opening_script(const DroppingChain& chain, const std::vector<HostRule>& present,
                           const std::set<std::string>& bridges, const std::string& comment) {
  std::string script;
  std::set<std::string> there;
  for (const auto& rule : present) {
    if (bridges.contains(rule.bridge)) {
      there.insert(rule.bridge);
    } else {
      script += "delete rule " + place(chain) + " handle " + std::to_string(rule.handle) + "\n";
    }
  }
  for (const auto& bridge : bridges) {
    if (there.contains(bridge)) continue;
    for (const char* direction : {"iifname", "oifname"}) {
      script +=
          "insert rule " + place(chain) + " " + direction + " \"" + bridge + "\" accept comment \"" + comment + "\"\n";
    }
  }
  return script;
}

std::set<std::string> bridges_of(const std::vector<FirewallNetwork>& networks) {
  std::set<std::string> bridges;
  for (const auto& network : networks) bridges.insert(network.bridge);
  return bridges;
}

}  // namespace

Firewall::Firewall(Scope scope) : scope_(std::move(scope)) {}
Firewall::~Firewall() = default;

void Firewall::apply(const FirewallState& state) {
  retired_.push_back(std::make_unique<Nft>());
  Nft& nft = *retired_.back();
  const auto bridges = bridges_of(state.networks);
  std::string elsewhere;
  if (bridges != opened_ || bridges.empty()) elsewhere = host_chains_script(nft, bridges);
  // One transaction for our table and for what stands elsewhere: there is never the one without the other.
  const auto before = has_table_ == HasTable::No ? TableBefore::Absent : TableBefore::Any;
  const auto done = nft.run(firewall_script(scope_, state, before) + elsewhere);
  if (!done) throw Error("cannot change the firewall: " + done.error().text);
  opened_ = bridges;
  has_table_ = state.empty() ? HasTable::No : HasTable::Yes;
}

void Firewall::remove() {
  apply({});
}

std::shared_ptr<void> Firewall::take_retired() {
  return std::make_shared<std::vector<std::unique_ptr<Nft>>>(std::exchange(retired_, {}));
}

std::string Firewall::host_chains_script(Nft& nft, const std::set<std::string>& bridges) {
  const auto chains = nft.run("list chains", NFT_CTX_OUTPUT_JSON);
  if (!chains) throw Error("cannot read the firewall: " + chains.error().text);
  const std::string comment = table_name(scope_);
  const bool is_there = chains->find('"' + comment + '"') != std::string::npos;
  has_table_ = is_there ? HasTable::Yes : HasTable::No;
  std::string script;
  for (const auto& chain : find_dropping_chains(*chains)) {
    if (chain.entry.empty()) continue;
    std::vector<HostRule> present;
    if (is_there) {  // rules of ours in chains of others exist only beside our table
      const auto listing = nft.run("list chain " + place(chain), NFT_CTX_OUTPUT_HANDLE);
      if (!listing) continue;  // removed in the meantime by its owner
      present = our_rules(*listing, comment);
    }
    script += opening_script(chain, present, bridges, comment);
  }
  return script;
}

std::vector<Diagnostic> Firewall::diagnose() {
  std::vector<Diagnostic> found;
  const auto chains = Nft().run("list chains", NFT_CTX_OUTPUT_JSON);
  if (!chains) {
    found.push_back(Diagnostic::warning("firewall", "cannot read the firewall: " + chains.error().text));
    return found;
  }
  for (const auto& chain : find_dropping_chains(*chains)) {
    const std::string name = "'" + chain.family + " " + chain.table + " " + chain.chain + "'";
    auto problem =
        Diagnostic::warning("firewall-drops", "the firewall chain " + name + " of this host drops forwarded packets");
    if (chain.entry.empty()) {
      problem.with_hint("let packets of interfaces '" + std::string(kBridgePrefix) + "*' through it, in and out");
    } else {
      problem.severity = Severity::Note;
      problem.note("davit puts an accept for each of its networks into '" + chain.entry + "', and takes it out again");
    }
    found.push_back(std::move(problem));
  }
  return found;
}

bool Firewall::exists(const Scope& scope) {
  return Nft().run("list table inet " + table_name(scope), NFT_CTX_OUTPUT_TERSE).has_value();
}

void redirect_loopback(const std::vector<LoopbackRedirect>& redirects) {
  const auto done = Firewall::Nft().run(redirect_script(redirects));
  if (!done) throw Error("cannot redirect ports inside of a container's network: " + done.error().text);
}

std::optional<Diagnostic> Firewall::unavailable() {
  // Asked for its generation, the kernel says whether it has nftables and whether we may use it. A command of
  // libnftables would say the same after reading every table of the host.
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };
  const std::unique_ptr<nl_sock, Free> socket(nl_socket_alloc());
  if (!socket) throw Error("out of memory for nftables");
  nfgenmsg header{};
  header.version = NFNETLINK_V0;
  int error = nl_connect(socket.get(), NETLINK_NETFILTER);
  if (error >= 0) {
    nl_socket_disable_auto_ack(socket.get());
    error = nl_send_simple(socket.get(), (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN, 0, &header, sizeof header);
  }
  if (error >= 0) error = nl_recvmsgs_default(socket.get());
  if (error >= 0) return std::nullopt;
  return Diagnostic::error("nftables-unavailable", std::string("nftables cannot be used: ") + nl_geterror(error))
      .with_hint("published ports are forwarded in user space; ways out of the networks are missing");
}

}  // namespace davit::network
