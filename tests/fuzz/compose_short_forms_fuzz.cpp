// Short forms of ports, volumes, commands, byte sizes and durations: no crash, results within bounds.
#include <cstdint>
#include <cstdlib>

#include "compose/short_forms.hpp"
#include "davit/base/units.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ports = davit::compose::parse_short_port(text))
    for (const auto& port : *ports)
      if (port.target < 0 || port.target > 65535) std::abort();
  if (const auto volume = davit::compose::parse_short_volume(text))
    if (volume->target.empty()) std::abort();
  (void)davit::compose::split_command(text);
  (void)davit::parse_bytes(text);
  if (const auto duration = davit::parse_duration(text)) {
    const auto again = davit::parse_duration(davit::format_duration(*duration));
    if (!again || *again != *duration) std::abort();
  }
  return 0;
}
