#include "cache_listing.hpp"

#include <algorithm>
#include <utility>

#include "davit/image/time_text.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

using build::CacheItem;

constexpr std::size_t kShortId = 25;  // as long as docker's

std::string id_of(const CacheItem& item) {
  return item.id.substr(0, kShortId);
}

std::string last_used(const CacheItem& item, std::int64_t now) {
  return human_duration(std::chrono::nanoseconds(std::max<std::int64_t>(now - item.used, 0))) + " ago";
}

const char* word(bool yes) {
  return yes ? "true" : "false";
}

bool is_reclaimable(const CacheItem& item) {
  return item.holder != CacheItem::Holder::Build;
}

bool is_shared(const CacheItem& item) {
  return item.holder == CacheItem::Holder::Image;
}

void sort_by_size(std::vector<CacheItem>& items) {
  std::sort(items.begin(), items.end(),
            [](const CacheItem& a, const CacheItem& b) { return std::pair(a.bytes, a.id) < std::pair(b.bytes, b.id); });
}

std::string block(const CacheItem& item, std::int64_t now) {
  const bool mount = item.kind == CacheItem::Kind::Mount;
  std::string text = "ID:           " + id_of(item) + "\n";
  text += "Created at:   " + image::format_rfc3339(item.created) + "\n";
  text += std::string("Mutable:      ") + word(mount) + "\n";
  text += std::string("Reclaimable:  ") + word(is_reclaimable(item)) + "\n";
  text += std::string("Shared:       ") + word(is_shared(item)) + "\n";
  text += "Size:         " + human_size(item.bytes) + "\n";
  text += "Description:  " + item.description + "\n";
  text += "Last used:    " + last_used(item, now) + "\n";
  text += std::string("Type:         ") + (mount ? "exec.cachemount" : "regular") + "\n";
  return text;
}

}  // namespace

std::string cache_table(std::vector<CacheItem> items, std::int64_t now) {
  sort_by_size(items);
  std::vector<std::vector<std::string>> rows{{"ID", "RECLAIMABLE", "SIZE", "LAST ACCESSED"}};
  for (const CacheItem& item : items)
    rows.push_back({id_of(item) + (item.kind == CacheItem::Kind::Mount ? "*" : ""), word(is_reclaimable(item)),
                    human_size(item.bytes) + (is_shared(item) ? "*" : ""), last_used(item, now)});
  return table(rows);
}

std::string cache_blocks(std::vector<CacheItem> items, std::int64_t now) {
  sort_by_size(items);
  std::string text;
  for (const CacheItem& item : items) text += block(item, now) + "\n";
  return text;
}

std::string cache_totals(const std::vector<CacheItem>& items) {
  std::int64_t shared = 0;
  std::int64_t reclaimable = 0;
  std::int64_t total = 0;
  for (const CacheItem& item : items) {
    total += item.bytes;
    if (is_shared(item)) shared += item.bytes;
    if (is_reclaimable(item)) reclaimable += item.bytes;
  }
  std::string text;
  if (shared > 0) text = "Shared:\t\t" + human_size(shared) + "\nPrivate:\t" + human_size(total - shared) + "\n";
  return text + "Reclaimable:\t" + human_size(reclaimable) + "\nTotal:\t\t" + human_size(total) + "\n";
}

}  // namespace davit::cli
