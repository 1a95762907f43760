#include "davit/base/suggest.hpp"

#include <gtest/gtest.h>

namespace davit {
namespace {

TEST(Suggest, ANameOfOneLetterIsNoMistypedOtherOne) {
  EXPECT_EQ(nearest("c", {"n"}), std::nullopt);
  EXPECT_EQ(nearest("C", {"c"}), "c");
}

TEST(EditDistance, CountsSwapsOfNeighboursAsOne) {
  EXPECT_EQ(edit_distance("databse", "database"), 1U);
  EXPECT_EQ(edit_distance("imgae", "image"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Nearest, FindsTheMeantNameAndNothingFarAway) {
  const std::vector<std::string> names{"api", "database", "web"};
  EXPECT_EQ(nearest("databse", names), "database");
  EXPECT_EQ(nearest("DATABASE", names), "database");
  EXPECT_EQ(nearest("zookeeper", names), std::nullopt);
}

TEST(JoinNames, CutsLongLists) {
  EXPECT_EQ(counted(1, "process", "processes"), "1 process");
  EXPECT_EQ(counted(0, "process", "processes"), "0 processes");
  EXPECT_EQ(counted(2, "layer"), "2 layers");
  EXPECT_EQ(join_names({"a", "b"}), "a, b");
  EXPECT_EQ(join_names({"a", "b", "c"}, 2), "a, b and 1 more");
}

}  // namespace
}  // namespace davit
