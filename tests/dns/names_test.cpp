#include "davit/dns/names.hpp"

#include <gtest/gtest.h>

#include "dns/bytes.hpp"

namespace davit::dns {
namespace {

using namespace testing;
using network::Family;

NameTable shop() {
  return NameTable({{"front", "shop-web-1", {"web", "shop-web-1", "0123456789ab"}, {ip("10.1.0.2"), ip("fd01::2")}},
                    {"front", "shop-web-2", {"web", "shop-web-2"}, {ip("10.1.0.3")}},
                    {"back", "shop-web-1", {"web", "shop-web-1"}, {ip("10.2.0.2")}},
                    {"back", "shop-db-1", {"db", "shop-db-1", "Primary.DB"}, {ip("10.2.0.9")}}});
}

std::string find(const Asker& asker, std::string_view name, Family family = Family::V4, std::uint32_t rotation = 0) {
  static const NameTable table = shop();
  Lookup lookup;
  table.find(asker, name, family, rotation, lookup);
  if (lookup.outcome == Lookup::Outcome::Unknown) return "unknown";
  std::string text;
  for (const auto& address : lookup.addresses) text += (text.empty() ? "" : " ") + address.to_string();
  return text;
}

const Asker kFront{{"front"}, {}};
const Asker kBack{{"back"}, {}};
const Asker kBoth{{"back", "front"}, {}};

TEST(NameTable, ServiceNameHasAllReplicas) {
  EXPECT_EQ(find(kFront, "web"), "10.1.0.2 10.1.0.3");
  EXPECT_EQ(find(kFront, "shop-web-2"), "10.1.0.3");
  EXPECT_EQ(find(kFront, "0123456789ab"), "10.1.0.2");
}

TEST(NameTable, ReplicasTakeTurns) {
  EXPECT_EQ(find(kFront, "web", Family::V4, 1), "10.1.0.3 10.1.0.2");
  EXPECT_EQ(find(kFront, "web", Family::V4, 2), "10.1.0.2 10.1.0.3");
}

TEST(NameTable, NamesAreThoseOfTheAskersNetworks) {
  EXPECT_EQ(find(kFront, "db"), "unknown");
  EXPECT_EQ(find(kBack, "db"), "10.2.0.9");
  EXPECT_EQ(find(kBoth, "web"), "10.2.0.2") << "the first network that knows the name";
  EXPECT_EQ(find(Asker{}, "web"), "unknown");
}

TEST(NameTable, KnownNameWithoutAddressOfTheFamilyIsEmpty) {
  EXPECT_EQ(find(kFront, "web", Family::V6), "fd01::2");
  EXPECT_EQ(find(kBack, "db", Family::V6), "");
}

TEST(NameTable, AliasesMayHaveDotsAndCase) {
  EXPECT_EQ(find(kBack, "primary.db"), "10.2.0.9");
}

TEST(NameTable, NameWithTheNetworkBehindIt) {
  EXPECT_EQ(find(kBoth, "web.front"), "10.1.0.2 10.1.0.3");
  EXPECT_EQ(find(kFront, "web.back"), "unknown");
  EXPECT_EQ(find(kFront, ".front"), "unknown");
}

TEST(NameTable, LinksAreTheAskersOwn) {
  const Asker linked{{"back"}, {{"Database", "DB"}, {"db", "nowhere"}}};
  EXPECT_EQ(find(linked, "database"), "10.2.0.9");
  EXPECT_EQ(find(kBack, "database"), "unknown");
  EXPECT_EQ(find(linked, "db"), "unknown") << "a link covers a service of the same name";
}

TEST(NameTable, AddressesHaveNames) {
  Lookup lookup;
  shop().find_name(kBoth, ip("10.1.0.3"), lookup);
  EXPECT_EQ(lookup.name, "shop-web-2.front");
  shop().find_name(kBoth, ip("fd01::2"), lookup);
  EXPECT_EQ(lookup.name, "shop-web-1.front");
  shop().find_name(kBack, ip("10.1.0.3"), lookup);
  EXPECT_EQ(lookup.outcome, Lookup::Outcome::Unknown);
}

}  // namespace
}  // namespace davit::dns
