// .env and raw env files: no crash, no empty names.
#include <cstdint>
#include <cstdlib>

#include "davit/compose/dotenv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = std::make_shared<const std::string>(".env");
  const davit::compose::EnvLookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "HOME" ? std::optional<std::string>("/root") : std::nullopt;
  };
  std::map<std::string, std::string> values;
  davit::Diagnostics diagnostics;
  davit::compose::parse_dotenv(text, file, lookup, values, diagnostics);
  davit::compose::parse_raw_env(text, file, lookup, values, diagnostics);
  for (const auto& item : diagnostics.items())
    if (!item.where || item.where->begin.line == 0) std::abort();
  return 0;
}
