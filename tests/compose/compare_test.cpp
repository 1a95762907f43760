#include "davit/compose/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Loaded loaded(LoadTest test) {
  test.request.options.origins = true;
  LoadResult result = test.load();
  EXPECT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  return result.loaded ? *std::move(result.loaded) : Loaded{};
}

std::string side(const std::optional<ComparedValue>& value) {
  return value ? value->shown + " (" + value->origin + ")" : "-";
}

/// A line for each part and for each value of it.
std::vector<std::string> differences(const LoadTest& a, const LoadTest& b) {
  using Change = PartDifference::Change;
  std::vector<std::string> lines;
  for (const PartDifference& part : compare(loaded(a), loaded(b))) {
    const std::string change = part.change == Change::Added     ? " added"
                               : part.change == Change::Removed ? " removed"
                               : part.made_anew                 ? " made anew"
                                                                : " stays";
    lines.push_back(part.section + " " + part.name + change);
    for (const Difference& value : part.values)
      lines.push_back(to_string(value.path, Items::ByKey) + ": " + side(value.a) + " " + side(value.b));
  }
  return lines;
}

LoadTest service(const std::string& attributes) {
  return LoadTest("services:\n  web:\n    image: a\n" + attributes + "  db: {image: b}\n");
}

TEST(Compare, ProjectsThatSayTheSameInOtherOrderAndForm) {
  const LoadTest a("services: {web: {image: a, environment: {B: 2, A: 1}, ports: ['80:80']}, db: {image: b}}\n");
  const LoadTest b(
      "services: {db: {image: b}, web: {ports: [{target: 80, published: '80'}], environment: [A=1, B=2], image: a}}\n");
  EXPECT_THAT(differences(a, b), IsEmpty());
}

TEST(Compare, ValuesByPathWithBothOrigins) {
  EXPECT_THAT(differences(service("    init: true\n    hostname: h\n"), service("    hostname: i\n    user: me\n")),
              ElementsAre("services web made anew", "hostname: h (compose.yaml:5) i (compose.yaml:4)",
                          "init: true (compose.yaml:4) -", "user: - me (compose.yaml:5)"));
}

TEST(Compare, ItemsOfListsByWhatTheyAre) {
  const LoadTest a = service(
      "    volumes: ['/x:/a', './src:/b']\n    ports: ['80:80', '81:81']\n    cap_add: [X, Y]\n"
      "    command: [one, two]\n");
  const LoadTest b = service(
      "    volumes: ['./other:/b', '/x:/a']\n    ports: ['81:81', '90:80']\n    cap_add: [Y, Z]\n    command: [two]\n");
  EXPECT_THAT(differences(a, b),
              ElementsAre("services web made anew",                                                    //
                          "cap_add[X]: X (compose.yaml:6) -",                                          //
                          "cap_add[Z]: - Z (compose.yaml:6)",                                          //
                          "command[0]: one (compose.yaml:7) two (compose.yaml:7)",                     //
                          "command[1]: two (compose.yaml:7) -",                                        //
                          "ports[80/tcp].published: \"80\" (compose.yaml:5) \"90\" (compose.yaml:5)",  //
                          "volumes[/b].source: ./src (compose.yaml:4, from './src') "
                          "./other (compose.yaml:4, from './other')"));
}

TEST(Compare, PartsThatOneSideHas) {
  const LoadTest a("services: {web: {image: a}, old: {image: a}}\nvolumes: {v: }\n");
  LoadTest with_volume = a;
  with_volume.request.options.keep_all_resources = true;
  const LoadTest b("services: {web: {image: a}, new: {image: a}}\n");
  EXPECT_THAT(differences(with_volume, b),
              ElementsAre("services new added", "services old removed", "volumes v removed"));
}

TEST(Compare, SaysWhatUpMakesAnew) {
  EXPECT_THAT(
      differences(service("    depends_on: [db]\n"), service("    scale: 1\n    profiles: [x]\n")),
      ElementsAre("services web stays", "depends_on.db.condition: service_started (follows from compose.yaml:4) -",
                  "depends_on.db.required: true (follows from compose.yaml:4) -", "profiles[x]: - x (compose.yaml:5)",
                  "scale: - 1 (compose.yaml:4)"));
  const auto with_network = [](const std::string& network) {
    return LoadTest("services: {web: {image: a, networks: [n]}}\nnetworks: {n: " + network + "}\n");
  };
  EXPECT_THAT(differences(with_network("{}"), with_network("{internal: true}")),
              ElementsAre("networks n made anew", "internal: - true (compose.yaml:2)"));
}

TEST(Compare, CopiesOfAFolderAreTheSame) {
  const auto in_folder = [](const std::string& folder) {
    LoadTest test(std::vector<std::pair<std::string, std::string>>{});
    test.memory.add("/" + folder + "/compose.yaml",
                    "services: {web: {build: ., volumes: ['./a:/a', 'v:/v']}}\nvolumes: {v: }\n");
    test.request.cwd = "/" + folder;
    test.request.project_name.clear();
    return test;
  };
  EXPECT_THAT(differences(in_folder("one"), in_folder("two")),
              ElementsAre("  stays", "name: one (the name of the folder) two (the name of the folder)"));
}

}  // namespace
}  // namespace davit::compose
