#include "davit/compose/origin.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;

/// The value at a path such as "services/web/image"; null where nothing is.
const yaml::Node& at(const yaml::Node& tree, std::string_view path) {
  static const yaml::Node kNothing;
  const yaml::Node* node = &tree;
  for (std::size_t from = 0; from < path.size() && node != nullptr;) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    const std::string_view part = path.substr(from, end - from);
    node = node->is_list() ? &node->items.at(std::stoul(std::string(part))) : node->find(part);
    from = end + 1;
  }
  return node == nullptr ? kNothing : *node;
}

std::string origin_of(const LoadTest& test, std::string_view path) {
  LoadTest tracked = test;
  tracked.request.options.origins = true;
  const LoadResult result = tracked.load();
  EXPECT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  return result.loaded ? describe(at(result.loaded->tree, path), result.loaded->origins) : std::string();
}

TEST(Origin, AValueAsItStandsHasItsPlaceOnly) {
  const LoadTest test("services:\n  web:\n    image: nginx\n");
  EXPECT_EQ(origin_of(test, "services/web/image"), "compose.yaml:3:12");
}

TEST(Origin, NamesTheVariableAndItsPlace) {
  LoadTest test({{"compose.yaml", "services:\n  web:\n    image: nginx:${TAG}${MORE:-}\n    hostname: $NAME\n"},
                 {".env", "X=1\nTAG=2\n"}});
  test.request.environment = {{"NAME", "host"}};
  EXPECT_EQ(origin_of(test, "services/web/image"), "compose.yaml:3:12, TAG from .env:2:1, MORE is not set");
  EXPECT_EQ(origin_of(test, "services/web/hostname"), "compose.yaml:4:15, NAME from the environment");
}

TEST(Origin, NamesWhatItReplaced) {
  const LoadTest test({{"compose.yaml", "services:\n  web:\n    image: a\n    environment: {A: 1}\n"},
                       {"compose.override.yaml", "services:\n  web:\n    image: b\n    environment: {A: 2}\n"}});
  EXPECT_EQ(origin_of(test, "services/web/image"), "compose.override.yaml:3:12, overrides compose.yaml:3:12");
  EXPECT_EQ(origin_of(test, "services/web/environment/A"),
            "compose.override.yaml:4:19, overrides compose.yaml:4:19");
}

TEST(Origin, NamesExtendsIncludeAndEnvFile) {
  const LoadTest test({{"compose.yaml",
                        "include: [inc.yaml]\nservices:\n  web:\n    extends: {file: base.yaml, service: base}\n"
                        "    env_file: web.env\n"},
                       {"inc.yaml", "services:\n  db:\n    image: postgres\n"},
                       {"base.yaml", "services:\n  base:\n    image: nginx\n"},
                       {"web.env", "A=1\n"}});
  EXPECT_EQ(origin_of(test, "services/web/image"), "base.yaml:3:12, extended from 'base' at compose.yaml:4:5");
  EXPECT_EQ(origin_of(test, "services/db/image"), "inc.yaml:3:12, included at compose.yaml:1:11");
  EXPECT_EQ(origin_of(test, "services/web/environment/A"), "web.env:1:1, read by compose.yaml:5:15");
}

TEST(Origin, NamesDefaultsAndWhatFollows) {
  const LoadTest test("services:\n  web:\n    image: a\n    links: [db]\n  db:\n    image: b\n");
  EXPECT_EQ(origin_of(test, "networks/default/name"), "named after the project");
  EXPECT_EQ(origin_of(test, "services/web/networks/default"), "default");
  EXPECT_EQ(origin_of(test, "services/web/depends_on/db/condition"), "compose.yaml:4:13, follows from this");
  EXPECT_EQ(origin_of(test, "name"), "-p");
}

TEST(Origin, IsNotRecordedUnlessAskedFor) {
  const LoadTest test({{"compose.yaml", "services:\n  web:\n    image: a:${TAG}\n"}, {".env", "TAG=2\n"}});
  const LoadResult result = test.load();
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(at(result.loaded->tree, "services/web/image").origin, 0U);
}

TEST(Origin, ChangesNothingOfTheResult) {
  LoadTest test({{"compose.yaml",
                  "services:\n  web:\n    image: a:${TAG}\n    environment: {A: 1}\n    env_file: [.env]\n"},
                 {"compose.override.yaml", "services:\n  web:\n    environment: [A=2]\n"},
                 {".env", "TAG=2\n"}});
  const std::string without = test.yaml();
  test.request.options.origins = true;
  EXPECT_EQ(test.yaml(), without);
}

}  // namespace
}  // namespace davit::compose
