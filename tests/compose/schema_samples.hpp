#pragma once
// Values that the JSON schema of the Compose specification allows, one for each way of writing an attribute.

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace davit::compose::test {

/// An attribute, and the ways to write it, as YAML.
struct Attribute {
  /// "services.a.ports[].target": with a name where a user chooses one, and "[]" for the first of a list.
  std::string path;
  std::vector<std::string> samples;
};

/// Walks the schema: references followed, choices tried one by one.
class SchemaSamples {
 public:
  /// `names`: what stands for the names below a path; "k" where nothing is said.
  explicit SchemaSamples(std::map<std::string, std::string> names) : names_(std::move(names)) {
    std::ifstream file(DAVIT_SOURCE_DIR "/schemas/compose-spec.json");
    root_ = boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  }

  [[nodiscard]] std::vector<Attribute> run() {
    attributes_of(root_, "");
    return std::move(found_);
  }

 private:
  using Value = boost::json::value;
  using Samples = std::vector<std::string>;

  const Value& resolved(const Value& value) const {
    const auto* ref = value.is_object() ? value.as_object().if_contains("$ref") : nullptr;
    return ref == nullptr ? value : resolved(root_.at_pointer(std::string(ref->as_string()).substr(1)));
  }

  static std::string joined(const std::string& path, std::string_view step) {
    return path.empty() ? std::string(step) : path + "." + std::string(step);
  }
  std::string name_below(const std::string& path) const {
    const auto name = names_.find(path);
    return name == names_.end() ? "k" : name->second;
  }

  /// The attributes of the objects that may stand at a path, whatever way leads to one.
  void attributes_of(const Value& given, const std::string& path) {
    const auto& object = resolved(given).as_object();
    for_each_choice(object, [&](const Value& choice) { attributes_of(choice, path); });
    if (const auto* properties = object.if_contains("properties"))
      for (const auto& item : properties->as_object()) {
        const std::string at = joined(path, item.key());
        if (Samples samples = samples_of(item.value(), at); !samples.empty()) found_.push_back({at, samples});
        nested(item.value(), at);
      }
    nested(given, path, Self::No);
  }

  enum class Self { Yes, No };

  /// Goes on below an attribute: to its own attributes, its items and its named values.
  void nested(const Value& given, const std::string& path, Self self = Self::Yes) {
    const auto& object = resolved(given).as_object();
    if (self == Self::Yes) {
      if (object.contains("properties")) return attributes_of(given, path);
      for_each_choice(object, [&](const Value& choice) { nested(choice, path); });
    }
    if (const auto* items = object.if_contains("items")) nested(*items, path + "[]");
    for_each_pattern(object, [&](const Value& value) { nested(value, joined(path, name_below(path))); });
  }

  template <class Visit>
  static void for_each_choice(const boost::json::object& object, Visit visit) {
    if (const auto* choices = object.if_contains("oneOf"))
      for (const Value& choice : choices->as_array()) visit(choice);
  }
  template <class Visit>
  static void for_each_pattern(const boost::json::object& object, Visit visit) {
    if (const auto* patterns = object.if_contains("patternProperties"))
      for (const auto& item : patterns->as_object())
        if (item.key() != "^x-") visit(item.value());
  }

  Samples samples_of(const Value& given, const std::string& path) const {
    const auto& object = resolved(given).as_object();
    Samples samples;
    for_each_choice(object, [&](const Value& choice) {
      for (auto& sample : samples_of(choice, path)) samples.push_back(std::move(sample));
    });
    if (const auto* values = object.if_contains("enum")) {
      for (const Value& value : values->as_array()) samples.push_back(boost::json::serialize(value));
      return samples;
    }
    const auto* type = object.if_contains("type");
    if (type == nullptr) return samples;
    const Samples types = names_of(*type);
    for (const std::string& one : types)
      for (auto& sample : samples_of_type(one, types, object, path)) samples.push_back(std::move(sample));
    return samples;
  }

  static Samples names_of(const Value& type) {
    if (type.is_string()) return {std::string(type.as_string())};
    Samples names;
    for (const Value& one : type.as_array()) names.emplace_back(one.as_string());
    return names;
  }

  /// A text beside another type is that type's value as a text.
  Samples samples_of_type(const std::string& type, const Samples& types, const boost::json::object& object,
                          const std::string& path) const {
    const auto has = [&types](const char* name) { return std::find(types.begin(), types.end(), name) != types.end(); };
    if (type == "boolean") return {"true"};
    if (type == "integer" || type == "number") return {"3"};
    if (type == "string") return {has("integer") || has("number") ? "\"3\"" : has("boolean") ? "\"true\"" : "text"};
    if (type == "array") return lists_of(object, path);
    if (type == "object" && !object.contains("properties")) return maps_of(object, path);
    return {};
  }

  Samples lists_of(const boost::json::object& object, const std::string& path) const {
    Samples samples;
    const auto* items = object.if_contains("items");
    if (items == nullptr) return {"[k=x]"};
    for (const auto& item : samples_of(*items, path + "[]")) samples.push_back("[" + item + "]");
    return samples;
  }

  Samples maps_of(const boost::json::object& object, const std::string& path) const {
    Samples samples;
    for_each_pattern(object, [&](const Value& value) {
      const std::string name = name_below(path);
      for (const auto& item : samples_of(value, joined(path, name))) samples.push_back("{" + name + ": " + item + "}");
    });
    return object.contains("patternProperties") ? samples : Samples{"{k: x}"};
  }

  Value root_;
  std::map<std::string, std::string> names_;
  std::vector<Attribute> found_;
};

}  // namespace davit::compose::test
