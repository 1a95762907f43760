#include "json_text.hpp"

#include <boost/json.hpp>

namespace davit::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kIndent = 4;

void write(const json::value& value, std::size_t depth, std::string& text);

void break_line(std::size_t depth, std::string& text) {
  text += '\n';
  text.append(depth * kIndent, ' ');
}

void write_object(const json::object& object, std::size_t depth, std::string& text) {
  text += '{';
  const char* separator = "";
  for (const auto& member : object) {
    text += separator;
    separator = ",";
    break_line(depth + 1, text);
    text += json::serialize(json::string(member.key())) + ": ";
    write(member.value(), depth + 1, text);
  }
  if (!object.empty()) break_line(depth, text);
  text += '}';
}

void write_array(const json::array& array, std::size_t depth, std::string& text) {
  text += '[';
  const char* separator = "";
  for (const json::value& item : array) {
    text += separator;
    separator = ",";
    break_line(depth + 1, text);
    write(item, depth + 1, text);
  }
  if (!array.empty()) break_line(depth, text);
  text += ']';
}

void write(const json::value& value, std::size_t depth, std::string& text) {
  if (value.is_object()) return write_object(value.get_object(), depth, text);
  if (value.is_array()) return write_array(value.get_array(), depth, text);
  text += json::serialize(value);
}

}  // namespace

std::string pretty_json(const json::value& value) {
  std::string text;
  write(value, 0, text);
  return text;
}

}  // namespace davit::cli
