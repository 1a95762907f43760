#include "davit/compose/located.hpp"

#include <algorithm>

#include "emitter.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Kind;
using yaml::Node;

/// Lists in which the position of an item means something.
bool is_ordered(std::string_view name) {
  return name == "command" || name == "entrypoint" || name == "test";
}

class Collector final : public Emitter {
 public:
  void at(const Node& node) override { node_ = &node; }
  void begin_map(Emptiness emptiness) override { begin(emptiness, Kind::Map); }
  void key(std::string_view name) override { path_.back() = {std::string(name), {}, {}}; }
  void end_map() override { end(); }
  void begin_list(Emptiness emptiness) override { begin(emptiness, Kind::List); }
  void end_list() override { end(); }
  void scalar(Kind kind, std::string_view text) override {
    next_item(text);
    add(kind, std::string(text));
  }
  [[nodiscard]] std::string take() override { return {}; }
  [[nodiscard]] std::vector<LocatedValue> values() { return std::move(values_); }

 private:
  struct Level {
    Kind kind;
    std::size_t items = 0;
  };

  void begin(Emptiness emptiness, Kind kind) {
    next_item("");
    if (emptiness == Emptiness::Empty) add(kind, kind == Kind::Map ? "{}" : "[]");
    levels_.push_back({kind, 0});
    path_.emplace_back();
  }

  void end() {
    path_.pop_back();
    levels_.pop_back();
  }

  /// In a list: the place of the item that comes.
  void next_item(std::string_view text) {
    if (levels_.empty() || levels_.back().kind != Kind::List) return;
    const std::size_t position = levels_.back().items++;
    path_.back() = {{}, position, key_of_item(position, text)};
  }

  [[nodiscard]] std::string key_of_item(std::size_t position, std::string_view text) const {
    std::vector<std::string> list;
    for (const PathPart& part : path_)
      if (&part != &path_.back()) list.push_back(part.position ? "[]" : part.name);
    if (is_ordered(list.empty() ? "" : list.back())) return std::to_string(position);
    if (node_ != nullptr && node_->is_map()) {
      // What merging tells ports apart by has the published port in it, the very thing that changes.
      if (!list.empty() && list.back() == "ports") return port(*node_);
      if (auto key = key_in_list(list, *node_)) return *key;
      for (const char* name : {"subnet", "path", "source", "name"})
        if (const Node* found = node_->find(name); found != nullptr && !found->text.empty()) return found->text;
    }
    return text.empty() ? std::to_string(position) : std::string(text);
  }

  static std::string port(const Node& item) {
    const Node* target = item.find("target");
    const Node* protocol = item.find("protocol");
    return (target == nullptr ? std::string() : target->text) + "/" + (protocol == nullptr ? "tcp" : protocol->text);
  }

  void add(Kind kind, std::string text) { values_.push_back({path_, kind, std::move(text), node_}); }

  const Node* node_ = nullptr;
  Path path_;
  std::vector<Level> levels_;
  std::vector<LocatedValue> values_;
};

bool is_word(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::vector<LocatedValue> located_values(const Node& tree, TreeForm form) {
  Collector collector;
  if (form == TreeForm::Resolved)
    emit_document(collector, tree, Format::Yaml);
  else
    emit_tree(collector, tree);
  return collector.values();
}

std::string to_string(const Path& path, Items items) {
  std::string text;
  for (const PathPart& part : path) {
    if (part.position)
      text += "[" + (items == Items::ByKey ? part.key : std::to_string(*part.position)) + "]";
    else
      text += (text.empty() ? "" : ".") + (is_word(part.name) ? part.name : "\"" + part.name + "\"");
  }
  return text;
}

std::string one_line(const LocatedValue& value) {
  if (value.kind == Kind::Map || value.kind == Kind::List) return value.text;
  JsonEmitter quoted(0);
  quoted.scalar(value.kind, value.text);
  std::string in_quotes = quoted.take();
  if (value.kind != Kind::String) return in_quotes;
  YamlEmitter plain;
  plain.scalar(value.kind, value.text);
  std::string text = plain.take();
  text.pop_back();
  return text.find('\n') == std::string::npos ? text : in_quotes;
}

}  // namespace davit::compose
