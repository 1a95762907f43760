#include <algorithm>

#include "davit/engine/resource_specs.hpp"

namespace davit::engine {
namespace {

/// Of ASCII, whatever the locale.
bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_volume_name(std::string_view name) {
  constexpr std::size_t kLongest = 255;  // NAME_MAX
  if (name.empty() || name.size() > kLongest || !is_alphanumeric(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace davit::engine
