// Names of contexts and images, as a Dockerfile writes them.

#include "build/build_fixture.hpp"

namespace davit::test {
namespace {

using NamedContexts = BuildTest;

TEST_F(NamedContexts, MayHaveCapitals) {
  write("more/here", "1");
  const std::string folder = (context_ / "more").string();
  request_.contexts = {{"More", folder}, {"BOX2", "docker-image://box"}};
  const ImageId id = must_build(
      "FROM box2\nCOPY --from=MORE here /a\nCOPY --from=more here /b\n"
      "RUN --mount=from=moRe,target=/m cat /m/here > /c\n");
  for (const char* path : {"/a", "/b", "/c"}) EXPECT_EQ(read(id, path), "1") << path;
  request_.contexts = {{"More", folder}, {"more", folder}};
  EXPECT_NE(must_fail("FROM box\n").find("there are two additional contexts 'more'"), std::string::npos);
}

TEST_F(NamedContexts, AMalformedNameIsShownWhereItIs) {
  EXPECT_NE(must_fail("FROM box::\n").find("Dockerfile:1:6: error: "), std::string::npos);
  EXPECT_NE(must_fail("FROM box\nCOPY --from=a//b /x /\n").find("Dockerfile:2:6: error: "), std::string::npos);
  EXPECT_NE(must_fail("FROM box\nRUN --mount=from=a//b,target=/m true\n").find("Dockerfile:2:"), std::string::npos);
}

}  // namespace
}  // namespace davit::test
