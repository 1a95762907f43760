// Phase: final types. Every attribute gets the form that its shape asks for: durations and byte sizes are read, command
// lines split, lists of "key=value" become mappings.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "davit/base/text.hpp"
#include "davit/base/units.hpp"
#include "phases.hpp"
#include "shapes.hpp"
#include "short_forms.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

class Decoder {
 public:
  Decoder(Diagnostics& diagnostics, Origins* origins) : diagnostics_(diagnostics), origins_(origins) {}

  void object(Node& node, const Shape& shape) {
    std::vector<std::string> bad;
    for (Entry& entry : node.entries) {
      const Field* field = shape.find(entry.key);
      if (field == nullptr) continue;
      const std::string written = origins_ == nullptr ? std::string() : entry.value.text;
      if (!value(entry.value, *field, entry.key)) bad.push_back(entry.key);
      if (origins_ != nullptr) origins_->mark_normalised(entry.value, written);
    }
    for (const std::string& key : bad) {
      node.erase(key);
      node.faulty = true;
    }
  }

 private:
  bool fail(const Node& node, std::string code, std::string message, std::string hint = {}) {
    if (node.faulty) return false;
    auto item = Diagnostic::error(std::move(code), std::move(message), node.span);
    if (!hint.empty()) item.with_hint(std::move(hint));
    diagnostics_.add(std::move(item));
    return false;
  }

  bool value(Node& node, const Field& field, const std::string& name) {
    switch (field.form) {
      case Form::Text:
      case Form::RequiredText:
        return text(node, name);
      case Form::PortText:
        return no_fraction(node, name) && text(node, name);
      case Form::Boolean:
      case Form::MaybeBoolean:
      case Form::RequiredBoolean:
      case Form::OptOut:
        return boolean(node, name);
      case Form::Integer:
      case Form::MaybeInteger:
      case Form::RequiredInteger:
        return integer(node, name);
      case Form::PlainCount:
        return plain_integer(node, name) && count(node, name);
      case Form::Count:
      case Form::MaybeCount:
        return count(node, name);
      case Form::PlainInteger:
      case Form::RequiredPlainInteger:
        return plain_integer(node, name);
      case Form::Number:
        return number(node, name);
      case Form::Bytes:
      case Form::RequiredBytes:
        return bytes(node, name);
      case Form::Duration:
      case Form::MaybeDuration:
        return duration(node, name);
      case Form::Command:
        return command(node, name);
      case Form::Test:
        return node.kind == Kind::Timestamp ? date(node, name) : test(node);
      case Form::TextList:
      case Form::ValueList:
        if (node.kind == Kind::Timestamp) return date(node, name);
        for (const Node& item : node.items)
          if (item.kind == Kind::Timestamp) return date(item, name);
        return list(node);
      case Form::PortList:
        return std::all_of(node.items.begin(), node.items.end(),
                           [&](const Node& item) { return no_fraction(item, name); }) &&
               list(node);
      case Form::Pairs:
        return pairs(node, Unset::Empty);
      case Form::TextPairs:
        return text_pairs(node, name);
      case Form::MaybePairs:
        return pairs(node, Unset::Null);
      case Form::MultiPairs:
        return multi_pairs(node);
      case Form::Hosts:
        return hosts(node);
      case Form::SshKeys:
        return ssh_keys(node);
      case Form::Limit:
        return limit(node, name);
      case Form::LimitMap:
        for (Entry& entry : node.entries) limit(entry.value, entry.key);
        return true;
      case Form::FileMode:
        return file_mode(node);
      case Form::DeviceCount:
        return device_count(node);
      case Form::Object:
      case Form::InlineObject:
        if (node.kind == Kind::Timestamp) return date(node, name);
        object(node, *field.shape);
        return true;
      case Form::ObjectList:
        if (node.kind == Kind::Timestamp) return date(node, name);
        for (Node& item : node.items) object(item, *field.shape);
        return true;
      case Form::ObjectMap:
        for (Entry& entry : node.entries) object(entry.value, *field.shape);
        return true;
    }
    return true;
  }

  bool text(Node& node, const std::string& name) {
    if (node.is_null()) return true;
    if (!node.is_scalar()) return fail(node, "type", "'" + name + "' must be a string");
    if (node.kind == Kind::Timestamp) return date(node, name);
    node.kind = Kind::String;
    return true;
  }

  /// A date without quotes is no string, for docker compose neither.
  bool date(const Node& node, const std::string& name) {
    return fail(node, "type", "'" + name + "' must be a string, found a date", "put the value in quotes");
  }

  bool no_fraction(const Node& node, const std::string& name) {
    return node.kind != Kind::Float ||
           fail(node, "type", "'" + name + "' must be an integer or a string, found a fraction " + node.text);
  }

  bool boolean(Node& node, const std::string& name) {
    if (node.kind == Kind::Bool || node.is_null()) return true;
    const auto parsed = node.is_string() ? parse_boolean(node.text) : std::nullopt;
    if (!parsed) return fail(node, "cast", "'" + name + "' must be 'true' or 'false', found '" + node.text + "'");
    node = Node::boolean(*parsed, node);
    return true;
  }

