#include "picture/channel.hpp"

#include <gtest/gtest.h>

namespace davit::picture {
namespace {

TEST(Channel, AStraightLineNeedsNoTrack) {
  std::vector<Net> nets{{{3}, 3}};
  EXPECT_EQ(route(nets), 0U);
  EXPECT_FALSE(nets[0].track);
}

TEST(Channel, LinesThatAreApartShareATrack) {
  std::vector<Net> nets{{{1}, 4}, {{8}, 6}};
  EXPECT_EQ(route(nets), 1U);
  EXPECT_EQ(nets[0].track, nets[1].track);
}

TEST(Channel, LinesThatTouchDoNotShareATrack) {
  std::vector<Net> nets{{{1}, 5}, {{9}, 6}};
  EXPECT_EQ(route(nets), 2U);
}

TEST(Channel, ALineEndsAboveTheOneThatGoesOnInItsColumn) {
  std::vector<Net> nets{{{9}, 5}, {{5}, 1}};
  EXPECT_EQ(route(nets), 2U);
  EXPECT_LT(*nets[1].track, *nets[0].track);
}

TEST(Channel, ACircleOfDemandsIsToldAsSuch) {
  std::vector<Net> nets{{{1}, 5}, {{5}, 1}};
  EXPECT_EQ(route(nets), std::nullopt);
}

TEST(Channel, ManyLinesToOneThingJoin) {
  std::vector<Net> nets{{{1, 9, 5}, 5}};
  EXPECT_EQ(route(nets), 1U);
  EXPECT_EQ(nets[0].first(), 1U);
  EXPECT_EQ(nets[0].last(), 9U);
}

}  // namespace
}  // namespace davit::picture
