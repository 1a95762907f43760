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
  EXPECT_THAT(shop().cycles(), ElementsAre());
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
  const auto cycles = graph.cycles();
  ASSERT_EQ(cycles.size(), 1U);
  const Diagnostic item = cycle_diagnostic(cycles.front());
  EXPECT_EQ(item.message, "dependency cycle: a -> b -> c -> a");
  EXPECT_EQ(item.where->begin.line, 3U);
  ASSERT_EQ(item.notes.size(), 2U);
  EXPECT_EQ(item.notes[0].where->begin.line, 4U);
  EXPECT_EQ(item.notes[1].where->begin.line, 2U);
}

TEST(Graph, SelfDependencyIsACycle) {
  Graph graph;
  graph.add_dependency("a", "a");
  EXPECT_EQ(cycle_diagnostic(graph.cycles().at(0)).message, "dependency cycle: a -> a");
}

/// The cycles of a graph of edges such as "ab", as messages.
std::vector<std::string> cycles_of(const std::vector<std::string>& edges, std::size_t most = 20) {
  Graph graph;
  for (const std::string& edge : edges) graph.add_dependency(edge.substr(0, 1), edge.substr(1));
  std::vector<std::string> found;
  for (const auto& cycle : graph.cycles(most)) found.push_back(cycle_diagnostic(cycle).message.substr(18));
  return found;
}

TEST(Graph, EveryGroupOfNamesThatNeedEachOtherHasACycle) {
  EXPECT_THAT(cycles_of({"ab", "ba", "cd", "dc", "ac", "xx"}), ElementsAre("a -> b -> a", "c -> d -> c", "x -> x"));
  EXPECT_THAT(cycles_of({"ab", "bc", "ca", "ad", "da"}), ElementsAre("a -> b -> c -> a", "a -> d -> a"));
}

TEST(Graph, CyclesShareNoEdge) {
  // a -> b -> c -> a and a -> b -> d -> a: without the edge from a to b there is none.
  EXPECT_THAT(cycles_of({"ab", "bc", "ca", "bd", "da"}), ElementsAre("a -> b -> c -> a"));
  EXPECT_THAT(cycles_of({"aa", "bb", "cc"}, 2), ElementsAre("a -> a", "b -> b"));
}

TEST(Graph, LooksAtALotOfCyclesOnlyForAWhile) {
  Graph graph;
  for (int i = 0; i < 2000; ++i) {
    graph.add_dependency(std::to_string(i), std::to_string(i + 1));
    graph.add_dependency(std::to_string(i), "0");
  }
  EXPECT_EQ(graph.cycles(100000).size(), 2U) << "0 itself, and one of the many through the edge from 0 to 1";
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
  EXPECT_THAT(graph.cycles(), ElementsAre());
  EXPECT_EQ(graph.levels().size(), 20001U);
}

}  // namespace
}  // namespace davit::graph
