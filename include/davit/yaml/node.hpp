#pragma once
// A YAML tree in which every key and every value knows where it was written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/span.hpp"

namespace davit::yaml {

/// What a value is after YAML 1.2 typing of plain scalars. Quoted and block scalars are always String.
enum class Kind : std::uint8_t { Null, Bool, Int, Float, Timestamp, String, Map, List };

/// The two tags of the Compose specification; every other tag only affects the typing of its scalar.
enum class Tag : std::uint8_t { None, Reset, Override };

struct Entry;

/// A value. Copying copies the whole subtree.
struct Node {
  Kind kind = Kind::Null;
  Tag tag = Tag::None;
  bool quoted = false;  ///< a scalar written in quotes or as a block
  /// A mistake in this value was already reported; later phases must not report what follows from it.
  bool faulty = false;
  /// Where it got its final form, for whoever records that (davit/compose/origin.hpp); 0: where it is written.
  std::uint32_t origin = 0;
  Span span;
  /// A scalar's text. String: the content. Bool: "true" or "false". Int: decimal. Float: as general_number() has it.
  /// Timestamp: RFC 3339. Null: empty.
  std::string text;
  std::vector<Node> items;     ///< List
  std::vector<Entry> entries;  ///< Map, sorted by key, keys unique

  Node() = default;
  ~Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;

  [[nodiscard]] static Node string(std::string text, Span span = {});
  [[nodiscard]] static Node boolean(bool value, Span span = {});
  [[nodiscard]] static Node integer(std::int64_t value, Span span = {});
  [[nodiscard]] static Node number(double value, Span span = {});
  [[nodiscard]] static Node map(Span span = {});
  [[nodiscard]] static Node list(Span span = {});
  [[nodiscard]] static Node null(Span span = {});
  /// The same with the place and the origin of the value that it is made from.
  [[nodiscard]] static Node string(std::string text, const Node& from);
  [[nodiscard]] static Node boolean(bool value, const Node& from);
  [[nodiscard]] static Node integer(std::int64_t value, const Node& from);
  [[nodiscard]] static Node number(double value, const Node& from);
  [[nodiscard]] static Node map(const Node& from);
  [[nodiscard]] static Node list(const Node& from);
  [[nodiscard]] static Node null(const Node& from);

  [[nodiscard]] bool is_null() const { return kind == Kind::Null; }
  [[nodiscard]] bool is_string() const { return kind == Kind::String; }
  [[nodiscard]] bool is_map() const { return kind == Kind::Map; }
  [[nodiscard]] bool is_list() const { return kind == Kind::List; }
  [[nodiscard]] bool is_scalar() const { return !is_map() && !is_list(); }
  [[nodiscard]] bool is_true() const { return kind == Kind::Bool && text == "true"; }

  /// The value under a key; nullptr when this is no map or has no such key.
  [[nodiscard]] Node* find(std::string_view key);
  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] const Entry* find_entry(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Sets a key, replacing what is there. Needs a map. References into `entries` end.
  Node& set(std::string_view key, Node value, Span key_span = {});
  /// True when the key was there. References into `entries` end.
  bool erase(std::string_view key);
  /// Adds many keys that are not there yet; quicker than set() one by one.
  void add_missing(std::vector<Entry> fresh);

  /// Int only: the number, if it fits.
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  /// Int and Float.
  [[nodiscard]] std::optional<double> as_double() const;

  /// A scalar as Go prints it where a string is asked for: a date has blanks instead of the T; null is empty.
  [[nodiscard]] std::string as_text() const;
  /// "a string", "a mapping", … for messages.
  [[nodiscard]] std::string_view kind_name() const;
};

/// A key and its value.
struct Entry {
  std::string key;
  Span key_span;
  Node value;
};

/// Equal as values: kinds, texts, keys; places and quotes do not count.
[[nodiscard]] bool same_value(const Node& a, const Node& b);

/// "a mapping", "a list", "null", "a boolean", "an integer", "a number", "a string".
[[nodiscard]] std::string_view name_of(Kind kind);

}  // namespace davit::yaml
