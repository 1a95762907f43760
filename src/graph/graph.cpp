#include "davit/graph/graph.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace davit::graph {
namespace {

/// Edges that close a cycle, whether it is told or not: each costs a walk along the cycle.
constexpr std::size_t kMostClosed = 1000;

}  // namespace

void Graph::add(const std::string& name) {
  nodes_.try_emplace(name);
}

void Graph::add_dependency(const std::string& from, const std::string& to, Span where) {
  nodes_[to].from.insert(from);
  nodes_[from].to.try_emplace(to, std::move(where));
}

std::vector<std::string> Graph::names() const {
  std::vector<std::string> result;
  result.reserve(nodes_.size());
  for (const auto& [name, node] : nodes_) result.push_back(name);
  return result;
}

std::vector<std::string> Graph::dependencies(const std::string& name) const {
  std::vector<std::string> result;
  if (const auto found = nodes_.find(name); found != nodes_.end())
    for (const auto& [to, where] : found->second.to) result.push_back(to);
  return result;
}

std::vector<std::string> Graph::dependents(const std::string& name) const {
  const auto found = nodes_.find(name);
  if (found == nodes_.end()) return {};
  return {found->second.from.begin(), found->second.from.end()};
}

std::vector<std::vector<std::string>> Graph::levels() const {
  std::map<std::string, std::size_t> open;
  std::vector<std::string> ready;
  for (const auto& [name, node] : nodes_) {
    open[name] = node.to.size();
    if (node.to.empty()) ready.push_back(name);
  }
  std::vector<std::vector<std::string>> result;
  while (!ready.empty()) {
    std::vector<std::string> next;
    for (const std::string& name : ready)
      for (const std::string& dependent : nodes_.at(name).from)
        if (--open[dependent] == 0) next.push_back(dependent);
    std::sort(next.begin(), next.end());
    result.push_back(std::exchange(ready, std::move(next)));
  }
  return result;
}

std::vector<std::string> Graph::order() const {
  std::vector<std::string> result;
  for (auto& level : levels()) std::move(level.begin(), level.end(), std::back_inserter(result));
  return result;
}

std::vector<std::string> Graph::reverse_order() const {
  std::vector<std::string> result = order();
  std::reverse(result.begin(), result.end());
  return result;
}

std::set<std::string> Graph::closure(const std::vector<std::string>& names, bool forwards) const {
  std::set<std::string> seen;
  std::vector<std::string> open;
  for (const std::string& name : names)
    if (nodes_.contains(name)) open.push_back(name);
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (!seen.insert(name).second) continue;
    const Node& node = nodes_.at(name);
    if (forwards)
      for (const auto& [to, where] : node.to) open.push_back(to);
    else
      open.insert(open.end(), node.from.begin(), node.from.end());
  }
  return seen;
}

std::set<std::string> Graph::with_dependencies(const std::vector<std::string>& names) const {
  return closure(names, true);
}

std::set<std::string> Graph::with_dependents(const std::vector<std::string>& names) const {
  return closure(names, false);
}

std::vector<std::vector<Edge>> Graph::cycles(std::size_t most) const {
  // A walk in depth without recursion: a stack of names with the edge to look at next. An edge back to a name on the
  // stack closes a cycle.
  enum class State { Open, Done };
  using Next = std::map<std::string, Span>::const_iterator;
  std::map<std::string, State> states;
  std::set<std::pair<std::string, std::string>> told;
  std::vector<std::vector<Edge>> found;
  std::vector<std::pair<std::string, Next>> path;
  const auto close = [&](const std::string& to) {
    std::vector<Edge> edges;
    std::string target = to;
    for (auto at = path.rbegin(); edges.empty() || target != to; ++at) {
      if (told.contains({at->first, target})) return;
      edges.push_back({at->first, target, nodes_.at(at->first).to.at(target)});
      target = at->first;
    }
    for (const Edge& edge : edges) told.emplace(edge.from, edge.to);
    std::reverse(edges.begin(), edges.end());
    const auto smallest =
        std::min_element(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.from < b.from; });
    std::rotate(edges.begin(), smallest, edges.end());
    found.push_back(std::move(edges));
  };
  std::size_t closed = 0;
  for (const auto& [start, ignored] : nodes_) {
    if (states.contains(start)) continue;
    path.emplace_back(start, nodes_.at(start).to.begin());
    states[start] = State::Open;
    while (!path.empty()) {
      const std::string name = path.back().first;
      Next& next = path.back().second;
      if (next == nodes_.at(name).to.end()) {
        states[name] = State::Done;
        path.pop_back();
        continue;
      }
      const std::string to = next->first;
      ++next;
      const auto state = states.find(to);
      if (state == states.end()) {
        states[to] = State::Open;
        path.emplace_back(to, nodes_.at(to).to.begin());
      } else if (state->second == State::Open) {
        close(to);
        if (found.size() >= most || ++closed >= kMostClosed) return found;
      }
    }
  }
  return found;
}

Diagnostic cycle_diagnostic(const std::vector<Edge>& cycle) {
  std::string path = cycle.empty() ? std::string() : cycle.front().from;
  for (const Edge& edge : cycle) path += " -> " + edge.to;
  const auto place = [](const Edge& edge) {
    return edge.where.known() ? std::optional<Span>(edge.where) : std::nullopt;
  };
  auto item = Diagnostic::error("dependency-cycle", "dependency cycle: " + path,
                                cycle.empty() ? std::nullopt : place(cycle.front()));
  for (std::size_t i = 1; i < cycle.size(); ++i)
    item.note("'" + cycle[i].from + "' depends on '" + cycle[i].to + "' here", place(cycle[i]));
  item.with_hint("remove one of these dependencies");
  return item;
}

}  // namespace davit::graph
