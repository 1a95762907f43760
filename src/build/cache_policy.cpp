#include "davit/build/cache_policy.hpp"

#include <algorithm>
#include <utility>

namespace davit::build {
namespace {

using namespace std::chrono_literals;
using Kind = CacheItem::Kind;
using Holder = CacheItem::Holder;

constexpr std::int64_t kReservedPart = 10;
constexpr std::int64_t kFreePart = 5;
constexpr std::int64_t kMountsPart = 7;  // of what is reserved, for mounts that were not used for two days
constexpr std::chrono::hours kMountsStay = 48h;
constexpr std::chrono::hours kStepsStay = 60 * 24h;

bool has_limit(const CacheLimits& limits) {
  return limits != CacheLimits{};
}

bool is_about(const CacheRule& rule, const CacheItem& item) {
  return !rule.only || *rule.only == item.kind;
}

bool may_go(const CacheRule& rule, const CacheItem& item, std::int64_t now) {
  if (item.holder == Holder::Build || (item.holder == Holder::Image && rule.shared == CacheRule::Shared::Keep))
    return false;
  return is_about(rule, item) && now - item.used >= rule.unused_for.count();
}

std::int64_t bytes_to_keep(const CacheLimits& limits, std::int64_t total, const Disk& disk) {
  if (!has_limit(limits)) return 0;
  std::int64_t keep = limits.max_used > 0 ? std::min(limits.max_used, total) : total;
  const std::int64_t missing = limits.min_free > 0 ? limits.min_free - disk.free : 0;
  if (missing > 0) keep = std::min(keep, total - missing);
  // Nothing but room to keep was asked for: all above it goes.
  if (limits.max_used == 0 && limits.min_free == 0) keep = 0;
  return std::max(keep, limits.reserved);
}

/// The least needed first.
void sort_by_use(std::vector<CacheItem>& items) {
  constexpr std::int64_t kHour = std::chrono::nanoseconds(1h).count();
  std::sort(items.begin(), items.end(), [](const CacheItem& a, const CacheItem& b) {
    if (a.used / kHour != b.used / kHour) return a.used < b.used;
    return std::pair(a.created, a.id) > std::pair(b.created, b.id);
  });
}

}  // namespace

std::int64_t gain(const CacheItem& item) {
  return item.holder == Holder::Image ? 0 : item.bytes;
}

std::vector<CacheItem> items_to_remove(std::vector<CacheItem> items, const std::vector<CacheRule>& rules, Disk disk,
                                       std::int64_t now) {
  sort_by_use(items);
  std::vector<CacheItem> removed;
  for (const CacheRule& rule : rules) {
    std::int64_t total = 0;
    for (const CacheItem& item : items)
      if (is_about(rule, item)) total += gain(item);
    const std::int64_t keep = bytes_to_keep(rule.limits, total, disk);
    std::vector<CacheItem> left;
    for (CacheItem& item : items) {
      const bool enough = has_limit(rule.limits) && total <= keep;
      if (enough || !may_go(rule, item, now)) {
        left.push_back(std::move(item));
        continue;
      }
      total -= gain(item);
      disk.free += gain(item);
      removed.push_back(std::move(item));
    }
    items = std::move(left);
  }
  return removed;
}

std::vector<CacheRule> automatic_rules(const Disk& disk) {
  const std::int64_t reserved = disk.size / kReservedPart;
  const std::int64_t free = disk.size / kFreePart;
  CacheRule mounts{.only = Kind::Mount, .unused_for = kMountsStay, .limits = {.max_used = reserved / kMountsPart}};
  CacheRule old{.only = {}, .unused_for = kStepsStay, .limits = {.max_used = reserved}};
  CacheRule all{.only = {}, .limits = {.reserved = reserved, .max_used = disk.size - free, .min_free = free}};
  return {mounts, old, all};
}

bool is_due(std::chrono::nanoseconds since_last_time, const Disk& disk) {
  const bool short_of_room = disk.free < disk.size / kFreePart;
  return since_last_time < 0ns ||
         since_last_time >= (short_of_room ? std::chrono::nanoseconds(1min) : std::chrono::nanoseconds(1h));
}

}  // namespace davit::build
