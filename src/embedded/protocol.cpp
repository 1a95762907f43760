#include "embedded/protocol.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

namespace davit::embedded {
namespace {

namespace json = boost::json;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::string encode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    if (is_plain(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', "0123456789ABCDEF"[byte >> 4U], "0123456789ABCDEF"[byte & 15U]};
    }
  }
  return out;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

json::object parse_object(const std::string& text, const char* what) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) throw Error(std::string("cannot read ") + what + ": it is no JSON object");
  return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t number_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

bool flag_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::vector<std::string> texts_at(const json::object& object, std::string_view key) {
  std::vector<std::string> out;
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return out;
  for (const auto& item : value->as_array())
    if (item.is_string()) out.emplace_back(item.as_string());
  return out;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.push_back(json::string(text));
  return out;
}

}  // namespace

std::optional<std::string> HttpRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::int64_t HttpRequest::number(std::string_view name, std::int64_t otherwise) const {
  const auto text = parameter(name);
  return text ? std::strtoll(text->c_str(), nullptr, 10) : otherwise;
}

std::string make_target(const std::string& path, const std::vector<std::pair<std::string, std::string>>& query) {
  std::string out = encode(path, true);
  char separator = '?';
  for (const auto& [key, value] : query) {
    out += separator + encode(key, false) + "=" + encode(value, false);
    separator = '&';
  }
  return out;
}

std::optional<HttpRequest> parse_target(std::string_view target) {
  HttpRequest request;
  const std::size_t question = target.find('?');
  auto path = decode(target.substr(0, question));
  if (!path || !path->starts_with('/')) return std::nullopt;
  request.path = std::move(*path);
  if (question == std::string_view::npos) return request;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    auto key = decode(item.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::optional<std::string>("") : decode(item.substr(equals + 1));
    if (!key || !value) return std::nullopt;
    request.query.emplace_back(std::move(*key), std::move(*value));
  }
  return request;
}

std::string error_to_json(const Error& error) {
  const Diagnostic& diagnostic = error.diagnostic();
  json::object out{{"code", diagnostic.code}, {"message", diagnostic.message}, {"exit_code", error.exit_code()}};
  if (diagnostic.hint) out["hint"] = *diagnostic.hint;
  if (diagnostic.subject) {
    out["attribute"] = diagnostic.subject->attribute;
    out["item"] = diagnostic.subject->item;
  }
  json::array notes;
  for (const auto& note : diagnostic.notes) notes.push_back(json::string(note.text));
  out["notes"] = std::move(notes);
  return json::serialize(out);
}

Error error_from_json(const std::string& text) {
  const json::object object = parse_object(text, "the supervisor's error");
  Diagnostic diagnostic = Diagnostic::error(text_at(object, "code"), text_at(object, "message"));
  if (object.contains("hint")) diagnostic.hint = text_at(object, "hint");
  if (object.contains("attribute")) diagnostic.about(text_at(object, "attribute"), text_at(object, "item"));
  for (auto& note : texts_at(object, "notes")) diagnostic.note(std::move(note));
  Error error(std::move(diagnostic));
  error.exit_code(static_cast<int>(number_at(object, "exit_code")));
  return error;
}

std::string exec_request_to_json(const ExecRequest& request) {
  json::object out{{"args", to_array(request.args)},
                   {"working_dir", request.working_dir},
                   {"user", request.user},
                   {"env_removed", to_array(request.env_removed)},
                   {"tty", request.tty},
                   {"privileged", request.privileged}};
  json::array env;
  for (const auto& [name, value] : request.env) env.push_back(json::array{json::string(name), json::string(value)});
  out["env"] = std::move(env);
  if (request.console_size) {
    out["columns"] = static_cast<std::int64_t>(request.console_size->first);
    out["rows"] = static_cast<std::int64_t>(request.console_size->second);
  }
  return json::serialize(out);
}

ExecRequest exec_request_from_json(const std::string& text) {
  const json::object object = parse_object(text, "an exec request");
  ExecRequest request;
  request.args = texts_at(object, "args");
  request.working_dir = text_at(object, "working_dir");
  if (object.contains("env_removed")) request.env_removed = texts_at(object, "env_removed");
  request.user = text_at(object, "user");
  request.tty = flag_at(object, "tty");
  request.privileged = flag_at(object, "privileged");
  if (object.contains("columns"))
    request.console_size = {static_cast<unsigned>(number_at(object, "columns")),
                            static_cast<unsigned>(number_at(object, "rows"))};
  if (const json::value* env = object.if_contains("env"); env != nullptr && env->is_array())
    for (const auto& item : env->as_array())
      if (item.is_array() && item.as_array().size() == 2 && item.as_array()[0].is_string() &&
          item.as_array()[1].is_string())
        request.env.emplace_back(item.as_array()[0].as_string(), item.as_array()[1].as_string());
  return request;
}

std::string exec_plan_to_json(const ExecPlan& plan) {
  return json::serialize(json::object{{"argv", to_array(plan.argv)},
                                      {"process_file", plan.process_file},
                                      {"log_file", plan.log_file},
                                      {"pid_file", plan.pid_file},
                                      {"keeper_pid", plan.keeper_pid},
                                      {"cgroup", plan.cgroup}});
}

ExecPlan exec_plan_from_json(const std::string& text) {
  const json::object object = parse_object(text, "an exec plan");
  return {texts_at(object, "argv"),    text_at(object, "process_file"), text_at(object, "log_file"),
          text_at(object, "pid_file"), number_at(object, "keeper_pid"), text_at(object, "cgroup")};
}

std::string text_to_json(std::string_view name, const std::string& text) {
  json::object out;
  out[name] = text;
  return json::serialize(out);
}

std::string text_from_json(std::string_view name, const std::string& text) {
  return text_at(parse_object(text, "the supervisor's answer"), name);
}

std::string number_to_json(std::string_view name, std::int64_t number) {
  json::object out;
  out[name] = number;
  return json::serialize(out);
}

std::int64_t number_from_json(std::string_view name, const std::string& text) {
  return number_at(parse_object(text, "the supervisor's answer"), name);
}

}  // namespace davit::embedded
