#include "davit/network/names.hpp"

#include <gtest/gtest.h>

namespace davit::network {
namespace {

TEST(Names, AreStableShortAndDistinct) {
  const Scope a{"aa", "shop"};
  const Scope b{"bb", "shop"};
  EXPECT_EQ(bridge_name(a, "shop_default"), bridge_name(a, "shop_default"));
  EXPECT_NE(bridge_name(a, "shop_default"), bridge_name(b, "shop_default"));
  EXPECT_NE(host_link_name(a, "ab", "c"), host_link_name(a, "a", "bc"));
  EXPECT_NE(table_name(a), table_name(b));
  EXPECT_EQ(bridge_name(a, "x").size(), 12U);
  EXPECT_LE(host_link_name(a, "x", "y").size(), 15U);
}

TEST(LinkAlias, RoundTrips) {
  const LinkAlias alias{{"0123abcd", "shop"}, "shop_default"};
  EXPECT_EQ(link_alias(alias.scope, alias.network), "davit:0123abcd:shop:shop_default");
  EXPECT_EQ(parse_link_alias("davit:0123abcd:shop:shop_default"), alias);
  for (const char* wrong : {"", "davit", "davit:a", "davit:a:b", "other:a:b:c"}) EXPECT_FALSE(parse_link_alias(wrong));
}

TEST(LinkAlias, FitsTheKernelsLimit) {
  EXPECT_EQ(link_alias({"aa", "shop"}, std::string(400, 'n')).size(), 254U);
}

}  // namespace
}  // namespace davit::network
