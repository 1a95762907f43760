// What holds for every project, tried on many.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <sstream>

#include "davit/picture/draw.hpp"
#include "picture/label.hpp"
#include "picture/pictures.hpp"

namespace davit::picture {
namespace {

/// Up to `most` services; each needs some of those before it, so that there is no cycle.
Picture random_picture(std::mt19937& random, std::size_t most) {
  std::vector<std::string> names;
  std::vector<test::Needs> needs;
  const std::size_t count = 1 + random() % most;
  for (std::size_t i = 0; i < count; ++i) names.push_back(std::string(1 + random() % 12, 'a') + std::to_string(i));
  for (std::size_t i = 1; i < count; ++i)
    for (std::size_t n = random() % 4; n > 0; --n) {
      const std::string to = names[random() % i];
      const bool twice = std::any_of(needs.begin(), needs.end(),
                                     [&](const test::Needs& old) { return old.from == names[i] && old.to == to; });
      if (twice) continue;
      needs.push_back(
          {names[i], to, static_cast<model::DependencyCondition>(random() % 3), random() % 5 != 0, random() % 5 == 0});
    }
  return test::pictured(names, needs);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST(AnyPicture, IsDrawnWithinItsWidthAndTheSameEachTime) {
  std::mt19937 random(20261125);
  for (int i = 0; i < 400; ++i) {
    const Picture picture = random_picture(random, 14);
    const std::size_t columns = 20 + random() % 140;
    const std::string text = draw_terminal(picture, {.columns = columns});
    EXPECT_EQ(text, draw_terminal(picture, {.columns = columns}));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(text_width(line), columns) << text;
    if (columns < 60) continue;  // names may be clipped
    for (const Box& box : picture.boxes) EXPECT_NE(text.find(box.name), std::string::npos) << box.name << "\n" << text;
  }
}

TEST(AnyPicture, HasEveryDependencyInEveryFormat) {
  std::mt19937 random(4);
  for (int i = 0; i < 200; ++i) {
    const Picture picture = random_picture(random, 30);
    EXPECT_EQ(count(draw_dot(picture), "\" -> \""), picture.links.size());
    const std::string mermaid = draw_mermaid(picture);
    EXPECT_EQ(count(mermaid, " --> ") + count(mermaid, " -->|") + count(mermaid, " -.-> ") + count(mermaid, " -.->|"),
              picture.links.size());
    EXPECT_EQ(count(draw_svg(picture), "</title></path>"), picture.links.size());
    EXPECT_EQ(boost::json::parse(draw_json(picture)).at("dependencies").as_array().size(), picture.links.size());
  }
}

/// In a box drawing every line that leaves a box can be followed to its arrow: no character of a line is left alone.
TEST(AnyPicture, HasNoLooseEnds) {
  std::mt19937 random(7);
  std::size_t drawn = 0;
  for (int i = 0; i < 200; ++i) {
    const Picture picture = random_picture(random, 10);
    const std::string text = draw_terminal(picture, {.columns = 200, .glyphs = Glyphs::Unicode});
    if (text.find("wave 1\n") != std::string::npos) continue;
    ++drawn;
    std::size_t needed = 0;
    for (std::size_t box = 0; box < picture.boxes.size(); ++box)
      for (const Link& link : picture.links)
        if (link.to == box) {
          ++needed;
          break;
        }
    const std::size_t legend = picture.links.empty() ? 0 : 1;
    EXPECT_EQ(count(text, "▼"), needed + legend) << text;
  }
  EXPECT_GT(drawn, 150U);
}

TEST(AnyPicture, OfAThousandServicesIsDrawn) {
  std::vector<std::string> names;
  std::vector<test::Needs> needs;
  for (int i = 0; i < 1000; ++i) {
    names.push_back("service" + std::to_string(i));
    if (i >= 10) needs.push_back({names.back(), names[static_cast<std::size_t>(i) - 10]});
  }
  const Picture picture = test::pictured(names, needs);
  EXPECT_EQ(count(draw_terminal(picture, {}), "needs service"), 990U);
  EXPECT_EQ(count(draw_svg(picture), "</title></path>"), 990U);
}

}  // namespace
}  // namespace davit::picture
