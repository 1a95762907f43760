#include "image/json_reader.hpp"

#include "davit/base/error.hpp"

namespace davit::image {
namespace json = boost::json;

json::value parse_document(std::string_view text, const std::string& what) {
  boost::system::error_code failure;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  json::value value = json::parse({text.data(), text.size()}, failure, {}, options);
  if (failure) throw Error(Diagnostic::error("bad-document", what + " is no json: " + failure.message()));
  if (!value.is_object()) throw Error(Diagnostic::error("bad-document", what + " is no json object"));
  return value;
}

std::optional<json::value> JsonReader::take(const char* name) {
  const auto found = object_.find(name);
  if (found == object_.end()) return std::nullopt;
  json::value value = std::move(found->value());
  // stable_erase: the rest must be written in the order it was read in.
  object_.stable_erase(found);
  if (value.is_null()) return std::nullopt;
  return value;
}

std::string JsonReader::path_of(const char* name) const {
  return where_.empty() ? name : where_ + "." + name;
}

void JsonReader::refuse(const char* name, const char* expected) const {
  throw Error(Diagnostic::error("bad-document", "its member '" + path_of(name) + "' is not " + expected));
}

std::string JsonReader::text(const char* name) {
  const auto value = take(name);
  if (!value) return {};
  if (!value->is_string()) refuse(name, "a string");
  return std::string(value->get_string());
}

std::optional<std::int64_t> JsonReader::integer(const char* name) {
  const auto value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_int64()) refuse(name, "a whole number");
  return value->get_int64();
}

bool JsonReader::boolean(const char* name) {
  const auto value = take(name);
  if (!value) return false;
  if (!value->is_bool()) refuse(name, "true or false");
  return value->get_bool();
}

std::vector<std::string> JsonReader::texts(const char* name) {
  std::vector<std::string> list;
  const auto value = take(name);
  if (!value) return list;
  // Very old images have a string for Entrypoint and Cmd.
  if (value->is_string()) return {std::string(value->get_string())};
  if (!value->is_array()) refuse(name, "a list of strings");
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) refuse(name, "a list of strings");
    list.emplace_back(item.get_string());
  }
  return list;
}

std::set<std::string> JsonReader::keys(const char* name) {
  std::set<std::string> names;
  const auto value = take(name);
  if (!value) return names;
  if (!value->is_object()) refuse(name, "an object");
  for (const auto& member : value->get_object()) names.emplace(member.key());
  return names;
}

std::map<std::string, std::string> JsonReader::text_map(const char* name) {
  std::map<std::string, std::string> map;
  const auto value = take(name);
  if (!value) return map;
  if (!value->is_object()) refuse(name, "an object of strings");
  for (const auto& member : value->get_object()) {
    if (!member.value().is_string()) refuse(name, "an object of strings");
    map.emplace(member.key(), std::string(member.value().get_string()));
  }
  return map;
}

std::optional<JsonReader> JsonReader::object(const char* name) {
  auto value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_object()) refuse(name, "an object");
  return JsonReader(std::move(value->get_object()), path_of(name));
}

std::vector<JsonReader> JsonReader::objects(const char* name) {
  std::vector<JsonReader> list;
  auto value = take(name);
  if (!value) return list;
  if (!value->is_array()) refuse(name, "a list of objects");
  for (json::value& item : value->get_array()) {
    if (!item.is_object()) refuse(name, "a list of objects");
    list.emplace_back(std::move(item.get_object()), path_of(name));
  }
  return list;
}

}  // namespace davit::image
