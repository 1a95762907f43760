#include "state/json_columns.hpp"

#include <boost/json.hpp>

#include "davit/base/error.hpp"

namespace davit::state {
namespace {

boost::json::value parse_column(const std::string& text) {
  boost::system::error_code failure;
  boost::json::value value = boost::json::parse(text, failure);
  if (failure) throw Error(Diagnostic::error("state-damaged", "the state database holds broken json: " + text));
  return value;
}

std::string text_of(const boost::json::value& value, const std::string& whole) {
  if (!value.is_string())
    throw Error(Diagnostic::error("state-damaged", "the state database holds json of an unknown shape: " + whole));
  return std::string(value.get_string());
}

}  // namespace

std::string to_json(const StringMap& map) {
  if (map.empty()) return "{}";
  boost::json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return boost::json::serialize(object);
}

std::string to_json(const std::vector<std::string>& list) {
  boost::json::array array;
  for (const std::string& item : list) array.emplace_back(item);
  return boost::json::serialize(array);
}

StringMap map_from_json(const std::string& text) {
  StringMap map;
  if (text == "{}") return map;
  const boost::json::value value = parse_column(text);
  if (!value.is_object())
    throw Error(Diagnostic::error("state-damaged", "the state database holds json of an unknown shape: " + text));
  for (const auto& item : value.get_object()) map.emplace(item.key(), text_of(item.value(), text));
  return map;
}

std::vector<std::string> list_from_json(const std::string& text) {
  std::vector<std::string> list;
  const boost::json::value value = parse_column(text);
  if (!value.is_array())
    throw Error(Diagnostic::error("state-damaged", "the state database holds json of an unknown shape: " + text));
  for (const auto& item : value.get_array()) list.push_back(text_of(item, text));
  return list;
}

}  // namespace davit::state
