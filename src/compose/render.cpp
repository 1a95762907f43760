#include "davit/compose/render.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "emitter.hpp"
#include "shapes.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

/// Prints objects by their shapes.
class Renderer {
 public:
  Renderer(Emitter& out, Format format) : out_(out), format_(format) {}

  void object(const Node& node, const Shape& shape, const std::set<std::string_view>& without = {}) {
    static const Node kAbsent;
    out_.at(node);
    std::vector<const Node*> values(shape.fields.size(), &kAbsent);
    for (const Entry& entry : node.entries)
      if (const auto position = shape.position(entry.key)) values[*position] = &entry.value;
    std::vector<std::pair<const Field*, const Node*>> present;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (shown(shape.fields[i], *values[i]) && !without.contains(shape.fields[i].name))
        present.emplace_back(&shape.fields[i], values[i]);
    std::vector<const Entry*> extensions;
    if (format_ == Format::Yaml)
      for (const Entry* entry : out_.ordered(node))
        if (entry->key.starts_with("x-")) extensions.push_back(entry);
    out_.begin_map(present.empty() && extensions.empty() ? Emptiness::Empty : Emptiness::Filled);
    for (const auto& [field, value] : present) {
      out_.key(format_ == Format::Json && !field->json_name.empty() ? field->json_name : field->name);
      emit(*field, *value);
    }
    for (const Entry* entry : extensions) {
      out_.key(entry->key);
      emit_tree(out_, entry->value);
    }
    out_.end_map();
  }

  /// `nothing` is how an entry without a value is shown.
  enum class Nothing { Null, EmptyObject };

  void map(const Node& node, const Shape& shape, Nothing nothing = Nothing::Null) {
    out_.at(node);
    out_.begin_map(node.entries.empty() ? Emptiness::Empty : Emptiness::Filled);
    for (const Entry* entry : out_.ordered(node)) {
      out_.key(entry->key);
      if (entry->value.is_null() && nothing == Nothing::Null)
        emit_tree(out_, entry->value);
      else
        object(entry->value, shape);
    }
    out_.end_map();
  }

 private:
  static bool zero(const Node& value) { return value.text.empty() || value.text == "0" || value.text == "-0"; }

  [[nodiscard]] bool any_shown(const Node& node, const Shape& shape) const {
    static const Node kAbsent;
    return std::any_of(shape.fields.begin(), shape.fields.end(), [&](const Field& field) {
      const Node* value = node.find(field.name);
      return shown(field, value == nullptr ? kAbsent : *value);
    });
  }

  [[nodiscard]] bool shown(const Field& field, const Node& value) const {
    switch (field.form) {
      case Form::Text:
      case Form::PortText:
        return !value.text.empty();
      case Form::Boolean:
        return value.is_true();
      case Form::OptOut:
        return value.kind == Kind::Bool && !value.is_true();
      case Form::Integer:
      case Form::PlainInteger:
      case Form::PlainCount:
      case Form::Count:
      case Form::Number:
      case Form::Bytes:
      case Form::DeviceCount:
        return !zero(value);
      case Form::Duration:
        return !value.text.empty() && value.text != "0s";
      case Form::MaybeBoolean:
      case Form::MaybeInteger:
      case Form::MaybeCount:
      case Form::MaybeDuration:
      case Form::FileMode:
      case Form::Limit:
      case Form::Object:
        return !value.is_null();
      case Form::RequiredBoolean:
      case Form::RequiredText:
      case Form::RequiredInteger:
      case Form::RequiredPlainInteger:
      case Form::RequiredBytes:
        return true;
      case Form::Command:
        return format_ == Format::Json || !value.is_null();
      case Form::Test:
      case Form::TextList:
      case Form::ValueList:
      case Form::PortList:
      case Form::Hosts:
      case Form::SshKeys:
      case Form::ObjectList:
        return !value.items.empty();
      case Form::Pairs:
      case Form::TextPairs:
      case Form::MaybePairs:
      case Form::MultiPairs:
      case Form::LimitMap:
      case Form::ObjectMap:
        return !value.entries.empty();
      case Form::InlineObject:
        return format_ == Format::Json || any_shown(value, *field.shape);
    }
    return true;
  }

