// Origins in words, as comments of YAML, and as JSON.

#include <algorithm>

#include "davit/compose/located.hpp"
#include "emitter.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Kind;
using yaml::Node;

/// Comments stand at one column, but no further to the right than this.
constexpr std::size_t kWidestColumn = 64;

std::string describe(const OriginStep& step) {
  using Step = OriginStep::Kind;
  const std::string place = step.where.known() ? step.where.to_string() : std::string();
  switch (step.kind) {
    case Step::Default:
      return step.detail.empty() ? "default" : step.detail;
    case Step::Interpolated:
    case Step::Environment:
      return step.detail + " from " + (place.empty() ? "the environment" : place);
    case Step::Unset:
      return step.detail + " is not set";
    case Step::Overrides:
      return "overrides " + place;
    case Step::Extended:
      return "extended from '" + step.detail + "' at " + place;
    case Step::Included:
      return "included at " + place;
    case Step::EnvFile:
      return "read by " + place;
    case Step::CommandLine:
      return step.detail;
  }
  return {};
}

/// Nobody wrote the value where its span is, unless it follows from what stands there.
bool is_default(const std::vector<const OriginStep*>& steps) {
  return !steps.empty() && steps.front()->kind == OriginStep::Kind::Default &&
         steps.front()->detail != "follows from this";
}

/// YAML that remembers behind which parts of it a comment can stand.
class CommentedYaml final : public Emitter {
 public:
  explicit CommentedYaml(const Origins& origins) : origins_(origins) {}

  void at(const Node& node) override { node_ = &node; }
  void begin_map(Emptiness emptiness) override {
    yaml_.begin_map(emptiness);
    if (emptiness == Emptiness::Empty) comment();
  }
  void key(std::string_view name) override { yaml_.key(name); }
  void end_map() override { yaml_.end_map(); }
  void begin_list(Emptiness emptiness) override {
    yaml_.begin_list(emptiness);
    if (emptiness == Emptiness::Empty) comment();
  }
  void end_list() override { yaml_.end_list(); }
  void scalar(Kind kind, std::string_view text) override {
    const std::size_t from = yaml_.text().size();
    yaml_.scalar(kind, text);
    // Behind the mark of a block, or behind the end of everything else: inside, it would be part of the value.
    const std::size_t first_end = yaml_.text().find('\n', from);
    const bool block = kind == Kind::String && text.find('\n') != std::string_view::npos &&
                       yaml_.text().substr(from, first_end - from).find('|') != std::string::npos;
    comment(block ? first_end : yaml_.text().size() - 1);
  }
  [[nodiscard]] std::vector<const yaml::Entry*> ordered(const Node& map) const override { return yaml_.ordered(map); }

  [[nodiscard]] std::string take() override { return yaml_.take(); }
  /// The text with its comments.
  [[nodiscard]] std::string with_comments(const CommentStyle& style) {
    const std::string& plain = yaml_.text();
    const std::size_t column = comment_column(plain);
    std::string out;
    std::size_t from = 0;
    for (const auto& [end, text] : comments_) {
      out += escape_dollars(plain.substr(from, end - from));
      const std::size_t width = width_of_line(plain, end);
      out.append(width + 2 > column ? 2 : column - width, ' ').append(style.before).append("# ").append(text);
      out += style.after;
      from = end;
    }
    return out + escape_dollars(plain.substr(from));
  }

 private:
  void comment() { comment(yaml_.text().size() - 1); }
  void comment(std::size_t end) {
    if (node_ != nullptr) comments_.emplace_back(end, compose::describe(*node_, origins_));
  }

  static std::size_t width_of_line(const std::string& text, std::size_t end) {
    const std::size_t start = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
    return static_cast<std::size_t>(std::count_if(text.begin() + static_cast<std::ptrdiff_t>(start),
                                                  text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
                                                    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
                                                  }));
  }

  [[nodiscard]] std::size_t comment_column(const std::string& text) const {
    std::size_t column = 0;
    for (const auto& [end, comment] : comments_) {
      const std::size_t width = width_of_line(text, end) + 2;
      if (width <= kWidestColumn) column = std::max(column, width);
    }
    return column;
  }

  const Origins& origins_;
  YamlEmitter yaml_;
  const Node* node_ = nullptr;
  std::vector<std::pair<std::size_t, std::string>> comments_;  ///< where a line ends, and what is said there
};

void place(JsonEmitter& out, const Span& where) {
  if (!where.known()) return;
  out.key("file");
  out.scalar(Kind::String, *where.file);
  out.key("line");
  out.scalar(Kind::Int, std::to_string(where.begin.line));
  out.key("column");
  out.scalar(Kind::Int, std::to_string(where.begin.column));
}

void step_json(JsonEmitter& out, const OriginStep& step) {
  using Step = OriginStep::Kind;
  const auto text = [&](const char* key, const std::string& value) {
    out.key(key);
    out.scalar(Kind::String, value);
  };
  out.begin_map(Emptiness::Filled);
  text("step", std::string(to_string(step.kind)));
  const bool variable = step.kind == Step::Interpolated || step.kind == Step::Environment || step.kind == Step::Unset;
  const char* detail = variable ? "variable" : step.kind == Step::Extended ? "service" : "detail";
  if (!step.detail.empty()) text(detail, step.detail);
  if (variable && step.kind != Step::Unset && !step.where.known()) text("from", "environment");
  place(out, step.where);
  out.end_map();
}

void path_json(JsonEmitter& out, const Path& path) {
  out.begin_list(Emptiness::Filled);
  for (const PathPart& part : path)
    if (part.position)
      out.scalar(Kind::Int, std::to_string(*part.position));
    else
      out.scalar(Kind::String, part.name);
  out.end_list();
}

void value_json(JsonEmitter& out, const LocatedValue& value, const Origins& origins) {
  const auto steps = origins.steps(value.node->origin);
  out.begin_map(Emptiness::Filled);
  out.key("path");
  path_json(out, value.path);
  out.key("value");
  if (value.kind == Kind::Map) {
    out.begin_map(Emptiness::Empty);
    out.end_map();
  } else if (value.kind == Kind::List) {
    out.begin_list(Emptiness::Empty);
    out.end_list();
  } else {
    out.scalar(value.kind, value.text);
  }
  if (!is_default(steps)) place(out, value.node->span);
  out.key("steps");
  out.begin_list(steps.empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const OriginStep* step : steps) step_json(out, *step);
  out.end_list();
  out.end_map();
}

}  // namespace

std::string describe(const Node& value, const Origins& origins) {
  const auto steps = origins.steps(value.origin);
  std::string text = is_default(steps) || !value.span.known() ? std::string() : value.span.to_string();
  for (const OriginStep* step : steps) text += (text.empty() ? "" : ", ") + describe(*step);
  return text.empty() ? "default" : text;
}

std::string render_with_origins(const Node& tree, const Origins& origins, const CommentStyle& style) {
  CommentedYaml out(origins);
  emit_document(out, tree, Format::Yaml);
  return out.with_comments(style);
}

std::string render_origins_json(const Node& tree, const Origins& origins) {
  JsonEmitter out(2);
  const std::vector<LocatedValue> values = located_values(tree);
  out.begin_list(values.empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const LocatedValue& value : values) value_json(out, value, origins);
  out.end_list();
  return out.take() + "\n";
}

}  // namespace davit::compose
