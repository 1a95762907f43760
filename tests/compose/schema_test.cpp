// The schema and what davit knows (src/compose/shapes.cpp) name the same attributes.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "compose/shapes.hpp"

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
