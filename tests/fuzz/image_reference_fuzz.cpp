// Names of images: whatever parses must print to something that parses to the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "davit/image/image_config.hpp"
#include "davit/image/reference.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace davit::image;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto reference = Reference::parse(text)) {
    const auto full = Reference::parse(reference->to_string());
    const auto familiar = Reference::parse(reference->familiar());
    if (!full || !(*full == *reference) || !familiar || !(*familiar == *reference)) std::abort();
  }
  if (const auto config = parse_image_config(text)) {
    const std::string written = to_json(*config);
    const auto again = parse_image_config(written);
    if (!again || to_json(*again) != written) std::abort();
  }
  return 0;
}