  void emit(const Field& field, const Node& value) {
    out_.at(value);
    switch (field.form) {
      case Form::RequiredText:
        return out_.scalar(Kind::String, value.text);
      case Form::RequiredBytes:
        return out_.scalar(Kind::String, value.text.empty() ? "0" : value.text);
      case Form::RequiredInteger:
      case Form::RequiredPlainInteger:
        return out_.scalar(Kind::Int, value.text.empty() ? "0" : value.text);
      case Form::RequiredBoolean:
        return out_.scalar(Kind::Bool, value.is_true() ? "true" : "false");
      case Form::Object:
      case Form::InlineObject:
        return object(value, *field.shape);
      case Form::ObjectList:
        out_.begin_list(Emptiness::Filled);
        for (const Node& item : value.items) object(item, *field.shape);
        return out_.end_list();
      case Form::ObjectMap:
        return map(value, *field.shape);
      case Form::LimitMap:
        out_.begin_map(Emptiness::Filled);
        for (const Entry* entry : out_.ordered(value)) {
          out_.key(entry->key);
          limit(entry->value);
        }
        return out_.end_map();
      case Form::FileMode:
        return out_.scalar(Kind::String, octal(value));
      default:
        return emit_tree(out_, value);
    }
  }

  static std::string octal(const Node& value) {
    char digits[32];
    const auto number = value.as_int().value_or(0);
    std::snprintf(digits, sizeof digits, "0%llo", static_cast<unsigned long long>(number));
    return digits;
  }

  /// One number, or what is not 0 of soft and hard.
  void limit(const Node& value) {
    out_.at(value);
    if (!value.is_map() && !zero(value)) return out_.scalar(Kind::Int, value.text);
    const Node* soft = value.find("soft");
    const Node* hard = value.find("hard");
    const auto filled = [&](const Node* part) { return part != nullptr && (format_ == Format::Yaml || !zero(*part)); };
    out_.begin_map(filled(soft) || filled(hard) ? Emptiness::Filled : Emptiness::Empty);
    for (const auto& [name, part] : {std::pair{"soft", soft}, std::pair{"hard", hard}})
      if (filled(part)) {
        out_.key(name);
        out_.at(*part);
        out_.scalar(Kind::Int, part->text);
      }
    out_.end_map();
  }

  Emitter& out_;
  Format format_;
};

/// Sections in the order of each format: sorted in JSON, by importance in YAML.
std::vector<std::string> sections(const Node& tree, Format format) {
  std::vector<std::string> keys;
  const auto filled = [&](const char* key) {
    const Node* section = tree.find(key);
    return section != nullptr && !section->entries.empty();
  };
  if (format == Format::Json) {
    // docker compose prints no models in JSON.
    for (const char* key : {"configs", "name", "networks", "secrets", "services", "volumes"})
      if (std::string_view(key) == "name" || std::string_view(key) == "services" || filled(key)) keys.emplace_back(key);
  } else {
    for (const char* key : {"name", "services", "networks", "volumes", "secrets", "configs", "models"})
      if (std::string_view(key) == "name" || std::string_view(key) == "services" || filled(key)) keys.emplace_back(key);
  }
  for (const Entry& entry : tree.entries)
    if (entry.key.starts_with("x-")) keys.push_back(entry.key);
  return keys;
}

}  // namespace

std::string escape_dollars(std::string text) {
  if (text.find('$') == std::string::npos) return text;
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    out += c;
    if (c == '$') out += '$';
  }
  return out;
}

