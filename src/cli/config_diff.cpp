// davit config --diff: what differs between two projects.

#include <boost/json.hpp>
#include <cstdlib>

#include "config_options.hpp"
#include "davit/base/error.hpp"
#include "davit/base/text.hpp"
#include "davit/compose/compare.hpp"
#include "davit/compose/origin.hpp"
#include "json_text.hpp"
#include "project_loading.hpp"

namespace davit::cli {
namespace {

namespace json = boost::json;
using compose::PartDifference;
using Change = PartDifference::Change;

constexpr int kDifferent = 1;
constexpr int kTrouble = 2;

std::string absolute(const Context& context, const std::string& path) {
  return path.starts_with('/') ? path : context.cwd + "/" + path;
}

/// The load of one operand; empty is the current project.
compose::LoadRequest request_of(const Context& context, const ConfigOptions& options, const std::string& operand) {
  compose::LoadRequest request = config_request(context, options);
  request.services = options.names;
  request.options.origins = true;
  if (operand.empty()) return request;
  request.environment.erase("COMPOSE_FILE");
  request.files.clear();
  request.project_directory.clear();
  if (context.files.kind(absolute(context, operand)) == Files::Kind::Directory)
    request.project_directory = operand;
  else
    for (const std::string_view file : split(operand, ','))
      if (!file.empty()) request.files.emplace_back(file);
  return request;
}

compose::Loaded load_operand(const Context& context, const ConfigOptions& options, const std::string& operand) {
  const compose::LoadRequest request = request_of(context, options, operand);
  compose::Loaded loaded = load_or_exit(context, request, kTrouble);
  // A search for the file goes on in the folders above, which is not what was asked for here.
  const auto& files = loaded.project.compose_files;
  if (!request.project_directory.empty() && request.files.empty() && !operand.empty() && !files.empty() &&
      !files.front().starts_with(loaded.project.working_dir + "/"))
    throw Error(Diagnostic::error("no-compose-file", "there is no Compose file in '" + operand + "'"));
  return loaded;
}

std::string section_word(const std::string& section) {
  return section.empty() ? "project" : section.substr(0, section.size() - 1);
}

std::string head_of(const PartDifference& part) {
  const std::string what = section_word(part.section) + (part.name.empty() ? "" : " " + part.name);
  if (part.change == Change::Added) return what + ": added";
  if (part.change == Change::Removed) return what + ": removed";
  if (part.section == "services")
    return what + (part.made_anew ? ": changed, 'up' makes its containers anew" : ": changed, its containers stay");
  if (!part.made_anew) return what + ": changed";
  return what + (part.section == "volumes" ? ": changed, 'up' asks before it makes it anew"
                                           : ": changed, 'up' makes it anew if it means something else to the engine");
}

/// Below the part. An item of a list that is told from others by its own text has no name besides it.
std::string path_of(const compose::Difference& difference) {
  const compose::ComparedValue& value = difference.a ? *difference.a : *difference.b;
  compose::Path path = difference.path;
  const bool named_by_itself = !path.empty() && path.back().position && path.back().key == value.text;
  if (named_by_itself) path.pop_back();
  return compose::to_string(path, compose::Items::ByKey) + (named_by_itself ? "[]" : "");
}

struct Line {
  char sign = ' ';  ///< '-', '+', or ' ' for the head of a part
  std::string text;
  std::string comment;
};

std::vector<Line> lines_of(const std::vector<PartDifference>& parts) {
  std::vector<Line> lines;
  for (const PartDifference& part : parts) {
    const Span& only = part.change == Change::Added ? part.b : part.a;
    lines.push_back({' ', head_of(part), part.change == Change::Changed ? std::string() : compose::line_of(only)});
    for (const compose::Difference& difference : part.values) {
      const std::string path = path_of(difference) + ": ";
      if (difference.a) lines.push_back({'-', "  - " + path + difference.a->shown, difference.a->origin});
      if (difference.b) lines.push_back({'+', "  + " + path + difference.b->shown, difference.b->origin});
    }
  }
  return lines;
}

std::string as_text(const std::vector<PartDifference>& parts, bool colour) {
  constexpr std::size_t kWidestColumn = 64;
  const std::vector<Line> lines = lines_of(parts);
  std::size_t column = 0;
  for (const Line& line : lines)
    if (!line.comment.empty() && text_width(line.text) + 2 <= kWidestColumn)
      column = std::max(column, text_width(line.text) + 2);
  std::string text;
  for (const Line& line : lines) {
    const char* before = !colour ? "" : line.sign == '-' ? "\x1b[31m" : line.sign == '+' ? "\x1b[32m" : "\x1b[1m";
    const char* after = colour ? "\x1b[0m" : "";
    text.append(before).append(line.text).append(after);
    if (!line.comment.empty()) {
      text.append(text_width(line.text) + 2 > column ? 2 : column - text_width(line.text), ' ');
      text.append(colour ? "\x1b[36m" : "").append("# ").append(line.comment).append(after);
    }
    text += '\n';
  }
  return text;
}

void set_place(json::object& object, const Span& where) {
  if (!where.known()) return;
  object["file"] = *where.file;
  object["line"] = where.begin.line;
  object["column"] = where.begin.column;
}

json::value typed(const compose::ComparedValue& value) {
  switch (value.kind) {
    case yaml::Kind::Null:
      return nullptr;
    case yaml::Kind::Bool:
      return value.text == "true";
    case yaml::Kind::Int:
    case yaml::Kind::Float: {
      json::error_code failed;
      json::value number = json::parse(value.text, failed);
      return failed ? json::value(value.text) : number;
    }
    case yaml::Kind::Map:
      return json::object();
    case yaml::Kind::List:
      return json::array();
    default:
      return json::value(value.text);
  }
}

json::object as_object(const compose::Difference& difference) {
  json::array path;
  for (const compose::PathPart& part : difference.path) path.emplace_back(part.position ? part.key : part.name);
  json::object object{{"path", std::move(path)}};
  const auto side = [&](const char* name, const std::optional<compose::ComparedValue>& value) {
    if (!value) return;
    json::object item{{"value", typed(*value)}};
    set_place(item, value->where);
    item["origin"] = value->origin;
    object[name] = std::move(item);
  };
  side("a", difference.a);
  side("b", difference.b);
  return object;
}

const char* word(Change change) {
  switch (change) {
    case Change::Added:
      return "added";
    case Change::Removed:
      return "removed";
    case Change::Changed:
      return "changed";
  }
  return "changed";
}

std::string as_json(const std::vector<PartDifference>& parts) {
  json::array list;
  for (const PartDifference& part : parts) {
    json::object object{{"section", part.section.empty() ? "project" : part.section}};
    if (!part.name.empty()) object["name"] = part.name;
    object["change"] = word(part.change);
    const auto place = [&](const char* name, const Span& where) {
      if (!where.known()) return;
      json::object item;
      set_place(item, where);
      object[name] = std::move(item);
    };
    place("a", part.a);
    place("b", part.b);
    if (part.change == Change::Changed) {
      object["made_anew"] = part.made_anew;
      json::array values;
      for (const compose::Difference& difference : part.values) values.push_back(as_object(difference));
      object["values"] = std::move(values);
    }
    list.push_back(std::move(object));
  }
  return pretty_json(json::object{{"same", parts.empty()}, {"differences", std::move(list)}}) + "\n";
}

int compare(const Context& context, const ConfigOptions& options) {
  const compose::Format format = format_of(options);
  if (options.no_interpolate)
    throw Error(Diagnostic::error("usage", "--diff compares values, so --no-interpolate cannot stand beside it"));
  const compose::Loaded a = load_operand(context, options, options.diff.front());
  const compose::Loaded b = load_operand(context, options, options.diff.size() > 1 ? options.diff.back() : "");
  const std::vector<PartDifference> parts = compose::compare(a, b);
  const bool colour = options.output.empty() && context.colour_on_stdout();
  write_config(options, format == compose::Format::Yaml ? as_text(parts, colour) : as_json(parts));
  return parts.empty() ? 0 : kDifferent;
}

}  // namespace

int print_differences(const Context& context, const ConfigOptions& options) {
  try {
    return compare(context, options);
  } catch (const Error& error) {
    print(context, error.diagnostic());
    throw ExitWith{kTrouble};
  }
}

}  // namespace davit::cli
