#include "cli/cache_listing.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

using build::CacheItem;

constexpr std::int64_t kSecond = 1'000'000'000;

const std::vector<CacheItem> kItems = {
    {.id = std::string(64, 'a'), .description = "RUN make", .bytes = 1'500'000, .created = 0, .used = 10 * kSecond},
    {.id = "m1",
     .kind = CacheItem::Kind::Mount,
     .description = "cache mount /m",
     .bytes = 20,
     .created = 0,
     .used = 3600 * kSecond,
     .holder = CacheItem::Holder::Build},
    {.id = "b",
     .description = "COPY . .",
     .bytes = 500'000,
     .created = 0,
     .used = 10 * kSecond,
     .holder = CacheItem::Holder::Image},
};

TEST(CacheListing, IsDockersTableSmallestFirst) {
  EXPECT_EQ(cache_table(kItems, 3610 * kSecond),
            "ID                          RECLAIMABLE   SIZE      LAST ACCESSED\n"
            "m1*                         false         20B       10 seconds ago\n"
            "b                           true          500kB*    About an hour ago\n"
            "aaaaaaaaaaaaaaaaaaaaaaaaa   true          1.5MB     About an hour ago\n");
  EXPECT_EQ(cache_table({kItems[1]}, 0),
            "ID        RECLAIMABLE   SIZE      LAST ACCESSED\n"
            "m1*       false         20B       Less than a second ago\n")
      << "a clock that was set back";
}

TEST(CacheListing, BlocksTellAll) {
  EXPECT_EQ(cache_blocks({kItems[1]}, 3610 * kSecond),
            "ID:           m1\nCreated at:   1970-01-01T00:00:00Z\nMutable:      true\nReclaimable:  false\n"
            "Shared:       false\nSize:         20B\nDescription:  cache mount /m\nLast used:    10 seconds ago\n"
            "Type:         exec.cachemount\n\n");
}

TEST(CacheListing, TotalsTellWhatImagesHaveOnlyWhenTheyHaveSome) {
  EXPECT_EQ(cache_totals(kItems), "Shared:\t\t500kB\nPrivate:\t1.5MB\nReclaimable:\t2MB\nTotal:\t\t2MB\n");
  EXPECT_EQ(cache_totals({}), "Reclaimable:\t0B\nTotal:\t\t0B\n");
}

}  // namespace
}  // namespace davit::cli
