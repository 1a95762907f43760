#include "davit/plan/config_diff.hpp"

#include <gmock/gmock.h>

namespace davit::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConfigDiff, NamesChangedAddedAndRemovedAttributesInOrder) {
  const auto before = config_keys(R"({"image":"a","environment":{"DEBUG":"0","OLD":"x"},"ports":[1]})");
  const auto after = config_keys(R"({"image":"b","environment":{"DEBUG":"1","NEW":"x"},"ports":[1]})");
  EXPECT_THAT(changed_keys(before, after),
              ElementsAre("environment.DEBUG", "environment.NEW", "environment.OLD", "image"));
}

TEST(ConfigDiff, EqualConfigurationsDifferInNothing) {
  const auto keys = config_keys(R"({"image":"a","labels":{}})");
  EXPECT_THAT(changed_keys(keys, keys), IsEmpty());
}

TEST(ConfigDiff, NeverHoldsAValue) {
  EXPECT_EQ(config_keys(R"({"environment":{"PASSWORD":"hunter2"}})").find("hunter2"), std::string::npos);
}

TEST(ConfigDiff, TextOfAnotherOriginSaysNothing) {
  EXPECT_EQ(config_keys("no json"), "");
  EXPECT_THAT(changed_keys("", ""), IsEmpty());
}

}  // namespace
}  // namespace davit::plan
