#include "picture/label.hpp"

#include <gtest/gtest.h>

namespace davit::picture {
namespace {

TEST(Label, ClippedTextFitsAndShowsThatItIs) {
  EXPECT_EQ(clipped("abcdef", 6), "abcdef");
  EXPECT_EQ(clipped("abcdef", 5), "abcd…");
  EXPECT_EQ(clipped("数据库", 4), "数…");
  EXPECT_EQ(clipped("abc", 1), "…");
  EXPECT_EQ(clipped("abc", 0), "");
}

TEST(Label, SaysWhatAServiceIs) {
  Box box;
  box.name = "api";
  box.build = "./api";
  box.image = "shop/api";
  box.ports = {{"8080", "80"}, {"", "53/udp"}, {"1", "1"}, {"2", "2"}};
  box.networks = {"back", "front"};
  box.profiles = {"debug"};
  box.replicas = 3;
  const Label label = label_of(box, NetworkLine::Yes);
  EXPECT_EQ(label.title, "api ×3");
  EXPECT_EQ(label.lines, (std::vector<std::string>{"build ./api → shop/api", "8080→80, →53/udp, 1→1, 1 more",
                                                   "on back, front", "profile debug"}));
  box.network_mode = "service:db";
  EXPECT_EQ(label_of(box, NetworkLine::No).lines[2], "network of db");
}

TEST(Label, HasNoCharactersThatMoveTheCursorOrTurnTheText) {
  Box box;
  box.name = "a";
  box.image = "x\x1b[2J\ny\xE2\x80\xAEz\xC2\x9B";
  EXPECT_EQ(label_of(box, NetworkLine::No).lines.front(), "x\xEF\xBF\xBD[2J\xEF\xBF\xBDy\xEF\xBF\xBDz\xEF\xBF\xBD");
}

}  // namespace
}  // namespace davit::picture
