#pragma once
// Writers of JSON and YAML text, fed by events.

#include <string>
#include <string_view>
#include <vector>

#include "davit/compose/render.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

enum class Emptiness { Empty, Filled };

class Emitter {
 public:
  virtual ~Emitter() = default;
  /// The value whose events come next; for emitters that show places.
  virtual void at(const yaml::Node&) {}
  virtual void begin_map(Emptiness) = 0;
  virtual void key(std::string_view name) = 0;
  virtual void end_map() = 0;
  virtual void begin_list(Emptiness) = 0;
  virtual void end_list() = 0;
  virtual void scalar(yaml::Kind kind, std::string_view text) = 0;
  [[nodiscard]] virtual std::string take() = 0;
  /// The entries of a mapping in the order in which this format shows them.
  [[nodiscard]] virtual std::vector<const yaml::Entry*> ordered(const yaml::Node& map) const;
};

/// JSON as Go's encoding/json writes it: <, > and & escaped. `indent` 0 gives one line.
class JsonEmitter final : public Emitter {
 public:
  explicit JsonEmitter(std::size_t indent) : indent_(indent) {}
  void begin_map(Emptiness emptiness) override { open('{', emptiness); }
  void key(std::string_view name) override;
  void end_map() override { close('}'); }
  void begin_list(Emptiness emptiness) override { open('[', emptiness); }
  void end_list() override { close(']'); }
  void scalar(yaml::Kind kind, std::string_view text) override;
  [[nodiscard]] std::string take() override { return std::move(out_); }

 private:
  void open(char bracket, Emptiness emptiness);
  void close(char bracket);
  void before_value();
  void new_line();
  void quoted(std::string_view text);

  struct Level {
    bool empty = true;
    bool is_map = false;
    bool first = true;
  };
  std::size_t indent_;
  std::string out_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

/// Block-style YAML as docker compose writes it: two blanks of indentation, lists indented below their key, long plain
/// and quoted strings folded at blanks after column 80.
class YamlEmitter final : public Emitter {
 public:
  explicit YamlEmitter(std::size_t step = 2) : step_(step) {}
  [[nodiscard]] const std::string& text() const { return out_; }
  void begin_map(Emptiness emptiness) override { begin(Collection::Map, emptiness); }
  void key(std::string_view name) override;
  void end_map() override { end(); }
  void begin_list(Emptiness emptiness) override { begin(Collection::List, emptiness); }
  void end_list() override { end(); }
  void scalar(yaml::Kind kind, std::string_view text) override;
  [[nodiscard]] std::string take() override { return std::move(out_); }
  [[nodiscard]] std::vector<const yaml::Entry*> ordered(const yaml::Node& map) const override;

 private:
  enum class Collection { Map, List };
  enum class At { Start, Key, Item, Complex };  ///< what the next value follows: nothing, "key:", "-", or "?" and ":"
  enum class Folding { Never, AtBlanks };
  struct Level {
    Collection collection = Collection::Map;
    bool first = true;
    std::size_t indent = 0;
    bool inline_first = false;  ///< its first entry stands on the line of a "-" or ":"
  };
  void begin(Collection collection, Emptiness emptiness);
  void end();
  void begin_entry(std::string_view mark);
  void before_value();
  [[nodiscard]] std::size_t value_indent() const;

  void put(std::string_view text);
  void new_line(std::size_t indent);
  void string(std::string_view text, Folding folding);
  void plain(std::string_view text, Folding folding);
  void single_quoted(std::string_view text, Folding folding);
  void double_quoted(std::string_view text, Folding folding);
  void literal(std::string_view text);
  [[nodiscard]] bool may_fold(std::string_view text, std::size_t at) const;

  std::size_t step_;
  std::string out_;
  std::vector<Level> levels_;
  std::size_t column_ = 0;
  At at_ = At::Start;
};

/// `$$` for every `$`.
[[nodiscard]] std::string escape_dollars(std::string text);

/// Any tree as it is.
void emit_tree(Emitter& out, const yaml::Node& node);

/// A loaded document as `config` shows it: its sections in the order of a format, what is left out left out.
void emit_document(Emitter& out, const yaml::Node& tree, Format format);

}  // namespace davit::compose
