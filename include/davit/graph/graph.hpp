#pragma once
// Names and what they depend on: order, levels, closure, cycles.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/span.hpp"

namespace davit::graph {

/// "from depends on to", and the place in the file that says so.
struct Edge {
  std::string from;
  std::string to;
  Span where;
  friend bool operator==(const Edge&, const Edge&) = default;
};

/// A directed graph of names. All results are in a fixed order: the same graph gives the same answer.
class Graph {
 public:
  void add(const std::string& name);
  /// Adds both names where they are missing. A second edge between the same names is dropped.
  void add_dependency(const std::string& from, const std::string& to, Span where = {});

  [[nodiscard]] bool contains(const std::string& name) const { return nodes_.contains(name); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] std::vector<std::string> names() const;
  /// What `name` depends on directly, sorted; empty for an unknown name.
  [[nodiscard]] std::vector<std::string> dependencies(const std::string& name) const;
  /// What depends on `name` directly, sorted.
  [[nodiscard]] std::vector<std::string> dependents(const std::string& name) const;

  /// Cycles that share no edge, at most `most`: the edges of each, every one ending where the next begins, starting
  /// with the smallest name of the cycle. Found in the order of the names; there is one for every group of names that
  /// need each other, as long as there are not too many.
  [[nodiscard]] std::vector<std::vector<Edge>> cycles(std::size_t most = 20) const;
  /// Dependencies before dependents, equals by name. Names on a cycle or behind one are left out.
  [[nodiscard]] std::vector<std::string> order() const;
  /// Dependents before dependencies.
  [[nodiscard]] std::vector<std::string> reverse_order() const;
  /// Level 0 depends on nothing, level n on something of level n-1. Names on a cycle or behind one are left out.
  [[nodiscard]] std::vector<std::vector<std::string>> levels() const;
  /// `names` and all that they depend on. Unknown names are left out.
  [[nodiscard]] std::set<std::string> with_dependencies(const std::vector<std::string>& names) const;
  /// `names` and all that depends on them.
  [[nodiscard]] std::set<std::string> with_dependents(const std::vector<std::string>& names) const;

 private:
  struct Node {
    std::map<std::string, Span> to;
    std::set<std::string> from;
  };
  [[nodiscard]] std::set<std::string> closure(const std::vector<std::string>& names, bool forwards) const;

  std::map<std::string, Node> nodes_;
};

/// A cycle as a message: "dependency cycle: a -> b -> a", with a note and a place for each edge.
[[nodiscard]] Diagnostic cycle_diagnostic(const std::vector<Edge>& cycle);

}  // namespace davit::graph
