#include "cli/prune_flags.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

using namespace std::chrono_literals;
using build::CacheItem;
using build::CacheRule;

std::string refusal(const PruneFlags& flags) {
  try {
    (void)prune_rule(flags);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PruneFlags, NothingAsksForAllThatNoImageHas) {
  const CacheRule rule = prune_rule({});
  EXPECT_EQ(rule.only, std::nullopt);
  EXPECT_EQ(rule.unused_for, 0ns);
  EXPECT_EQ(rule.limits, build::CacheLimits{});
  EXPECT_EQ(rule.shared, CacheRule::Shared::Keep);
  EXPECT_EQ(prune_rule({.all = true}).shared, CacheRule::Shared::Remove);
}

TEST(PruneFlags, SizesAndFilters) {
  const CacheRule rule = prune_rule({.filters = {"until=48h", "type=exec.cachemount"},
                                     .reserved_space = "1gb",
                                     .max_used_space = "2k",
                                     .min_free_space = "3"});
  EXPECT_EQ(rule.limits, (build::CacheLimits{1 << 30, 2048, 3}));
  EXPECT_EQ(rule.unused_for, 48h);
  EXPECT_EQ(rule.only, CacheItem::Kind::Mount);
  EXPECT_EQ(prune_rule({.filters = {"unused-for=90m", "type==regular"}}).only, CacheItem::Kind::Step);
}

TEST(PruneFlags, MistakesAreToldWithWhatIsAllowed) {
  EXPECT_EQ(refusal({.filters = {"until"}}), "the filter 'until' has no value");
  EXPECT_NE(refusal({.filters = {"until=2 days"}}).find("the filter 'until=2 days'"), std::string::npos);
  EXPECT_EQ(refusal({.filters = {"type=source.local"}}), "the cache has nothing of type 'source.local'");
  EXPECT_EQ(refusal({.filters = {"id=1"}}), "the filter 'id' is not supported");
  EXPECT_NE(refusal({.max_used_space = "much"}).find("'much'"), std::string::npos);
  EXPECT_EQ(refusal({.max_used_space = "-1"}), "the size '-1' is negative");
}

}  // namespace
}  // namespace davit::cli
