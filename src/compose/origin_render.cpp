// Origins as comments of YAML, and as JSON.

#include "davit/compose/origin_render.hpp"

#include <algorithm>

#include "davit/base/text.hpp"
#include "davit/compose/located.hpp"
#include "emitter.hpp"
#include "phases.hpp"
#include "yaml_style.hpp"

namespace davit::compose {
namespace {

using yaml::Kind;
using yaml::Node;

/// Comments stand at one column, but no further to the right than this.
constexpr std::size_t kWidestColumn = 64;

/// A comment is one line, whatever stands in names and values.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

/// YAML that remembers behind which parts of it a comment can stand.
class CommentedYaml final : public Emitter {
 public:
  explicit CommentedYaml(const Origins& origins) : origins_(origins) {
    for (const Removal& removal : origins.removals()) removals_.push_back(&removal);
  }

  void at(const Node& node) override { node_ = &node; }
  void begin_map(Emptiness emptiness) override {
    yaml_.begin_map(emptiness);
    begin(emptiness);
  }
  void key(std::string_view name) override {
    path_.back() = name;
    yaml_.key(name);
  }
  void end_map() override {
    const bool empty = yaml_.text().ends_with("{}\n") && path_.back().empty();
    path_.pop_back();
    if (!empty) say_what_was_removed();
    yaml_.end_map();
  }
  void begin_list(Emptiness emptiness) override {
    yaml_.begin_list(emptiness);
    begin(emptiness);
    path_.back() = "[]";
  }
  void end_list() override {
    path_.pop_back();
    yaml_.end_list();
  }
  void scalar(Kind kind, std::string_view text) override {
    const std::size_t from = yaml_.text().size();
    yaml_.scalar(kind, text);
    // Behind the mark of a block, or behind the end of everything else: inside, it would be part of the value.
    const bool block = kind == Kind::String && scalar_style(text, ScalarPlace::Value) == ScalarStyle::Literal;
    comment(block ? yaml_.text().find('\n', from) : yaml_.text().size() - 1);
  }
  [[nodiscard]] std::vector<const yaml::Entry*> ordered(const Node& map) const override { return yaml_.ordered(map); }

  [[nodiscard]] std::string take() override { return yaml_.take(); }
  /// The text with its comments.
  [[nodiscard]] std::string with_comments(TreeForm form, const CommentStyle& style) const {
    const std::string& plain = yaml_.text();
    const std::size_t column = comment_column(plain);
    std::string out;
    std::size_t from = 0;
    for (const Comment& comment : comments_) {
      const std::string part = plain.substr(from, comment.at - from);
      out += form == TreeForm::Resolved ? escape_dollars(part) : part;
      from = comment.at;
      if (comment.own_line) {
        out.append(comment.indent, ' ').append(style.before).append(comment.text).append(style.after).append("\n");
        continue;
      }
      const std::size_t used = width_of_line(out);
      out.append(used + 2 > column ? 2 : column - used, ' ').append(style.before).append(comment.text);
      out += style.after;
    }
    const std::string rest = plain.substr(from);
    return out + (form == TreeForm::Resolved ? escape_dollars(rest) : rest);
  }

 private:
  struct Comment {
    std::size_t at;  ///< in the text: the end of a line, or the start of the line before which it stands
    std::string text;
    bool own_line = false;
    std::size_t indent = 0;  ///< on its own line
  };

  void begin(Emptiness emptiness) {
    path_.emplace_back();
    if (emptiness == Emptiness::Empty) comment(yaml_.text().size() - 1);
  }

  void comment(std::size_t end) {
    if (node_ != nullptr) comments_.push_back({end, "# " + on_one_line(describe(*node_, origins_))});
  }

  /// At the end of a mapping: what a `!reset` took out of it, or out of what was in it and is gone too.
  void say_what_was_removed() {
    std::erase_if(removals_, [&](const Removal* removal) {
      const auto& path = removal->path;
      if (path.size() <= path_.size() || !std::equal(path_.begin(), path_.end(), path.begin())) return false;
      std::string name;
      for (std::size_t i = path_.size(); i < path.size(); ++i) name += (name.empty() ? "" : ".") + path[i];
      std::string text = "# " + name + ": !reset at " + line_of(removal->where);
      if (removal->was_written.known())
        text += ", was " + (removal->was.empty() ? "" : "'" + removal->was + "' of ") + line_of(removal->was_written);
      comments_.push_back({yaml_.text().size(), on_one_line(std::move(text)), true, 2 * path_.size()});
      return true;
    });
  }

  static std::size_t width_of_line(std::string_view text) {
    const std::size_t line = text.rfind('\n');
    return text_width(text.substr(line == std::string_view::npos ? 0 : line + 1));
  }