  bool integer(Node& node, const std::string& name) {
    if (node.is_null()) return true;
    if (node.kind == Kind::Float) {
      const double value = node.as_double().value_or(0);
      if (std::fabs(value) < 9e18) node = Node::integer(static_cast<std::int64_t>(value), node);
    }
    std::int64_t parsed = 0;
    const char* end = node.text.data() + node.text.size();
    const auto result = std::from_chars(node.text.data(), end, parsed);
    if (node.text.empty() || result.ec != std::errc{} || result.ptr != end)
      return fail(node, "cast", "'" + name + "' must be an integer, found '" + node.text + "'");
    node = Node::integer(parsed, node);
    return true;
  }

  bool count(Node& node, const std::string& name) {
    if (!integer(node, name)) return false;
    return node.as_int().value_or(0) >= 0 ||
           fail(node, "value", "'" + name + "' must be at least 0, found " + node.text);
  }

  bool plain_integer(Node& node, const std::string& name) {
    if (!node.is_string()) return integer(node, name);
    return fail(node, "type", "'" + name + "' must be an integer, found a string '" + node.text + "'",
                "remove the quotes");
  }

  bool text_pairs(Node& node, const std::string& name) {
    for (const Entry& entry : node.entries)
      if (entry.value.kind == Kind::Bool || entry.value.kind == Kind::Float || !entry.value.is_scalar())
        return fail(entry.value, "type",
                    "'" + name + "." + entry.key + "' must be a string or an integer, found " +
                        std::string(entry.value.kind_name()),
                    entry.value.is_scalar() ? "put the value in quotes: \"" + entry.value.text + "\"" : "");
    return pairs(node, Unset::Empty);
  }

