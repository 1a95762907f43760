#pragma once
// Rules by path: "services.*.build.args" → rule. A walk over a tree carries a step along, and stops looking as soon as
// no rule lies below. `*` stands for any key, "[]" for any list item (which `*` matches too).

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace davit::compose {

template <class Rule>
class PathRules {
 public:
  class Step {
   public:
    /// Null when no rule lies below `key`.
    [[nodiscard]] const Step* next(std::string_view key) const {
      const auto found = children_.find(key);
      return found != children_.end() ? found->second.get() : any_.get();
    }
    [[nodiscard]] const std::optional<Rule>& rule() const { return rule_; }

   private:
    friend class PathRules;
    std::map<std::string, std::unique_ptr<Step>, std::less<>> children_;
    std::unique_ptr<Step> any_;
    std::optional<Rule> rule_;
  };

  PathRules(std::initializer_list<std::pair<std::string_view, Rule>> rules) {
    for (const auto& [path, rule] : rules) add(path, rule);
  }
  [[nodiscard]] const Step* root() const { return &root_; }

 private:
  void add(std::string_view path, Rule rule) {
    Step* step = &root_;
    for (std::size_t from = 0; from <= path.size();) {
      const std::size_t dot = std::min(path.find('.', from), path.size());
      const std::string_view key = path.substr(from, dot - from);
      auto& child = key == "*" ? step->any_ : step->children_[std::string(key)];
      if (!child) child = std::make_unique<Step>();
      step = child.get();
      from = dot + 1;
    }
    step->rule_ = std::move(rule);
  }

  Step root_;
};

/// The step below, null-safe.
template <class Step>
[[nodiscard]] const Step* below(const Step* step, std::string_view key) {
  return step == nullptr ? nullptr : step->next(key);
}

}  // namespace davit::compose
