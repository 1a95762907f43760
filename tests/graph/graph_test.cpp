#include "davit/graph/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace davit::graph {
namespace {

using ::testing::ElementsAre;

Graph shop() {
  Graph graph;
  graph.add_dependency("web", "api");
  graph.add_dependency("api", "db");
  graph.add_dependency("api", "cache");
  graph.add("mail");
  return graph;
}

TEST(Graph, OrderPutsDependenciesFirst) {
  EXPECT_THAT(shop().order(), ElementsAre("cache", "db", "mail", "api", "web"));
  EXPECT_THAT(shop().reverse_order(), ElementsAre("web", "api", "mail", "db", "cache"));
}

TEST(Graph, LevelsAreWhatCanStartTogether) {
  EXPECT_THAT(shop().levels(), ElementsAre(ElementsAre("cache", "db", "mail"), ElementsAre("api"), ElementsAre("web")));
}

TEST(Graph, ClosureGoesBothWays) {
  EXPECT_THAT(shop().with_dependencies({"api"}), ElementsAre("api", "cache", "db"));
  EXPECT_THAT(shop().with_dependents({"db"}), ElementsAre("api", "db", "web"));
  EXPECT_THAT(shop().with_dependencies({"nobody"}), ElementsAre());
}

TEST(Graph, NeighboursAreSorted) {
  EXPECT_THAT(shop().dependencies("api"), ElementsAre("cache", "db"));
  EXPECT_THAT(shop().dependents("db"), ElementsAre("api"));
}

TEST(Graph, NoCycleInATree) {
  EXPECT_FALSE(shop().cycle().has_value());
}

TEST(Graph, CycleIsAPathFromItsSmallestName) {
  Graph graph;
  const auto at = [](std::uint32_t line) {
    return Span{std::make_shared<const std::string>("f"), {line, 1}, {line, 2}};
  };
  graph.add_dependency("x", "c", at(1));
  graph.add_dependency("c", "a", at(2));
  graph.add_dependency("a", "b", at(3));
  graph.add_dependency("b", "c", at(4));
  const auto cycle = graph.cycle();
  ASSERT_TRUE(cycle.has_value());
  const Diagnostic item = cycle_diagnostic(*cycle);
  EXPECT_EQ(item.message, "dependency cycle: a -> b -> c -> a");
  EXPECT_EQ(item.where->begin.line, 3U);
  ASSERT_EQ(item.notes.size(), 2U);
  EXPECT_EQ(item.notes[0].where->begin.line, 4U);
  EXPECT_EQ(item.notes[1].where->begin.line, 2U);
}

TEST(Graph, SelfDependencyIsACycle) {
  Graph graph;
  graph.add_dependency("a", "a");
  EXPECT_EQ(cycle_diagnostic(graph.cycle().value()).message, "dependency cycle: a -> a");
}

TEST(Graph, NamesBehindACycleHaveNoOrder) {
  Graph graph;
  graph.add_dependency("a", "b");
  graph.add_dependency("b", "a");
  graph.add_dependency("c", "a");
  graph.add("d");
  EXPECT_THAT(graph.order(), ElementsAre("d"));
}

TEST(Graph, ALongChainNeedsNoStack) {
  Graph graph;
  for (int i = 0; i < 20000; ++i) graph.add_dependency(std::to_string(i), std::to_string(i + 1));
  EXPECT_FALSE(graph.cycle().has_value());
  EXPECT_EQ(graph.levels().size(), 20001U);
}

}  // namespace
}  // namespace davit::graph
