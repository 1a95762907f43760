#pragma once
// Kernel settings of the calling thread's network namespace.

#include <string>
#include <string_view>

namespace davit::network {

/// `name` in dotted form, such as "net.ipv4.ip_forward"; slashes in place of dots are taken too, as sysctl(8) does.
void write_sysctl(std::string_view name, std::string_view value);
/// Without the line end. Throws Error when there is none.
[[nodiscard]] std::string read_sysctl(std::string_view name);
[[nodiscard]] bool has_sysctl(std::string_view name);

}  // namespace davit::network
