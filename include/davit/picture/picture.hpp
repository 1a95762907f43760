#pragma once
// A project as something that can be drawn: boxes, and lines between them. Plain values, in a fixed order.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "davit/model/project.hpp"

namespace davit::picture {

/// A published port: what is asked for outside, and the port in the container.
struct Port {
  std::string outside;  ///< "8080", "127.0.0.1:8080", "8000-8010"; empty: any free port
  std::string inside;   ///< "80", "53/udp"
  friend bool operator==(const Port&, const Port&) = default;
};

/// A service.
struct Box {
  std::string name;
  std::string image;  ///< as the file names it; empty when it is built without a name
  std::string build;  ///< the build context, relative to the project where it is in it; empty when it is not built
  std::string provider;
  std::vector<Port> ports;
  std::vector<std::string> networks;
  std::string network_mode;
  std::vector<std::string> profiles;
  std::int64_t replicas = 1;
  bool health_check = false;  ///< the file gives it one
  bool enabled = true;        ///< false: no active profile enables it
  std::size_t level = 0;      ///< 0 depends on nothing, n on something of level n-1
  friend bool operator==(const Box&, const Box&) = default;
};

/// "from depends on to". Both are indices of boxes.
struct Link {
  std::size_t from = 0;
  std::size_t to = 0;
  model::DependencyCondition condition = model::DependencyCondition::Started;
  bool required = true;
  bool restart = false;
  /// What it follows from besides or instead of `depends_on`: "network_mode", "pid", "ipc", "uts", "cgroup", "links",
  /// "volumes_from".
  std::vector<std::string> through;
  Span where;
  friend bool operator==(const Link&, const Link&) = default;
};

struct Network {
  std::string key;
  std::string name;
  std::string driver;
  bool external = false;
  bool internal = false;
  friend bool operator==(const Network&, const Network&) = default;
};

struct Picture {
  std::string project;
  std::vector<Box> boxes;   ///< by name
  std::vector<Link> links;  ///< by from, then to
  std::vector<Network> networks;
  friend bool operator==(const Picture&, const Picture&) = default;
};

/// The enabled services of the project, all taken for active. Needs a project whose dependencies have no cycle, as
/// every load gives it. Dependencies on services that are not shown are left out.
[[nodiscard]] Picture make_picture(const model::Project& project);
/// The same; services that are not among the active ones are drawn as such (Box::enabled).
[[nodiscard]] Picture make_picture(const model::Project& project, const std::set<std::string>& active);

}  // namespace davit::picture