void emit_tree(Emitter& out, const Node& node) {
  out.at(node);
  if (node.is_map()) {
    out.begin_map(node.entries.empty() ? Emptiness::Empty : Emptiness::Filled);
    for (const Entry* entry : out.ordered(node)) {
      out.key(entry->key);
      emit_tree(out, entry->value);
    }
    out.end_map();
  } else if (node.is_list()) {
    out.begin_list(node.items.empty() ? Emptiness::Empty : Emptiness::Filled);
    for (const Node& item : node.items) emit_tree(out, item);
    out.end_list();
  } else {
    out.scalar(node.kind, node.text);
  }
}

void emit_document(Emitter& out, const Node& tree, Format format) {
  static const Node kNothing = Node::map();
  Renderer renderer(out, format);
  out.begin_map(Emptiness::Filled);
  for (const std::string& key : sections(tree, format)) {
    out.key(key);
    const Node* section = tree.find(key);
    const Node& value = section == nullptr ? kNothing : *section;
    out.at(value);
    if (key == "name")
      out.scalar(Kind::String, value.text);
    else if (const Shape* shape = section_shape(key))
      renderer.map(value, *shape, Renderer::Nothing::EmptyObject);
    else
      emit_tree(out, value);
  }
  out.end_map();
}

namespace {

std::string one_line(const Node& node, const Shape& shape, const std::set<std::string_view>& without) {
  JsonEmitter out(0);
  Renderer(out, Format::Json).object(node, shape, without);
  return out.take();
}

}  // namespace

std::string render_document(const Node& tree, Format format, Dollars dollars) {
  std::string text;
  if (format == Format::Json) {
    JsonEmitter out(2);
    emit_document(out, tree, format);
    text = out.take();
  } else {
    YamlEmitter out;
    emit_document(out, tree, format);
    text = out.take();
  }
  return dollars == Dollars::Escaped ? escape_dollars(std::move(text)) : text;
}

std::string render_tree(const Node& tree, Format format) {
  if (format == Format::Json) {
    JsonEmitter out(2);
    emit_tree(out, tree);
    return out.take();
  }
  YamlEmitter out;
  emit_tree(out, tree);
  return out.take();
}

std::string render_variables(const std::map<std::string, VariableUse>& variables, Format format) {
  const bool json = format == Format::Json;
  JsonEmitter as_json(4);
  YamlEmitter as_yaml(4);
  Emitter& out = json ? static_cast<Emitter&>(as_json) : as_yaml;
  const auto field = [&](const char* in_json, const char* in_yaml, Kind kind, const std::string& value) {
    out.key(json ? in_json : in_yaml);
    out.scalar(kind, value);
  };
  out.begin_map(variables.empty() ? Emptiness::Empty : Emptiness::Filled);
  for (const auto& [name, use] : variables) {
    out.key(name);
    out.begin_map(Emptiness::Filled);
    field("Name", "name", Kind::String, name);
    field("DefaultValue", "defaultvalue", Kind::String, use.default_value.value_or(""));
    field("PresenceValue", "presencevalue", Kind::String, use.alternative.value_or(""));
    field("Required", "required", Kind::Bool, use.required ? "true" : "false");
    out.end_map();
  }
  out.end_map();
  return out.take() + (json ? "\n" : "");
}

std::string render_service_config(const Node& service) {
  const std::set<std::string_view> without = {"build", "pull_policy", "scale", "depends_on", "profiles", "env_file"};
  const Node* deploy = service.find("deploy");
  if (deploy == nullptr || !deploy->contains("replicas")) return one_line(service, service_shape(), without);
  Node copy = service;
  copy.find("deploy")->erase("replicas");
  return one_line(copy, service_shape(), without);
}

std::string render_network_config(const Node& network) {
  return one_line(network, network_shape(), {});
}
std::string render_volume_config(const Node& volume) {
  const Node* driver = volume.find("driver");
  if (driver != nullptr && !driver->text.empty()) return one_line(volume, volume_shape(), {});
  Node copy = volume.is_map() ? volume : Node::map();
  copy.set("driver", Node::string("local"));
  return one_line(copy, volume_shape(), {});
}

}  // namespace davit::compose
