// Phase: check against the JSON schema of the Compose specification. An own walker, because the errors matter: the
// exact place, what was found, what is allowed, the nearest name. What does not fit is removed after it was reported.

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <deque>
#include <map>
#include <regex>
#include <set>

#include "davit/base/suggest.hpp"
#include "davit/yaml/number.hpp"
#include "limits.hpp"
#include "phases.hpp"
#include "schema_text.hpp"
#include "shapes.hpp"

namespace davit::compose {
namespace {

namespace json = boost::json;
using yaml::Kind;
using yaml::Node;

// ---- the schema, compiled -------------------------------------------------------------------------------------------

enum TypeBit : unsigned { kNull = 1, kBool = 2, kInt = 4, kNumber = 8, kString = 16, kObject = 32, kArray = 64 };

struct Pattern {
  std::string text;
  bool (*known)(std::string_view) = nullptr;  ///< the common patterns, without the cost of a regular expression
  std::regex other;
  [[nodiscard]] bool matches(std::string_view key) const {
    return known != nullptr ? known(key) : std::regex_search(key.begin(), key.end(), other);
  }
};

struct Schema {
  unsigned types = 0;                                             ///< 0: any
  std::vector<std::pair<std::string, const Schema*>> properties;  ///< sorted
  std::vector<std::pair<Pattern, const Schema*>> patterns;
  bool closed = false;  ///< no other properties
  const Schema* items = nullptr;
  std::vector<const Schema*> one_of;
  std::vector<std::string> values;  ///< enum
  std::vector<std::string> required;
  std::optional<double> minimum;
  std::optional<double> maximum;
  bool unique = false;
  std::optional<Pattern> pattern;
};

const Schema kAnything;

bool all_of(std::string_view text, bool (*allowed)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

Pattern compile_pattern(std::string_view text) {
  Pattern pattern{std::string(text), nullptr, {}};
  if (text == "^x-") {
    pattern.known = [](std::string_view key) { return key.starts_with("x-"); };
  } else if (text == ".+" || text == "^.+$") {
    pattern.known = [](std::string_view key) { return key.find_first_not_of('\n') != std::string_view::npos; };
  } else if (text == "^[a-z]+$") {
    pattern.known = [](std::string_view key) { return all_of(key, [](char c) { return c >= 'a' && c <= 'z'; }); };
  } else if (text == "^[a-zA-Z0-9._-]+$") {
    pattern.known = [](std::string_view key) {
      return all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
      });
    };
  } else {
    pattern.other = std::regex(pattern.text, std::regex::ECMAScript);
  }
  return pattern;
}

class Compiler {
 public:
  explicit Compiler(const json::value& root) : root_(root) {}

  const Schema* compile(const json::value& value) {
    if (value.is_bool()) return add(Schema{});
    const json::object& object = value.as_object();
    if (const auto* ref = object.if_contains("$ref")) return reference(std::string(ref->as_string()));
    Schema* schema = add(Schema{});
    fill(*schema, object);
    return schema;
  }

  std::deque<Schema> take() { return std::move(store_); }

 private:
  Schema* add(Schema schema) { return &store_.emplace_back(std::move(schema)); }

  const Schema* reference(const std::string& ref) {
    if (const auto known = references_.find(ref); known != references_.end()) return known->second;
    const json::object& object = root_.at_pointer(ref.substr(1)).as_object();
    Schema* schema = add(Schema{});
    references_[ref] = schema;
    fill(*schema, object);
    return schema;
  }

  static unsigned type_bit(std::string_view name) {
    if (name == "null") return kNull;
    if (name == "boolean") return kBool;
    if (name == "integer") return kInt;
    if (name == "number") return kNumber;
    if (name == "string") return kString;
    return name == "object" ? kObject : kArray;
  }

  static std::vector<std::string> strings(const json::value& list) {
    std::vector<std::string> result;
    for (const json::value& item : list.as_array()) result.emplace_back(item.as_string());
    return result;
  }

