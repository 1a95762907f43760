#include "prune_flags.hpp"

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/base/units.hpp"

namespace davit::cli {
namespace {

using build::CacheItem;
using build::CacheRule;

[[noreturn]] void refuse(std::string message, std::string hint) {
  throw Error(Diagnostic::error("usage", std::move(message)).with_hint(std::move(hint)));
}

std::int64_t bytes_of(const std::string& text) {
  if (text.empty()) return 0;
  const auto bytes = parse_bytes(text);
  if (!bytes) throw Error(Diagnostic::error("usage", bytes.error()));
  if (*bytes < 0) refuse("the size '" + text + "' is negative", "write a size such as 10gb");
  return *bytes;
}

std::chrono::nanoseconds age_of(const std::string& filter, const std::string& text) {
  const auto age = parse_duration(text);
  if (!age) refuse("the filter '" + filter + "': " + age.error(), "write a time such as 24h or 30m");
  return *age;
}

CacheItem::Kind kind_of(const std::string& text) {
  if (text == "regular") return CacheItem::Kind::Step;
  if (text == "exec.cachemount") return CacheItem::Kind::Mount;
  refuse("the cache has nothing of type '" + text + "'",
         "it can be 'regular' (results of steps) or 'exec.cachemount' (cache mounts)");
}

void apply(CacheRule& rule, const std::string& filter) {
  const std::size_t equals = filter.find('=');
  if (equals == std::string::npos) refuse("the filter '" + filter + "' has no value", "write NAME=VALUE: until=24h");
  const std::string name = filter.substr(0, equals);
  // BuildKit's own syntax of filters has two equal signs.
  const std::string value = filter.substr(filter[equals + 1] == '=' ? equals + 2 : equals + 1);
  if (name == "until" || name == "unused-for") {
    rule.unused_for = age_of(filter, value);
  } else if (name == "type") {
    rule.only = kind_of(value);
  } else {
    refuse("the filter '" + name + "' is not supported", "it can be until, unused-for or type");
  }
}

}  // namespace

CacheRule prune_rule(const PruneFlags& flags) {
  CacheRule rule;
  rule.limits = {bytes_of(flags.reserved_space), bytes_of(flags.max_used_space), bytes_of(flags.min_free_space)};
  rule.shared = flags.all ? CacheRule::Shared::Remove : CacheRule::Shared::Keep;
  for (const std::string& filter : flags.filters) apply(rule, filter);
  return rule;
}

}  // namespace davit::cli