  bool number(Node& node, const std::string& name) {
    if (node.is_null()) return true;
    const float parsed = static_cast<float>(parse_number(node.text).value_or(NAN));
    if (!std::isfinite(parsed)) return fail(node, "cast", "'" + name + "' must be a number, found '" + node.text + "'");
    char buffer[64];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, parsed);
    node = Node::number(0, node);
    node.text.assign(buffer, written.ptr);
    return true;
  }

  bool bytes(Node& node, const std::string& name) {
    if (node.is_null()) return true;
    if (node.kind == Kind::Int) {
      if (!node.as_int())
        return fail(node, "byte-size", "'" + name + "': " + node.text + " is too large for a byte size");
      node.kind = Kind::String;
      return true;
    }
    if (node.kind == Kind::Float || node.kind == Kind::Timestamp)
      return drop(node, "byte-size", name,
                  node.text + (node.kind == Kind::Float ? " is a fraction without a unit" : " is a date"),
                  "write a whole number of bytes, or a string with a unit such as \"1.5g\"");
    const auto parsed = parse_bytes(node.text);
    if (!parsed) return fail(node, "byte-size", "'" + name + "': " + parsed.error());
    node = Node::string(std::to_string(*parsed), node);
    return true;
  }

  /// docker compose takes a fraction or a date for no value at all; so does davit, but it says so.
  bool drop(Node& node, std::string code, const std::string& name, const std::string& why, std::string hint) {
    diagnostics_.add(Diagnostic::warning(std::move(code), "'" + name + "' has no effect: " + why, node.span)
                         .with_hint(std::move(hint)));
    node = Node::null(node);
    return true;
  }

  bool duration(Node& node, const std::string& name) {
    if (node.is_null()) return true;
    const auto parsed = parse_duration(node.text);
    if (!parsed) return fail(node, "duration", "'" + name + "': " + parsed.error());
    node = Node::string(format_duration(*parsed), node);
    return true;
  }

  bool command(Node& node, const std::string& name) {
    if (node.kind == Kind::Timestamp) return drop(node, "command", name, "a date is no command", "put it in quotes");
    if (!node.is_string()) return true;
    auto parsed = split_command(node.text);
    if (!parsed) return fail(node, "command-syntax", "'" + name + "' cannot be split into words: " + parsed.error());
    if (!parsed->dropped.empty())
      diagnostics_.add(Diagnostic::warning("command-shell",
                                           "'" + name + "' is not run by a shell, '" +
                                               parsed->dropped.substr(0, parsed->dropped.find('\n')) + "' is left out",
                                           node.span)
                           .with_hint("use a list: [\"sh\", \"-c\", \"…\"]"));
    Node list = Node::list(node);
    for (std::size_t i = 0; i < parsed->words.size(); ++i) {
      Node& word = list.items.emplace_back(Node::string(std::move(parsed->words[i]), node));
      if (origins_ != nullptr) word.origin = origins_->of_part(word.origin, parsed->parts[i]);
    }
    node = std::move(list);
    return true;
  }

  static bool test(Node& node) {
    if (!node.is_string()) return true;
    Node list = Node::list(node);
    list.items.push_back(Node::string("CMD-SHELL", node));
    list.items.push_back(std::move(node));
    node = std::move(list);
    return true;
  }

  static bool list(Node& node) {
    if (node.is_scalar() && !node.is_null()) {
      Node list = Node::list(node);
      list.items.push_back(std::move(node));
      node = std::move(list);
    }
    for (Node& item : node.items) item.kind = Kind::String;
    return true;
  }

  /// A scalar as docker compose puts it into a string.
  static void stringify(Node& node) {
    if (node.kind == Kind::Timestamp) node.text = node.as_text();
    node.kind = Kind::String;
  }

  enum class Unset { Empty, Null };

  bool pairs(Node& node, Unset unset) {
    if (node.is_list()) {
      std::map<std::string, Entry> pairs;
      for (Node& item : node.items) {
        const std::size_t equals = item.text.find('=');
        const std::string key = item.text.substr(0, equals);
        if (unset == Unset::Null && !key.empty() && (key.back() == ' ' || key.back() == '\t')) {
          fail(item, "variable-name", "the name of the variable '" + key + "' ends with a blank",
               "remove the blank before '='");
          continue;
        }
        Node value = equals == std::string::npos && unset == Unset::Null ? Node::null(item)
                     : equals == std::string::npos                       ? Node::string("", item)
                                                   : Node::string(item.text.substr(equals + 1), item);
        pairs.insert_or_assign(key, Entry{key, item.span, std::move(value)});
      }
      Node map = Node::map(node);
      for (auto& [key, entry] : pairs) map.entries.push_back(std::move(entry));
      node = std::move(map);
      return true;
    }
    for (Entry& entry : node.entries)
      if (!entry.value.is_null() || unset == Unset::Empty) stringify(entry.value);
    return true;
  }

  static bool multi_pairs(Node& node) {
    for (Entry& entry : node.entries) {
      list(entry.value);
      for (Node& item : entry.value.items) stringify(item);
    }
    return true;
  }

  static std::string without_brackets(const std::string& address) {
    const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
    return bracketed ? address.substr(1, address.size() - 2) : address;
  }

  bool hosts(Node& node) {
    std::vector<Node> entries;
    const auto add = [&](const std::string& host, const std::string& address, const Node& from) {
      if (host.empty() || host.find_first_of(":=") != std::string::npos)
        fail(from, "extra-host", "'" + host + "' is not a host name");
      else
        entries.push_back(Node::string(host + "=" + without_brackets(address), from));
    };
    for (const Entry& entry : node.entries) {
      if (entry.value.is_list())
        for (const Node& item : entry.value.items) add(entry.key, item.as_text(), item);
      else
        add(entry.key, entry.value.text, entry.value);
    }
    for (const Node& item : node.items) {
      std::size_t at = item.text.find('=');
      if (at == std::string::npos) at = item.text.find(':');
      if (at == std::string::npos) {
        fail(item, "extra-host", "the host '" + item.text + "' has no address", "write 'name=address'");
        continue;
      }
      for (const std::string_view address : split(std::string_view(item.text).substr(at + 1), ','))
        add(item.text.substr(0, at), std::string(address), item);
    }
    std::sort(entries.begin(), entries.end(), [](const Node& a, const Node& b) { return a.text < b.text; });
    Node list = Node::list(node);
    list.items = std::move(entries);
    node = std::move(list);
    return true;
  }

  static bool ssh_keys(Node& node) {
    if (!node.is_map()) return true;
    Node list = Node::list(node);
    for (const Entry& entry : node.entries)
      list.items.push_back(
          Node::string(entry.value.text.empty() ? entry.key : entry.key + "=" + entry.value.text, entry.value));
    node = std::move(list);
    return true;
  }

  bool limit(Node& node, const std::string& name) {
    if (!node.is_map()) return integer(node, name);
    for (Entry& entry : node.entries)
      if (entry.key == "soft" || entry.key == "hard") integer(entry.value, name + "." + entry.key);
    return true;
  }

  bool file_mode(Node& node) {
    if ((node.kind == Kind::Int && node.as_int()) || node.is_null()) return true;
    std::int64_t mode = 0;
    const char* end = node.text.data() + node.text.size();
    const auto result = std::from_chars(node.text.data(), end, mode, 8);
    if (!node.is_string() || node.text.empty() || result.ec != std::errc{} || result.ptr != end)
      return fail(node, "file-mode", "'mode' must be an octal number such as 0440, found '" + node.text + "'");
    node = Node::integer(mode, node);
    return true;
  }

  bool device_count(Node& node) {
    if (node.is_string() && (node.text == "all" || node.text == "ALL" || node.text == "All")) {
      node = Node::integer(-1, node);
      return true;
    }
    if (node.is_string() && node.text.find_first_not_of("-+0123456789") != std::string::npos)
      return fail(node, "device-count", "'count' must be 'all' or a number, found '" + node.text + "'");
    return integer(node, "count");
  }

  Diagnostics& diagnostics_;
  Origins* origins_;
};

}  // namespace

void decode_types(Node& document, Diagnostics& diagnostics, Origins* origins) {
  Decoder decoder(diagnostics, origins);
  for (Entry& section : document.entries)
    if (const Shape* shape = section_shape(section.key))
      for (Entry& entry : section.value.entries) decoder.object(entry.value, *shape);
}

}  // namespace davit::compose