  [[nodiscard]] std::size_t comment_column(std::string_view text) const {
    std::size_t column = 0;
    for (const Comment& comment : comments_) {
      const std::size_t used = comment.own_line ? 0 : width_of_line(text.substr(0, comment.at)) + 2;
      if (used <= kWidestColumn) column = std::max(column, used);
    }
    return column;
  }

  const Origins& origins_;
  YamlEmitter yaml_;
  const Node* node_ = nullptr;
  std::vector<std::string> path_;  ///< of the open collections, the keys at which they are
  std::vector<const Removal*> removals_;
  std::vector<Comment> comments_;  ///< in the order of the text
};

void text_field(JsonEmitter& out, const char* key, std::string_view value) {
  out.key(key);
  out.scalar(Kind::String, value);
}

void place(JsonEmitter& out, const Span& where) {
  if (!where.known()) return;
  text_field(out, "file", *where.file);
  out.key("line");
  out.scalar(Kind::Int, std::to_string(where.begin.line));
  out.key("column");
  out.scalar(Kind::Int, std::to_string(where.begin.column));
}

/// How `detail` of a step is called.
const char* detail_name(OriginStep::Kind kind) {
  using Step = OriginStep::Kind;
  switch (kind) {
    case Step::Interpolated:
    case Step::VariableDefault:
    case Step::Unset:
    case Step::Environment:
      return "variable";
    case Step::Alias:
    case Step::MergeKey:
      return "anchor";
    case Step::Extended:
      return "service";
    case Step::Overrides:
    case Step::OverrideTag:
    case Step::Normalised:
      return "was";
    case Step::Included:
    case Step::EnvFile:
    case Step::CommandLine:
    case Step::Default:
      return "detail";
  }
  return "detail";
}

void step_json(JsonEmitter& out, const OriginStep& step) {
  using Step = OriginStep::Kind;
  out.begin_map(Emptiness::Filled);
  text_field(out, "step", to_string(step.kind));
  if (!step.detail.empty()) text_field(out, detail_name(step.kind), step.detail);
  const bool variable = step.kind == Step::Interpolated || step.kind == Step::Environment;
  if (variable && !step.where.known()) text_field(out, "from", "environment");
  place(out, step.where);
  if (step.source.known()) {
    out.key("source");
    out.begin_map(Emptiness::Filled);
    place(out, step.source);
    out.end_map();
  }
  out.end_map();
}

void path_json(JsonEmitter& out, const Path& path) {
  out.key("path");
  out.begin_list(Emptiness::Filled);
  for (const PathPart& part : path)
    if (part.position)
      out.scalar(Kind::Int, std::to_string(*part.position));
    else
      out.scalar(Kind::String, part.name);
  out.end_list();
}

void plain_value(JsonEmitter& out, const LocatedValue& value) {
  if (value.kind == Kind::Map) {
    out.begin_map(Emptiness::Empty);
    out.end_map();
  } else if (value.kind == Kind::List) {
    out.begin_list(Emptiness::Empty);
    out.end_list();
  } else {
    out.scalar(value.kind, value.text);
  }
}

void value_json(JsonEmitter& out, const LocatedValue& value, const Origins& origins) {
  const auto steps = origins.steps(value.node->origin);
  out.begin_map(Emptiness::Filled);
  path_json(out, value.path);
  out.key("value");
  plain_value(out, value);
  place(out, written_at(*value.node, origins));
  out.key("steps");
  out.begin_list(steps.empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const OriginStep* step : steps) step_json(out, *step);
  out.end_list();
  out.end_map();
}

void removal_json(JsonEmitter& out, const Removal& removal) {
  out.begin_map(Emptiness::Filled);
  Path path;
  for (const std::string& name : removal.path) path.push_back({name, {}, {}});
  path_json(out, path);
  place(out, removal.where);
  out.key("was");
  out.begin_map(Emptiness::Filled);
  if (!removal.was.empty()) text_field(out, "value", removal.was);
  place(out, removal.was_written);
  out.end_map();
  out.end_map();
}

}  // namespace

std::string render_with_origins(const Node& tree, const Origins& origins, TreeForm form, const CommentStyle& style) {
  CommentedYaml out(origins);
  if (form == TreeForm::Resolved)
    emit_document(out, tree, Format::Yaml);
  else
    emit_tree(out, tree);
  return out.with_comments(form, style);
}

std::string render_origins_json(const Node& tree, const Origins& origins, TreeForm form) {
  JsonEmitter out(2);
  const std::vector<LocatedValue> values = located_values(tree, form);
  out.begin_map(Emptiness::Filled);
  out.key("values");
  out.begin_list(values.empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const LocatedValue& value : values) value_json(out, value, origins);
  out.end_list();
  out.key("removed");
  out.begin_list(origins.removals().empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const Removal& removal : origins.removals()) removal_json(out, removal);
  out.end_list();
  out.end_map();
  return out.take() + "\n";
}

}  // namespace davit::compose
