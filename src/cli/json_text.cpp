#include "json_text.hpp"

#include <boost/json.hpp>

namespace davit::cli {
namespace {

namespace json = boost::json;

struct Style {
  std::size_t indent;
};

void write(const json::value& value, std::size_t depth, Style style, std::string& text);

void break_line(std::size_t depth, Style style, std::string& text) {
  text += '\n';
  text.append(depth * style.indent, ' ');
}

void write_object(const json::object& object, std::size_t depth, Style style, std::string& text) {
  text += '{';
  const char* separator = "";
  for (const auto& member : object) {
    text += separator;
    separator = ",";
    break_line(depth + 1, style, text);
    text += json::serialize(json::string(member.key())) + ": ";
    write(member.value(), depth + 1, style, text);
  }
  if (!object.empty()) break_line(depth, style, text);
  text += '}';
}

void write_array(const json::array& array, std::size_t depth, Style style, std::string& text) {
  text += '[';
  const char* separator = "";
  for (const json::value& item : array) {
    text += separator;
    separator = ",";
    break_line(depth + 1, style, text);
    write(item, depth + 1, style, text);
  }
  if (!array.empty()) break_line(depth, style, text);
  text += ']';
}

void write(const json::value& value, std::size_t depth, Style style, std::string& text) {
  if (value.is_object()) return write_object(value.get_object(), depth, style, text);
  if (value.is_array()) return write_array(value.get_array(), depth, style, text);
  text += json::serialize(value);
}

}  // namespace

std::string pretty_json(const json::value& value, std::size_t indent) {
  std::string text;
  write(value, 0, {indent}, text);
  return text;
}

}  // namespace davit::cli
