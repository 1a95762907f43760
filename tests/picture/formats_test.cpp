// Mermaid, Graphviz, SVG and JSON, and names that would like to break out of them.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "davit/picture/draw.hpp"
#include "picture/pictures.hpp"

namespace davit::picture {
namespace {

using model::DependencyCondition;
using test::pictured;

Picture small() {
  Picture picture = pictured({"db", "end"}, {{"end", "db", DependencyCondition::Healthy, false, true}});
  test::box(picture, "db").networks = {"back"};
  test::box(picture, "end").networks = {"back", "front"};
  test::box(picture, "end").ports = {{"80", "8080"}};
  picture.networks = {{.key = "back", .name = "shop_back", .internal = true}, {.key = "front", .name = "shop_front"}};
  return picture;
}

/// As an image name that interpolation might make.
Picture hostile() {
  Picture picture = pictured({"a"}, {});
  picture.project = "x\"];\n}";
  test::box(picture, "a").image = "\"]; <script>alert('1')</script> -->|`&#quot;\\\n%%{init}%%\x1b";
  return picture;
}

TEST(Mermaid, HasItsOwnNamesForNodes) {
  EXPECT_EQ(draw_mermaid(small()), R"(flowchart TD
  subgraph n0["network back"]
    s0["db<br/>db:1"]
  end
  s1["end<br/>end:1<br/>80→8080<br/>on back, front"]
  s1 -.->|healthy, optional, restart| s0
)");
}

TEST(Mermaid, NothingBreaksOutOfALabel) {
  EXPECT_EQ(
      draw_mermaid(hostile()),
      "flowchart TD\n"
      "  s0[\"a<br/>#34;#93;#59; #60;script#62;alert(#39;1#39;)#60;/script#62; --#62;#124;#96;#38;#35;quot#59;#92;"
      "\xEF\xBF\xBD#37;#37;#123;init#125;#37;#37;\xEF\xBF\xBD\"]\n");
}

TEST(Dot, HasAClusterForANetworkAndLabelsOnEdges) {
  EXPECT_EQ(draw_dot(small()), R"(digraph "shop" {
  rankdir=TB;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  subgraph cluster_0 {
    label="network back";
    "db" [label="db\ndb:1"];
  }
  "end" [label="end\nend:1\n80→8080\non back, front"];
  "end" -> "db" [label="healthy, restart", style=dashed];
}
)");
}

TEST(Dot, NothingBreaksOutOfAString) {
  const std::string text = draw_dot(hostile());
  EXPECT_EQ(text.substr(0, text.find('\n')), "digraph \"x\\\"]; }\" {");
  EXPECT_NE(
      text.find(
          "[label=\"a\\n\\\"]; <script>alert('1')</script> -->|`&amp;#quot;\\\\\xEF\xBF\xBD%%{init}%%\xEF\xBF\xBD\"];"),
      std::string::npos)
      << text;
}

TEST(Svg, SaysInWordsWhatALineMeans) {
  const std::string text = draw_svg(small());
  EXPECT_NE(text.find("<title>end needs db: service_healthy, optional, restarts with it</title>"), std::string::npos)
      << text;
  EXPECT_NE(text.find("class=\"healthy optional\""), std::string::npos);
  EXPECT_NE(text.find("networks: back (internal), front</text>"), std::string::npos);
  EXPECT_NE(text.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(Svg, NothingBreaksOutOfAnElement) {
  const std::string text = draw_svg(hostile());
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("&quot;]; &lt;script&gt;alert(&#39;1&#39;)"), std::string::npos) << text;
}

TEST(Json, HasEverythingThatIsDrawn) {
  const auto document = boost::json::parse(draw_json(small()));
  EXPECT_EQ(document, boost::json::parse(R"({"project": "shop",
    "services": [
      {"name": "db", "wave": 1, "image": "db:1", "networks": ["back"], "ports": [], "profiles": [], "replicas": 1,
       "health_check": false, "enabled": true},
      {"name": "end", "wave": 2, "image": "end:1", "networks": ["back", "front"],
       "ports": [{"published": "80", "target": "8080"}], "profiles": [], "replicas": 1, "health_check": false, "enabled": true}],
    "dependencies": [{"from": "end", "to": "db", "condition": "service_healthy", "required": false, "restart": true, "through": []}],
    "networks": [{"key": "back", "name": "shop_back", "driver": "", "external": false, "internal": true},
                 {"key": "front", "name": "shop_front", "driver": "", "external": false, "internal": false}]})"));
}

}  // namespace
}  // namespace davit::picture
