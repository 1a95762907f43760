#pragma once
// Writers of JSON and YAML text, fed by events.

#include <string>
#include <string_view>
#include <vector>

#include "davit/yaml/node.hpp"

namespace davit::compose {

enum class Emptiness { Empty, Filled };

class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void begin_map(Emptiness) = 0;
  virtual void key(std::string_view name) = 0;
  virtual void end_map() = 0;
  virtual void begin_list(Emptiness) = 0;
  virtual void end_list() = 0;
  virtual void scalar(yaml::Kind kind, std::string_view text) = 0;
  [[nodiscard]] virtual std::string take() = 0;
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

/// Block-style YAML with two blanks of indentation, lists indented below their key.
class YamlEmitter final : public Emitter {
 public:
  void begin_map(Emptiness emptiness) override;
  void key(std::string_view name) override;
  void end_map() override { levels_.pop_back(); }
  void begin_list(Emptiness emptiness) override;
  void end_list() override { levels_.pop_back(); }
  void scalar(yaml::Kind kind, std::string_view text) override;
  [[nodiscard]] std::string take() override { return std::move(out_); }

 private:
  enum class At { Start, Key, Item };  ///< what the next value follows: nothing, "key:" or "-"
  struct Level {
    bool is_list = false;
    bool first = true;
    std::size_t indent = 0;
    bool inline_first = false;  ///< its first entry stands on the line of a "-"
  };
  void item();
  void begin(bool is_list, Emptiness emptiness);
  void string(std::string_view text);
  [[nodiscard]] std::size_t value_indent() const;

  std::string out_;
  std::vector<Level> levels_;
  At at_ = At::Start;
};

}  // namespace davit::compose
