// What the build cache gives up, and what it keeps.
#include "davit/build/cache_policy.hpp"

#include <gtest/gtest.h>

namespace davit::build {
namespace {

using namespace std::chrono_literals;
using Kind = CacheItem::Kind;
using Holder = CacheItem::Holder;

constexpr std::int64_t kNow = 1'800'000'000'000'000'000;

std::int64_t ago(std::chrono::nanoseconds time) {
  return kNow - time.count();
}

CacheItem step(std::string id, std::int64_t bytes, std::chrono::nanoseconds unused_for) {
  return {.id = std::move(id), .bytes = bytes, .created = ago(unused_for), .used = ago(unused_for)};
}

CacheItem mount(std::string id, std::int64_t bytes, std::chrono::nanoseconds unused_for) {
  CacheItem item = step(std::move(id), bytes, unused_for);
  item.kind = Kind::Mount;
  return item;
}

/// Their ids, in the order of going.
std::string removed(const std::vector<CacheItem>& items, const std::vector<CacheRule>& rules, Disk disk = {}) {
  std::string ids;
  for (const CacheItem& item : items_to_remove(items, rules, disk, kNow)) ids += (ids.empty() ? "" : " ") + item.id;
  return ids;
}

CacheRule within(CacheLimits limits) {
  CacheRule rule;
  rule.limits = limits;
  return rule;
}

TEST(CachePolicy, WithoutLimitsAllGoesThatNobodyHolds) {
  std::vector<CacheItem> items{step("a", 1, 5h), step("image", 1, 4h), step("busy", 1, 3h), mount("m", 1, 2h),
                               step("empty", 0, 1h)};
  items[1].holder = Holder::Image;
  items[2].holder = Holder::Build;
  EXPECT_EQ(removed(items, {{}}), "a m empty");
  CacheRule all;
  all.shared = CacheRule::Shared::Remove;
  EXPECT_EQ(removed(items, {all}), "a image m empty") << "never what a build is at work with";
}

TEST(CachePolicy, AgeAndKindChoose) {
  const std::vector<CacheItem> items{step("old", 1, 48h), step("young", 1, 47h), mount("m", 1, 48h)};
  EXPECT_EQ(removed(items, {{.only = {}, .unused_for = 48h}}), "old m");
  EXPECT_EQ(removed(items, {{.only = Kind::Step, .unused_for = 48h}}), "old");
  EXPECT_EQ(removed(items, {{.only = Kind::Mount}}), "m");
}

TEST(CachePolicy, UnusedForLongestGoesFirstUntilEnoughHasGone) {
  const std::vector<CacheItem> items{step("b", 30, 20h), step("c", 30, 10h), step("a", 30, 30h), step("d", 30, 0h)};
  EXPECT_EQ(removed(items, {within({.max_used = 120})}), "");
  EXPECT_EQ(removed(items, {within({.max_used = 119})}), "a");
  EXPECT_EQ(removed(items, {within({.max_used = 60})}), "a b");
  EXPECT_EQ(removed(items, {within({.reserved = 30})}), "a b c") << "room to keep alone: all above it goes";
}

TEST(CachePolicy, FullDiskCutsTheCacheButNotBelowWhatIsReserved) {
  const std::vector<CacheItem> items{step("a", 30, 3h), step("b", 30, 2h), step("c", 30, 1h)};
  const Disk full{.size = 1000, .free = 50};
  EXPECT_EQ(removed(items, {within({.min_free = 50})}, full), "");
  EXPECT_EQ(removed(items, {within({.min_free = 51})}, full), "a");
  EXPECT_EQ(removed(items, {within({.min_free = 100})}, full), "a b");
  EXPECT_EQ(removed(items, {within({.reserved = 60, .min_free = 500})}, full), "a");
  EXPECT_EQ(removed(items, {within({.reserved = 60, .max_used = 60, .min_free = 80}), within({.min_free = 80})}, full),
            "a")
      << "what one rule sets free, the next finds free";
}

TEST(CachePolicy, WhatAnImageHasIsNeitherCountedNorCut) {
  std::vector<CacheItem> items{step("image", 1000, 30h), step("a", 10, 20h), step("b", 10, 10h)};
  items[0].holder = Holder::Image;
  EXPECT_EQ(removed(items, {within({.max_used = 20})}), "");
  EXPECT_EQ(removed(items, {within({.max_used = 10})}), "a");
}

TEST(CachePolicy, StepsOfOneBuildGoLastStepFirst) {
  // In one hour of the clock: what a build has used is remembered to the hour.
  const std::int64_t hour = kNow - kNow % std::chrono::nanoseconds(1h).count();
  std::vector<CacheItem> items{step("first", 10, 0s), step("last", 10, 0s), step("second", 10, 0s)};
  for (CacheItem& item : items) item.used = hour;
  items[0].created = 1;
  items[1].created = 3;
  items[2].created = 2;
  EXPECT_EQ(removed(items, {within({.max_used = 10})}), "last second");
}

TEST(CachePolicy, AutomaticRulesFollowTheDisk) {
  const Disk disk{.size = 7000, .free = 6000};
  const std::vector<CacheRule> rules = automatic_rules(disk);
  EXPECT_EQ(removed({mount("a", 60, 100h), mount("b", 30, 49h), mount("c", 60, 1h)}, rules, disk), "a")
      << "old mounts keep to 100";
  EXPECT_EQ(removed({mount("a", 100, 30 * 24h)}, rules, disk), "");
  EXPECT_EQ(removed({step("a", 400, 61 * 24h), step("b", 400, 59 * 24h), step("c", 400, 1h)}, rules, disk), "a")
      << "above 700, what is older than 60 days goes";
  EXPECT_EQ(removed({step("a", 5000, 3h), step("b", 700, 2h)}, rules, disk), "a") << "above 5600";
  EXPECT_EQ(removed({step("a", 5000, 3h), step("b", 600, 2h)}, rules, disk), "");
  EXPECT_EQ(removed({step("a", 500, 3h), step("b", 700, 2h)}, rules, {.size = 7000, .free = 1399}), "a");
  EXPECT_EQ(removed({step("b", 700, 2h)}, rules, {.size = 7000, .free = 0}), "") << "700 are its own";
}

TEST(CachePolicy, IsDueByTheHourAndByTheMinuteOnAFullDisk) {
  const Disk roomy{.size = 1000, .free = 200};
  const Disk full{.size = 1000, .free = 199};
  EXPECT_FALSE(is_due(59min, roomy));
  EXPECT_TRUE(is_due(60min, roomy));
  EXPECT_FALSE(is_due(59s, full));
  EXPECT_TRUE(is_due(1min, full));
  EXPECT_TRUE(is_due(-1s, roomy)) << "the clock was set back";
}

}  // namespace
}  // namespace davit::build
