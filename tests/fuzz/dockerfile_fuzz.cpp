// Whatever the bytes are: parsing ends, and gives instructions or errors with a place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "davit/dockerfile/expand.hpp"
#include "davit/dockerfile/parser.hpp"
#include "davit/dockerfile/patterns.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace davit::dockerfile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse(text, "Dockerfile");
  if (!parsed && !parsed.error().has_errors()) std::abort();
  if (parsed && parsed->stages.empty()) std::abort();
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return std::string(name);
  };
  (void)expand(text, lookup);
  (void)expand_to_words(text, lookup);
  (void)parse_run_mount(text, {});
  const auto rules = IgnoreRules::parse(text, ".dockerignore");
  if (rules && rules->excludes("a/b/c")) (void)rules->prunes("a/b");
  (void)wildcard_match(text.substr(0, size / 2), text.substr(size / 2));
  return 0;
}