  void fill(Schema& schema, const json::object& object) {
    for (const auto& [key, value] : object) {
      if (key == "type") {
        if (value.is_string()) schema.types = type_bit(std::string_view(value.as_string()));
        if (value.is_array())
          for (const std::string& name : strings(value)) schema.types |= type_bit(name);
      } else if (key == "properties") {
        for (const auto& [name, child] : value.as_object())
          schema.properties.emplace_back(std::string(name), compile(child));
        std::sort(schema.properties.begin(), schema.properties.end());
      } else if (key == "patternProperties") {
        for (const auto& [text, child] : value.as_object())
          schema.patterns.emplace_back(compile_pattern(text), compile(child));
      } else if (key == "additionalProperties") {
        schema.closed = value.is_bool() && !value.as_bool();
      } else if (key == "items") {
        schema.items = compile(value);
      } else if (key == "oneOf") {
        for (const json::value& choice : value.as_array()) schema.one_of.push_back(compile(choice));
      } else if (key == "enum") {
        schema.values = strings(value);
      } else if (key == "required") {
        schema.required = strings(value);
      } else if (key == "minimum") {
        schema.minimum = value.to_number<double>();
      } else if (key == "maximum") {
        schema.maximum = value.to_number<double>();
      } else if (key == "uniqueItems") {
        schema.unique = value.as_bool();
      } else if (key == "pattern") {
        schema.pattern = compile_pattern(std::string_view(value.as_string()));
      }
    }
  }

