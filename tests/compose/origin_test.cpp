// Golden origins: testdata/origins/NAME.yaml with where each value comes from is NAME.txt (see golden.hpp).

#include "davit/compose/origin.hpp"

#include <boost/json.hpp>

#include "davit/compose/origin_render.hpp"
#include "golden.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;

LoadResult tracked(LoadTest test) {
  test.request.options.origins = true;
  LoadResult result = test.load();
  EXPECT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  return result;
}

class Origins : public ::testing::TestWithParam<std::string> {};

TEST_P(Origins, AreAsReviewed) {
  const LoadResult result = tracked(test::golden_case("origins", GetParam()));
  ASSERT_TRUE(result.loaded.has_value());
  test::expect_golden("origins", GetParam(),
                      render_with_origins(result.loaded->tree, result.loaded->origins, TreeForm::Resolved));
}

TEST_P(Origins, ChangeNothingOfTheResult) {
  const LoadTest test = test::golden_case("origins", GetParam());
  const LoadResult result = tracked(test);
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(render_document(result.loaded->tree, Format::Yaml), test.yaml());
}

TEST_P(Origins, AreCommentsOfAFileThatLoadsTheSame) {
  LoadTest test = test::golden_case("origins", GetParam());
  const std::string plain = test.yaml();
  const LoadResult result = tracked(test);
  ASSERT_TRUE(result.loaded.has_value());
  test.memory.add("/project/again.yaml",
                  render_with_origins(result.loaded->tree, result.loaded->origins, TreeForm::Resolved));
  test.request.files = {"again.yaml"};
  EXPECT_EQ(test.yaml(), plain);
}

TEST_P(Origins, AreJson) {
  const LoadResult result = tracked(test::golden_case("origins", GetParam()));
  ASSERT_TRUE(result.loaded.has_value());
  const auto json =
      boost::json::parse(render_origins_json(result.loaded->tree, result.loaded->origins, TreeForm::Resolved));
  EXPECT_FALSE(json.at("values").as_array().empty());
  EXPECT_TRUE(json.at("removed").is_array());
}

INSTANTIATE_TEST_SUITE_P(All, Origins, ::testing::ValuesIn(test::golden_names("origins")),
                         [](const auto& given) { return given.param; });

/// Every line of a text behind four blanks, as documents show it.
std::string indented(const std::string& text) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result += line.empty() ? "\n" : "    " + line + "\n";
  return result;
}

TEST(Origin, IsInTheDocumentsAsItIsPrinted) {
  const std::string page = test::read_file(test::golden_folder("../../../docs") / "loading.md");
  const auto golden = test::golden_folder("origins");
  EXPECT_NE(page.find(indented(test::read_file(golden / "documentation.txt"))), std::string::npos);
  // The files of the case stand in the page, too.
  std::string files = test::read_file(golden / "documentation.yaml");
  files.erase(0, files.find("name: shop"));
  for (std::size_t from = 0; from < files.size();) {
    const std::size_t end = std::min(files.find("#### ", from), files.size());
    EXPECT_NE(page.find(indented(files.substr(from, end - from))), std::string::npos) << files.substr(from, end - from);
    from = end == files.size() ? end : files.find('\n', end) + 1;
  }
}

/// What JSON says about one value.
std::string json_of(const LoadResult& result, const std::string& path) {
  const auto json =
      boost::json::parse(render_origins_json(result.loaded->tree, result.loaded->origins, TreeForm::Resolved));
  for (const auto& value : json.at("values").as_array())
    if (boost::json::serialize(value.at("path")) == path) return boost::json::serialize(value);
  return {};
}

