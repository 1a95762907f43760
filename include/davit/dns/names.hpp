#pragma once
// Which names exist on which network, and what an asker gets for one. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "davit/network/address.hpp"

namespace davit::dns {

/// One container on one network, with every name it answers to there: service name, container name, short id, aliases.
struct Endpoint {
  std::string network;
  std::string container;  ///< the container name: what PTR answers (with the network's name behind it)
  std::vector<std::string> names;
  std::vector<network::IpAddress> addresses;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Who asks: the networks it is on in order, and its own `links` and extra names.
struct Asker {
  std::vector<std::string> networks;
  /// `links`: a name that this container alone sees, and the name it stands for.
  std::vector<std::pair<std::string, std::string>> links;
  friend bool operator==(const Asker&, const Asker&) = default;
};

/// What to answer.
struct Lookup {
  enum class Outcome : std::uint8_t {
    Found,    ///< our name: `addresses` (maybe none of the family asked for: an empty answer) or `name` (PTR)
    Unknown,  ///< not ours: ask the host's resolvers
  };
  Outcome outcome = Outcome::Unknown;
  std::vector<network::IpAddress> addresses;
  std::string name;
};

/// The names of a project's running containers. Case does not count.
class NameTable {
 public:
  NameTable() = default;
  explicit NameTable(const std::vector<Endpoint>& endpoints);

  /// Addresses of a family for a name, as the asker sees it: every endpoint with that name on the asker's networks; the
  /// first network that knows the name counts. `rotation` turns the order, so that replicas take turns. "name.network"
  /// works too. `name` must be in lower case; `result` is overwritten (it is a parameter so that its memory is used
  /// again).
  void find(const Asker& asker, std::string_view name, network::Family family, std::uint32_t rotation,
            Lookup& result) const;
  /// The name of an address on one of the asker's networks: "container.network".
  void find_name(const Asker& asker, const network::IpAddress& address, Lookup& result) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
  };
  using Addresses = std::vector<network::IpAddress>;
  struct Network {
    std::unordered_map<std::string, Addresses, Hash, Equal> names;
    std::vector<std::pair<network::IpAddress, std::string>> reverse;  ///< sorted by address
  };

  const Addresses* lookup(const Asker& asker, std::string_view name) const;

  std::unordered_map<std::string, Network, Hash, Equal> networks_;
};

}  // namespace davit::dns