  const json::value& root_;
  std::deque<Schema> store_;
  std::map<std::string, const Schema*> references_;
};

struct CompiledSchema {
  std::deque<Schema> store;
  const Schema* root = nullptr;
};

const Schema& compose_schema() {
  static const CompiledSchema kCompiled = [] {
    json::monotonic_resource memory;
    const json::value text = json::parse(kComposeSchema, &memory);
    Compiler compiler(text);
    CompiledSchema compiled;
    compiled.root = compiler.compile(text);
    compiled.store = compiler.take();
    return compiled;
  }();
  return *kCompiled.root;
}

// ---- the walk -------------------------------------------------------------------------------------------------------

unsigned types_of(const Node& node) {
  switch (node.kind) {
    case Kind::Null:
      return kNull;
    case Kind::Bool:
      return kBool;
    case Kind::Int:
      return kInt | kNumber;
    case Kind::Float: {
      const double value = node.as_double().value_or(0.5);
      return value == std::floor(value) && std::isfinite(value) ? kInt | kNumber : kNumber;
    }
    case Kind::Timestamp:
    case Kind::String:
      return kString;
    case Kind::Map:
      return kObject;
    case Kind::List:
      return kArray;
  }
  return 0;
}

std::string type_names(unsigned types) {
  std::vector<std::string> names;
  if (types & kString) names.emplace_back("a string");
  if (types & kNumber)
    names.emplace_back("a number");
  else if (types & kInt)
    names.emplace_back("an integer");
  if (types & kBool) names.emplace_back("a boolean");
  if (types & kArray) names.emplace_back("a list");
  if (types & kObject) names.emplace_back("a mapping");
  if (types & kNull) names.emplace_back("null");
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

/// Types that a schema or any of its choices accepts.
unsigned accepted(const Schema& schema) {
  unsigned types = schema.types;
  for (const Schema* choice : schema.one_of) types |= accepted(*choice);
  return types;
}

std::string what(const Node& node) {
  std::string text(node.kind_name());
  if (node.is_scalar() && !node.is_null() && node.text.size() < 40) text += " '" + node.text + "'";
  return text;
}

enum class Outcome { Fits, Repaired, Unfit };

class Validator {
 public:
  explicit Validator(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Reports and removes what does not fit. `path` is where the node stands.
  Outcome check(Node& node, const Schema& schema, const std::string& path) {
    if (node.faulty && node.is_scalar()) return Outcome::Unfit;  // reported before
    if (!enough() && is_endless(node)) return endless(node, path);
    if (fits(node, schema)) return Outcome::Fits;
    if (enough()) {
      node.faulty = true;
      return Outcome::Unfit;
    }
    if (!schema.one_of.empty()) return check_choice(node, schema, path);
    if (schema.types != 0 && (schema.types & types_of(node)) == 0) return wrong_type(node, schema.types, path);
    bool unfit = !check_scalar(node, schema, path);
    if (node.is_map()) unfit |= !check_map(node, schema, path);
    if (node.is_list()) check_list(node, schema, path);
    node.faulty = true;
    return unfit ? Outcome::Unfit : Outcome::Repaired;
  }

 private:
  [[nodiscard]] bool enough() const { return mistakes_ >= kMostMistakes; }

  void report(Diagnostic mistake) {
    const Span where = mistake.where.value_or(Span{});
    diagnostics_.add(std::move(mistake));
    if (++mistakes_ == kMostMistakes)
      diagnostics_.add(Diagnostic::error(
          "load-limit", std::to_string(kMostMistakes) + " mistakes; there may be more, which are not shown", where));
  }

  // -- without a word

  /// .inf and .nan, which JSON does not know.
  static bool is_endless(const Node& node) {
    return node.kind == Kind::Float && !std::isfinite(node.as_double().value_or(0));
  }

  Outcome endless(Node& node, const std::string& path) {
    node.faulty = true;
    report(Diagnostic::error("value", "'" + path + "' must be a finite number, found " + node.text, node.span)
               .with_hint("put the value in quotes if it is meant as text"));
    return Outcome::Unfit;
  }

  /// What no schema describes may hold everything but endless numbers.
  static bool anything_fits(const Node& node) {
    return !is_endless(node) && std::all_of(node.items.begin(), node.items.end(), anything_fits) &&
           std::all_of(node.entries.begin(), node.entries.end(),
                       [](const yaml::Entry& entry) { return anything_fits(entry.value); });
  }

  static bool fits(const Node& node, const Schema& schema) {
    if (node.faulty || is_endless(node)) return false;
    if (schema.types != 0 && (schema.types & types_of(node)) == 0) return false;
    if (!schema.one_of.empty() && std::count_if(schema.one_of.begin(), schema.one_of.end(),
                                                [&](const Schema* choice) { return fits(node, *choice); }) != 1)
      return false;
    if (node.is_map()) return map_fits(node, schema);
    if (node.is_list()) return list_fits(node, schema);
    return scalar_problem(node, schema).empty();
  }

  static const Schema* property(const Schema& schema, const std::string& key) {
    const auto at = std::lower_bound(schema.properties.begin(), schema.properties.end(), key,
                                     [](const auto& item, const std::string& wanted) { return item.first < wanted; });
    return at != schema.properties.end() && at->first == key ? at->second : nullptr;
  }

  /// The schema of a key; null and `allowed` when any value will do.
  static const Schema* schema_of(const Schema& schema, const std::string& key, bool& allowed) {
    allowed = true;
    if (const Schema* named = property(schema, key)) return named;
    for (const auto& [pattern, child] : schema.patterns)
      if (pattern.matches(key)) return child;
    allowed = !schema.closed;
    return nullptr;
  }

  static bool map_fits(const Node& node, const Schema& schema) {
    for (const std::string& key : schema.required)
      if (!node.contains(key)) return false;
    for (const yaml::Entry& entry : node.entries) {
      bool allowed = true;
      const Schema* child = schema_of(schema, entry.key, allowed);
      if (!allowed || !(child == nullptr ? anything_fits(entry.value) : fits(entry.value, *child))) return false;
    }
    return true;
  }

  static bool list_fits(const Node& node, const Schema& schema) {
    for (const Node& item : node.items)
      if (!(schema.items == nullptr ? anything_fits(item) : fits(item, *schema.items))) return false;
    return !schema.unique || !has_repeats(node);
  }

  /// A text that is the same for equal values only.
  static std::string fingerprint(const Node& node) {
    std::string text =
        std::to_string(static_cast<int>(node.kind)) + ":" + std::to_string(node.text.size()) + ":" + node.text;
    for (const Node& item : node.items) text += "," + fingerprint(item);
    for (const yaml::Entry& entry : node.entries)
      text += "," + std::to_string(entry.key.size()) + ":" + entry.key + "=" + fingerprint(entry.value);
    return text + ";";
  }

  static bool has_repeats(const Node& node) {
    std::set<std::string> seen;
    return !std::all_of(node.items.begin(), node.items.end(),
                        [&](const Node& item) { return seen.insert(fingerprint(item)).second; });
  }

  /// "match '…'", or the choices of a pattern that is made of them.
  static std::string describe(std::string pattern) {
    if (pattern.find('|') == std::string::npos) return "match '" + pattern + "'";
    for (std::size_t bar = 0; (bar = pattern.find('|', bar)) != std::string::npos;) pattern.replace(bar, 1, ", ");
    return "be one of " + pattern;
  }

  static std::string scalar_problem(const Node& node, const Schema& schema) {
    if (!schema.values.empty() &&
        std::find(schema.values.begin(), schema.values.end(), node.text) == schema.values.end())
      return "must be one of " + join_names(schema.values) + ", found '" + node.text + "'";
    if (const auto number = node.as_double()) {
      if (schema.minimum && *number < *schema.minimum)
        return "must be at least " + yaml::format_number(*schema.minimum) + ", found " + node.text;
      if (schema.maximum && *number > *schema.maximum)
        return "must be at most " + yaml::format_number(*schema.maximum) + ", found " + node.text;
    }
    if (schema.pattern && node.is_string() && !schema.pattern->matches(node.text))
      return "must " + describe(schema.pattern->text) + ", found '" + node.text + "'";
    return {};
  }

  // -- with words

  Outcome wrong_type(Node& node, unsigned types, const std::string& path) {
    node.faulty = true;
    auto item =
        Diagnostic::error("type", "'" + path + "' must be " + type_names(types) + ", found " + what(node), node.span);
    if (node.kind == Kind::Int && is_duration(path))
      item.with_hint("add a unit: " + node.text + "s");
    else if (node.is_scalar() && !node.is_null() && types == kString)
      item.with_hint("put the value in quotes: \"" + node.text + "\"");
    else if (node.is_null())
      item.with_hint("give it a value or remove the line");
    else if (node.is_string() && (types & (kArray | kObject)) == kArray)
      item.with_hint("write it as a list: [\"" + node.text + "\"]");
    else if (node.is_map() && types == kString && node.entries.size() == 1 && node.entries[0].value.is_scalar())
      item.with_hint("write '" + node.entries[0].key + "=" + node.entries[0].value.text + "'");
    else if (path.starts_with("services.") && service_shape().find(path.substr(9)) != nullptr)
      item.with_hint("'" + path.substr(9) + "' is an attribute of services: indent it below the name of one");
    report(std::move(item));
    return Outcome::Unfit;
  }

  static bool is_duration(const std::string& path) {
    for (const std::string_view name : {"_period", "interval", "timeout", "delay", "window", "monitor", "_after"})
      if (path.ends_with(name)) return true;
    return false;
  }

  /// The value that was meant: the nearest, or the only one that holds the text.
  static std::optional<std::string> meant(const std::string& text, const std::vector<std::string>& values) {
    if (auto near = nearest(text, values)) return near;
    const auto holds = [&](const std::string& value) { return value.find(text) != std::string::npos; };
    if (text.size() < 3 || std::count_if(values.begin(), values.end(), holds) != 1) return std::nullopt;
    return *std::find_if(values.begin(), values.end(), holds);
  }

  Outcome check_choice(Node& node, const Schema& schema, const std::string& path) {
    for (const Schema* choice : schema.one_of)
      if (accepted(*choice) == 0 || (accepted(*choice) & types_of(node)) != 0) return check(node, *choice, path);
    return wrong_type(node, accepted(schema), path);
  }

  bool check_scalar(Node& node, const Schema& schema, const std::string& path) {
    if (!node.is_scalar()) return true;
    const std::string problem = scalar_problem(node, schema);
    if (problem.empty()) return true;
    auto item = Diagnostic::error("value", "'" + path + "' " + problem, node.span);
    if (const auto near = meant(node.text, schema.values)) item.with_hint("did you mean '" + *near + "'?");
    report(std::move(item));
    return false;
  }

  /// False when something that must be there is missing.
  bool check_map(Node& node, const Schema& schema, const std::string& path) {
    std::set<std::string> unfit;
    for (yaml::Entry& entry : node.entries) {
      bool allowed = true;
      const std::string child_path = path.empty() ? entry.key : path + "." + entry.key;
      const Schema* child = schema_of(schema, entry.key, allowed);
      if (!allowed) {
        if (!enough()) unknown_key(entry, schema, path);
        unfit.insert(entry.key);
      } else if (check(entry.value, child == nullptr ? kAnything : *child, child_path) == Outcome::Unfit) {
        unfit.insert(entry.key);
      }
    }
    bool complete = true;
    for (const std::string& key : schema.required)
      if (!node.contains(key)) {
        complete = false;
        report(Diagnostic::error("missing-attribute", "'" + path + "' needs the attribute '" + key + "'", node.span));
      }
    std::erase_if(node.entries, [&](const yaml::Entry& entry) { return unfit.contains(entry.key); });
    return complete;
  }

  void unknown_key(const yaml::Entry& entry, const Schema& schema, const std::string& path) {
    std::vector<std::string> names;
    for (const auto& [name, child] : schema.properties) names.push_back(name);
    const Span where = entry.key_span.known() ? entry.key_span : entry.value.span;
    auto item = Diagnostic::error(
        "unknown-attribute",
        "unknown attribute '" + entry.key + "'" + (path.empty() ? " at the top level" : " in '" + path + "'"), where);
    if (names.empty()) {
      item.message = "the name '" + entry.key + "' in '" + path + "' has characters that are not allowed";
      if (!schema.patterns.empty()) item.note("names must match " + schema.patterns.front().first.text);
    } else if (const std::size_t colon = entry.key.find(':');
               entry.value.is_null() &&
               std::find(names.begin(), names.end(), entry.key.substr(0, colon)) != names.end()) {
      item.with_hint("write '" + entry.key.substr(0, colon) + ": " + entry.key.substr(colon + 1) +
                     "', with a blank behind the ':'");
    } else if (const auto near = nearest(entry.key, names)) {
      item.with_hint("did you mean '" + *near + "'?");
    } else {
      item.note("allowed are " + join_names(names, 30));
      item.with_hint("attributes of your own start with 'x-'");
    }
    report(std::move(item));
  }

  void check_list(Node& node, const Schema& schema, const std::string& path) {
    std::size_t position = 0;
    std::erase_if(node.items, [&](Node& item) {
      const Schema& own = schema.items == nullptr ? kAnything : *schema.items;
      return check(item, own, path + "[" + std::to_string(position++) + "]") == Outcome::Unfit;
    });
    if (!schema.unique) return;
    std::map<std::string, Span> first;
    std::erase_if(node.items, [&](const Node& item) {
      const auto [known, fresh] = first.try_emplace(fingerprint(item), item.span);
      if (!fresh && !enough()) repeated_item(item, known->second, path);
      return !fresh;
    });
  }

  void repeated_item(const Node& item, const Span& first, const std::string& path) {
    report(Diagnostic::error("repeated-item",
                             "'" + path + "' has the item " +
                                 (item.is_scalar() ? "'" + item.text + "'" : std::string("again")) +
                                 (item.is_scalar() ? " twice" : ""),
                             item.span)
               .note("first here", first));
  }

  Diagnostics& diagnostics_;
  std::size_t mistakes_ = 0;
};

}  // namespace

void validate_schema(Node& document, Diagnostics& diagnostics) {
  Validator(diagnostics).check(document, compose_schema(), "");
}

}  // namespace davit::compose
