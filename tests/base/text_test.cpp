#include "davit/base/text.hpp"

#include <gmock/gmock.h>

namespace davit {
namespace {

using ::testing::ElementsAre;

TEST(Split, GivesWhatStandsBetweenTheSeparators) {
  EXPECT_THAT(split("a,b", ','), ElementsAre("a", "b"));
  EXPECT_THAT(split(",a,,", ','), ElementsAre("", "a", "", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(TextWidth, IsThatOfATerminal) {
  EXPECT_EQ(text_width("abc"), 3U);
  EXPECT_EQ(text_width("größe"), 5U);
  EXPECT_EQ(text_width("数据"), 4U);
  EXPECT_EQ(text_width("e\xCC\x81"), 1U) << "a combining accent";
  EXPECT_EQ(text_width("\xFF\xC3"), 2U) << "bytes that are no text";
}

TEST(Characters, AreReadOneByOne) {
  std::string text;
  for (const Character& c : characters("a\xC3\xA9\xFF")) text += std::to_string(static_cast<unsigned>(c.code)) + " ";
  EXPECT_EQ(text, "97 233 65533 ");
}

}  // namespace
}  // namespace davit
