#include "embedded/paths.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/container/cgroups.hpp"

namespace davit::embedded {

std::string Paths::cgroup() const {
  return container::project_cgroup(project, run_root);
}

network::Scope Paths::scope_of(const std::string& other) const {
  const std::string group = container::project_cgroup(other, run_root);  // ends in "-<hash of the run root>"
  return {group.substr(group.rfind('-') + 1), other};
}

std::string random_id() {
  std::array<unsigned char, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw_system_error("make", "a random id", errno);
  std::string text;
  for (const unsigned byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

}  // namespace davit::embedded
