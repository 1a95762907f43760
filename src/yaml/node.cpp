#include "davit/yaml/node.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "davit/yaml/number.hpp"
#include "davit/yaml/timestamp.hpp"

namespace davit::yaml {
namespace {

template <class Entries>
auto lower_bound_of(Entries& entries, std::string_view key) {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const Entry& entry, std::string_view wanted) { return entry.key.compare(wanted) < 0; });
}

Node scalar(Kind kind, std::string text, Span span) {
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  node.span = std::move(span);
  return node;
}

Node scalar_from(Kind kind, std::string text, const Node& from) {
  Node node = scalar(kind, std::move(text), from.span);
  node.origin = from.origin;
  return node;
}

}  // namespace

Node::~Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;

Node Node::string(std::string text, Span span) {
  return scalar(Kind::String, std::move(text), std::move(span));
}
Node Node::boolean(bool value, Span span) {
  return scalar(Kind::Bool, value ? "true" : "false", std::move(span));
}
Node Node::integer(std::int64_t value, Span span) {
  return scalar(Kind::Int, std::to_string(value), std::move(span));
}
Node Node::number(double value, Span span) {
  return scalar(Kind::Float, format_number(value), std::move(span));
}
Node Node::map(Span span) {
  return scalar(Kind::Map, {}, std::move(span));
}
Node Node::list(Span span) {
  return scalar(Kind::List, {}, std::move(span));
}
Node Node::null(Span span) {
  return scalar(Kind::Null, {}, std::move(span));
}

Node Node::string(std::string text, const Node& from) {
  return scalar_from(Kind::String, std::move(text), from);
}
Node Node::boolean(bool value, const Node& from) {
  return scalar_from(Kind::Bool, value ? "true" : "false", from);
}
Node Node::integer(std::int64_t value, const Node& from) {
  return scalar_from(Kind::Int, std::to_string(value), from);
}
Node Node::number(double value, const Node& from) {
  return scalar_from(Kind::Float, format_number(value), from);
}
Node Node::map(const Node& from) {
  return scalar_from(Kind::Map, {}, from);
}
Node Node::list(const Node& from) {
  return scalar_from(Kind::List, {}, from);
}
Node Node::null(const Node& from) {
  return scalar_from(Kind::Null, {}, from);
}

const Entry* Node::find_entry(std::string_view key) const {
  const auto at = lower_bound_of(entries, key);
  return at != entries.end() && at->key == key ? &*at : nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

Node* Node::find(std::string_view key) {
  const auto at = lower_bound_of(entries, key);
  return at != entries.end() && at->key == key ? &at->value : nullptr;
}

Node& Node::set(std::string_view key, Node value, Span key_span) {
  auto at = lower_bound_of(entries, key);
  if (at != entries.end() && at->key == key) {
    at->value = std::move(value);
    if (key_span.known()) at->key_span = std::move(key_span);
    return at->value;
  }
  at = entries.insert(at, Entry{std::string(key), std::move(key_span), std::move(value)});
  return at->value;
}

bool Node::erase(std::string_view key) {
  const auto at = lower_bound_of(entries, key);
  if (at == entries.end() || at->key != key) return false;
  entries.erase(at);
  return true;
}

void Node::add_missing(std::vector<Entry> fresh) {
  if (fresh.empty()) return;
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  std::sort(fresh.begin(), fresh.end(), by_key);
  const auto middle = static_cast<std::ptrdiff_t>(entries.size());
  entries.insert(entries.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  std::inplace_merge(entries.begin(), entries.begin() + middle, entries.end(), by_key);
}

std::optional<std::int64_t> Node::as_int() const {
  if (kind != Kind::Int) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> Node::as_double() const {
  if (kind != Kind::Int && kind != Kind::Float) return std::nullopt;
  if (text == "NaN") return std::nan("");
  if (text == "+Inf") return HUGE_VAL;
  if (text == "-Inf") return -HUGE_VAL;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  static_cast<void>(end);
  return value;
}

std::string Node::as_text() const {
  return kind == Kind::Timestamp ? timestamp_as_string(text) : text;
}

std::string_view Node::kind_name() const {
  return name_of(kind);
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return "a boolean";
    case Kind::Int:
      return "an integer";
    case Kind::Float:
      return "a number";
    case Kind::Timestamp:
      return "a date";
    case Kind::String:
      return "a string";
    case Kind::Map:
      return "a mapping";
    case Kind::List:
      return "a list";
  }
  return "a value";
}

bool same_value(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text) return false;
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_value) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const Entry& x, const Entry& y) { return x.key == y.key && same_value(x.value, y.value); });
}

}  // namespace davit::yaml
