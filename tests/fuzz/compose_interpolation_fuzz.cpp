// Variables in strings: no crash, and errors point inside the text.
#include <cstdint>
#include <cstdlib>

#include "compose/interpolation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const davit::compose::Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name.size() % 2 == 0 ? std::optional<std::string>(name) : std::nullopt;
  };
  std::vector<davit::compose::UnsetVariable> unset;
  const auto result = davit::compose::interpolate(text, lookup, &unset);
  if (!result && result.error().offset + result.error().length > size) std::abort();
  if (result && text.find('$') == std::string_view::npos && *result != text) std::abort();
  for (const auto& variable : unset)
    if (variable.offset + variable.length > size) std::abort();
  std::vector<davit::compose::VariableUse> uses;
  davit::compose::collect_variables(text, uses);
  return 0;
}