TEST(OriginJson, HasThePlaceAndTheSteps) {
  const LoadResult result = tracked(LoadTest({{"compose.yaml", "services:\n  web:\n    image: a:$TAG\n"},
                                              {"compose.override.yaml", "services:\n  web: {image: b:$TAG}\n"},
                                              {".env", "TAG=2\n"}}));
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(json_of(result, R"(["services","web","image"])"),
            R"({"path":["services","web","image"],"value":"b:2",)"
            R"("file":"compose.override.yaml","line":2,"column":16,"steps":[)"
            R"({"step":"interpolated","variable":"TAG","file":".env","line":1,"column":1},)"
            R"({"step":"overrides","was":"a:2","source":{"file":"compose.yaml","line":3,"column":12}}]})");
  EXPECT_EQ(json_of(result, R"(["networks","default","name"])"),
            R"({"path":["networks","default","name"],"value":"p_default",)"
            R"("steps":[{"step":"default","detail":"named after the project"}]})");
}

TEST(OriginJson, ListsWhatWasRemoved) {
  const LoadResult result = tracked(LoadTest({{"compose.yaml", "services:\n  web: {image: a, hostname: h}\n"},
                                              {"compose.override.yaml", "services:\n  web: {hostname: !reset ''}\n"}}));
  ASSERT_TRUE(result.loaded.has_value());
  const auto json =
      boost::json::parse(render_origins_json(result.loaded->tree, result.loaded->origins, TreeForm::Resolved));
  EXPECT_EQ(boost::json::serialize(json.at("removed")),
            R"([{"path":["services","web","hostname"],"file":"compose.override.yaml","line":2,"column":9,)"
            R"("was":{"value":"h","file":"compose.yaml","line":2,"column":29}}])");
}

TEST(Origin, IsNotRecordedUnlessAskedFor) {
  const LoadTest test({{"compose.yaml", "services:\n  web:\n    image: a:${TAG}\n"}, {".env", "TAG=2\n"}});
  const LoadResult result = test.load();
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(result.loaded->tree.find("services")->find("web")->find("image")->origin, 0U);
}

TEST(Origin, OfValuesAsTheyAreWritten) {
  LoadTest test("services:\n  web:\n    image: a:${TAG}\n");
  test.request.options.interpolate = false;
  test.request.options.normalize = false;
  const LoadResult result = tracked(test);
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(render_with_origins(result.loaded->tree, result.loaded->origins, TreeForm::AsWritten),
            "services:\n  web:\n    image: a:${TAG}  # compose.yaml:3\n");
}

TEST(Origin, OfTheNameWithoutInterpolation) {
  LoadTest test("name: shop\nservices:\n  web:\n    image: a:${TAG}\n");
  test.request.project_name.clear();
  test.request.options.interpolate = false;
  const LoadResult result = tracked(test);
  ASSERT_TRUE(result.loaded.has_value());
  const std::string text = render_with_origins(result.loaded->tree, result.loaded->origins, TreeForm::AsWritten);
  EXPECT_EQ(text.substr(0, text.find('\n')), "name: shop              # compose.yaml:1");
}

TEST(OriginJson, HasTheHistoryOfAnEnvFile) {
  const LoadResult result =
      tracked(LoadTest({{"compose.yaml", "services:\n  web:\n    image: a\n    env_file: [a.env, b.env]\n"},
                        {"a.env", "URL=none\n"},
                        {"b.env", "URL=http://${HOST:-db}\n"}}));
  ASSERT_TRUE(result.loaded.has_value());
  EXPECT_EQ(json_of(result, R"(["services","web","environment","URL"])"),
            R"({"path":["services","web","environment","URL"],"value":"http://db",)"
            R"("file":"b.env","line":1,"column":1,"steps":[)"
            R"({"step":"normalised","was":"b.env"},)"
            R"({"step":"env file","file":"compose.yaml","line":4,"column":23},)"
            R"({"step":"variable default","variable":"HOST"},)"
            R"({"step":"overrides","was":"none","source":{"file":"a.env","line":1,"column":1}}]})");
}

TEST(Origin, CommentsCanHaveAStyle) {
  const LoadResult result = tracked(LoadTest("services: {a: {image: b}}\n"));
  ASSERT_TRUE(result.loaded.has_value());
  const std::string text =
      render_with_origins(result.loaded->tree, result.loaded->origins, TreeForm::Resolved, {"<", ">"});
  EXPECT_NE(text.find("image: b         <# compose.yaml:1>\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace davit::compose
