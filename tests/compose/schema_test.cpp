// The schema and what davit knows (src/compose/shapes.cpp) name the same attributes.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "compose/shapes.hpp"
#include "support.hpp"

namespace davit::compose {
namespace {

boost::json::value schema() {
  std::ifstream file(DAVIT_SOURCE_DIR "/schemas/compose-spec.json");
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::set<std::string> schema_keys(const char* definition) {
  std::set<std::string> keys;
  const boost::json::value document = schema();
  const std::string pointer = std::string("/$defs/") + definition + "/properties";
  for (const auto& item : document.at_pointer(pointer).as_object()) keys.emplace(item.key());
  return keys;
}

std::set<std::string> shape_keys(const Shape& shape) {
  std::set<std::string> keys;
  for (const Field& field : shape.fields) keys.emplace(field.name);
  return keys;
}

/// The schema as a tree of attributes: references followed, choices joined, lists taken for their items.
class SchemaWalk {
 public:
  struct Object {
    std::string path;  ///< "services.a.healthcheck", with 'a' for names that a user chooses and "[]" for items
    std::set<std::string> keys;
    bool closed = false;  ///< other keys are refused
  };

  std::vector<Object> run() {
    visit(root_, "", 0);
    return std::move(found_);
  }

 private:
  using Value = boost::json::value;

  const Value& resolved(const Value& value) const {
    if (value.is_object())
      if (const auto* ref = value.as_object().if_contains("$ref"))
        return resolved(root_.at_pointer(std::string(ref->as_string()).substr(1)));
    return value;
  }

  void visit(const Value& given, const std::string& path, int depth) {
    const Value& value = resolved(given);
    if (!value.is_object() || depth > 20) return;
    const auto& object = value.as_object();
    if (const auto* choices = object.if_contains("oneOf"))
      for (const Value& choice : choices->as_array()) visit(choice, path, depth + 1);
    if (const auto* items = object.if_contains("items")) visit(*items, path + "[]", depth + 1);
    const std::string prefix = path.empty() ? "" : path + ".";
    if (const auto* patterns = object.if_contains("patternProperties"))
      for (const auto& item : patterns->as_object())
        if (item.key() != "^x-") visit(item.value(), prefix + "a", depth + 1);
    const auto* properties = object.if_contains("properties");
    if (properties == nullptr) return;
    Object result{path, {}, false};
    if (const auto* more = object.if_contains("additionalProperties"))
      result.closed = more->is_bool() && !more->as_bool();
    for (const auto& item : properties->as_object()) {
      result.keys.emplace(item.key());
      visit(item.value(), prefix + std::string(item.key()), depth + 1);
    }
    found_.push_back(std::move(result));
  }

  Value root_ = schema();
  std::vector<Object> found_;
};

/// A document in which `content` stands at a path of SchemaWalk.
std::string document_at(const std::string& path, std::string content) {
  std::vector<std::string> steps;
  for (std::size_t from = 0; from <= path.size() && !path.empty();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    steps.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const std::size_t list = step->find("[]");
    for (std::size_t at = list; at != std::string::npos; at = step->find("[]", at + 2)) content = "[" + content + "]";
    content = "{" + step->substr(0, list) + ": " + content + "}";
  }
  return content + "\n";
}

/// What the schema knows and docker compose drops or takes elsewhere: no shape has it.
const std::set<std::string> kWithoutShape{
    "services.a.pull_refresh_after",  // accepted, and nothing is done with it
};

const Shape* shape_at(const std::string& path) {
  const Shape* shape = nullptr;
  std::size_t from = 0;
  const auto next = [&] {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    std::string step = path.substr(from, dot - from);
    from = dot + 1;
    while (step.ends_with("[]")) step.resize(step.size() - 2);
    return step;
  };
  const std::string section = next();
  if (section == "services") shape = &service_shape();
  if (section == "networks") shape = &network_shape();
  if (section == "volumes") shape = &volume_shape();
  if (section == "models") shape = &model_shape();
  if (section == "secrets" || section == "configs") shape = &file_object_shape();
  if (shape == nullptr || from > path.size()) return nullptr;
  next();  // the name of the object
  while (from <= path.size()) {
    const std::string step = next();
    const Field* field = shape->find(step);
    if (field == nullptr || field->shape == nullptr) return nullptr;
    shape = field->shape;
    if (field->form == Form::ObjectMap && from <= path.size()) next();  // a name again
  }
  return shape;
}

TEST(Schema, EveryAttributeAtEveryDepthIsKnown) {
  std::size_t compared = 0;
  for (const auto& object : SchemaWalk().run()) {
    const Shape* shape = shape_at(object.path);
    if (shape == nullptr) continue;
    ++compared;
    for (const std::string& key : object.keys)
      if (!kWithoutShape.contains(object.path + "." + key)) {
        EXPECT_NE(shape->find(key), nullptr) << object.path << "." << key;
      }
  }
  EXPECT_GT(compared, 30U) << "the walk must reach the nested objects";
}

TEST(Schema, EveryObjectThatIsNotOpenRefusesAnUnknownKeyWithTheNearest) {
  std::size_t tried = 0;
  for (const auto& object : SchemaWalk().run()) {
    if (!object.closed || object.keys.empty() || object.path.empty()) continue;
    if (object.path == "include[]") continue;  // a warning there, as docker compose takes any key
    // The longest name with a letter too many is nearest to itself.
    const std::string& key =
        *std::max_element(object.keys.begin(), object.keys.end(),
                          [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    const test::LoadTest test(document_at(object.path, "{" + key + "q: x}"));
    const LoadResult result = test.load();
    bool refused = false;
    for (const Diagnostic& item : result.diagnostics.items())
      refused |= item.code == "unknown-attribute" && item.message.find("'" + key + "q'") != std::string::npos &&
                 item.hint == "did you mean '" + key + "'?" && item.where.has_value();
    EXPECT_TRUE(refused) << document_at(object.path, "{" + key + "q: x}") << test::LoadTest::messages(result);
    ++tried;
  }
  EXPECT_GT(tried, 40U);
}

TEST(Schema, ServiceAttributesAreKnown) {
  auto expected = schema_keys("service");
  expected.erase("pull_refresh_after");  // docker compose accepts it and does nothing with it
  EXPECT_EQ(shape_keys(service_shape()), expected);
}

TEST(Schema, ResourceAttributesAreKnown) {
  EXPECT_EQ(shape_keys(network_shape()), schema_keys("network"));
  EXPECT_EQ(shape_keys(volume_shape()), schema_keys("volume"));
  EXPECT_EQ(shape_keys(model_shape()), schema_keys("model"));
  auto objects = schema_keys("secret");
  objects.merge(schema_keys("config"));
  EXPECT_EQ(shape_keys(file_object_shape()), objects);
}

TEST(Schema, NestedAttributesAreKnown) {
  EXPECT_EQ(shape_keys(*service_shape().find("healthcheck")->shape), schema_keys("healthcheck"));
  EXPECT_EQ(shape_keys(*service_shape().find("deploy")->shape), schema_keys("deployment"));
  EXPECT_EQ(shape_keys(*service_shape().find("pre_start")->shape), schema_keys("pre_start_hook"));
}

}  // namespace
}  // namespace davit::compose
