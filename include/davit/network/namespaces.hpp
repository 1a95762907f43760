#pragma once
// Network namespaces, held by descriptor: they live as long as a descriptor, a process or a bind mount holds them.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "davit/base/fd.hpp"

namespace davit::network {

/// How a container's namespace is set up before anything is in it.
struct NamespaceSettings {
  enum class Ipv6 { Off, On };
  Ipv6 ipv6 = Ipv6::Off;  ///< Off: ::1 alone
  /// `sysctls:` of the service below net., such as {"net.core.somaxconn", "1024"}. They come after davit's own: ports
  /// from 0 and ping sockets for everybody, as Docker's.
  std::vector<std::pair<std::string, std::string>> sysctls;
};

/// Makes a namespace with `lo` up. Blocks for about a millisecond. Throws Error, naming the sysctl that was refused.
[[nodiscard]] Fd create_namespace(const NamespaceSettings& settings = {});

/// The namespace of a process, or of a bind mount.
[[nodiscard]] Fd open_namespace(const std::string& path);

/// Keeps a namespace at a path (a bind mount on an empty file, made if absent).
void pin_namespace(int netns, const std::string& path);

/// Runs `work` in a helper thread inside of the namespace, and waits for it. What it throws is thrown here.
void run_in_namespace(int netns, const std::function<void()>& work);

/// The same for several namespaces, one after the other in one thread; ends at the first that throws.
void run_in_namespaces(const std::vector<std::pair<int, std::function<void()>>>& work);

/// The path under which another process can open a descriptor of this one: /proc/<pid>/fd/<n>.
[[nodiscard]] std::string descriptor_path(int fd);

}  // namespace davit::network
