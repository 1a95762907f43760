#include <gtest/gtest.h>

#include "davit/engine/resource_specs.hpp"

namespace davit::engine {
namespace {

TEST(VolumeName, IsALetterOrDigitAndThenAFewMoreCharacters) {
  for (const char* name : {"data", "shop_db-data", "a", "0", "A.b-c_d", "v1.2"})
    EXPECT_TRUE(is_volume_name(name)) << name;
}

TEST(VolumeName, NeverLeadsToAnotherFolder) {
  for (const char* name :
       {"", ".", "..", "../x", "a/b", "/etc", "a/../..", "-v", "_a", ".hidden", "a b", "a\n", "\u00e4"})
    EXPECT_FALSE(is_volume_name(name)) << name;
  EXPECT_FALSE(is_volume_name(std::string(256, 'a')));
  EXPECT_FALSE(is_volume_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace davit::engine
