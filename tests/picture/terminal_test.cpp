#include <gtest/gtest.h>

#include <algorithm>

#include "davit/picture/draw.hpp"
#include "picture/pictures.hpp"

namespace davit::picture {
namespace {

using model::DependencyCondition;
using test::pictured;

constexpr auto kHealthy = DependencyCondition::Healthy;
constexpr auto kCompleted = DependencyCondition::CompletedSuccessfully;

TEST(Terminal, ServicesThatNeedNothingStandSideBySide) {
  EXPECT_EQ(draw_terminal(pictured({"a", "b"}, {}), {}), R"(shop: 2 services

┌─────┐  ┌─────┐
│ a   │  │ b   │
│ a:1 │  │ b:1 │
└─────┘  └─────┘
)");
}

TEST(Terminal, WithoutServicesThereIsNothingToDraw) {
  EXPECT_EQ(draw_terminal(pictured({}, {}), {}), "shop: 0 services\n");
}

TEST(Terminal, MarksSayWhatIsWaitedForAndLinesPassBoxes) {
  const Picture stack = pictured({"api", "cache", "db", "migrate", "web"}, {{"api", "cache", kHealthy},
                                                                            {"api", "db", kHealthy},
                                                                            {"api", "migrate", kCompleted},
                                                                            {"migrate", "db", kHealthy},
                                                                            {"web", "api", kHealthy}});
  EXPECT_EQ(draw_terminal(stack, {}), R"(shop: 5 services in 4 waves

         ┌───────┐
         │ web   │
         │ web:1 │
         └───────┘
             ♥
             ▼
         ┌───────┐
         │ api   │
         │ api:1 │
         └───────┘
           ♥ ✓ ♥
    ┌──────┘ │ └──────┐
    │        ▼        │
    │  ┌───────────┐  │
    │  │ migrate   │  │
    │  │ migrate:1 │  │
    │  └───────────┘  │
    │        ♥        │
    │        └───────┬┘
    ▼                ▼
┌─────────┐      ┌──────┐
│ cache   │      │ db   │
│ cache:1 │      │ db:1 │
└─────────┘      └──────┘

▼ needs   ♥ when healthy   ✓ when completed
)");
}

TEST(Terminal, OptionalAndRestartingDependenciesHaveMarksOfTheirOwn) {
  const Picture votes =
      pictured({"vote", "result", "worker", "db", "redis"}, {{"vote", "redis", kHealthy},
                                                             {"result", "db", kHealthy},
                                                             {"worker", "redis", kHealthy},
                                                             {"worker", "db", kHealthy, false, true}});
  EXPECT_EQ(draw_terminal(votes, {}), R"(shop: 5 services in 2 waves

┌────────┐  ┌──────────┐  ┌──────────┐
│ vote   │  │ worker   │  │ result   │
│ vote:1 │  │ worker:1 │  │ result:1 │
└────────┘  └──────────┘  └──────────┘
     ♥          ♥  ♥            ♥
     │          │  ?            │
     │          │  ↻            │
     └─────┬────┘  └─────┬──────┘
           ▼             ▼
      ┌─────────┐    ┌──────┐
      │ redis   │    │ db   │
      │ redis:1 │    │ db:1 │
      └─────────┘    └──────┘

▼ needs   ♥ when healthy   ? optional   ↻ restarts with it
)");
}

TEST(Terminal, NetworksAndInactiveServicesShow) {
  Picture picture = pictured({"a", "b"}, {{"a", "b"}});
  test::box(picture, "a").networks = {"front", "back"};
  test::box(picture, "b").networks = {"back"};
  test::box(picture, "b").enabled = false;
  test::box(picture, "b").profiles = {"debug"};
  test::box(picture, "b").ports = {{"127.0.0.1:80", "8080"}};
  picture.networks = {{.key = "back", .internal = true}, {.key = "front", .external = true}};
  EXPECT_EQ(draw_terminal(picture, {}), R"(shop: 2 services in 2 waves

  ┌────────────────┐
  │ a              │
  │ a:1            │
  │ on front, back │
  └────────────────┘
          │
          ▼
┌┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┐
┊ b                 ┊
┊ b:1               ┊
┊ 127.0.0.1:80→8080 ┊
┊ on back           ┊
┊ profile debug     ┊
└┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┘

networks back (internal), front (external)
▼ needs
)");
}

TEST(Terminal, WhatDoesNotFitIsAListByWaves) {
  const Picture picture =
      pictured({"database-of-users", "database-of-orders", "api"},
               {{"api", "database-of-users", kHealthy}, {"api", "database-of-orders", kCompleted, false}});
  EXPECT_EQ(draw_terminal(picture, {.columns = 40}), R"(shop: 3 services in 2 waves

wave 1
  database-of-users  database-of-users:1
  database-of-orders
    database-of-orders:1
wave 2
  api  api:1
    needs database-of-users ♥,
    database-of-orders ✓ ?

♥ when healthy   ✓ when completed
? optional
)");
}

TEST(Terminal, AsciiHasNothingElse) {
  Picture picture = pictured({"a", "b"}, {{"a", "b", kHealthy}});
  test::box(picture, "a").ports = {{"80", "80"}};
  test::box(picture, "a").image = "größe";
  const std::string text = draw_terminal(picture, {.glyphs = Glyphs::Ascii});
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      << text;
  EXPECT_NE(text.find("| 80->80 |"), std::string::npos) << text;
}

TEST(Terminal, ColoursEndWithTheirLine) {
  const Picture picture = pictured({"a", "b"}, {{"a", "b", kHealthy}});
  const std::string text = draw_terminal(picture, {.colours = Colours::Yes});
  EXPECT_NE(text.find("\x1b[0;1ma"), std::string::npos);
  EXPECT_EQ(draw_terminal(picture, {}).find('\x1b'), std::string::npos);
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    const auto last = line.rfind("\x1b[");
    if (last == std::string::npos) continue;
    EXPECT_EQ(line.substr(last, 4), "\x1b[0m") << line;
  }
}

}  // namespace
}  // namespace davit::picture
