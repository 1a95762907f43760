#include "davit/image/image_config.hpp"

#include <sys/utsname.h>

#include "davit/base/error.hpp"
#include "image/json_reader.hpp"

namespace davit::image {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxConfig = 8U << 20U;

std::optional<std::chrono::nanoseconds> duration(JsonReader& reader, const char* name) {
  const auto value = reader.integer(name);
  if (!value || *value == 0) return std::nullopt;
  return std::chrono::nanoseconds(*value);
}

Healthcheck read_healthcheck(JsonReader reader) {
  Healthcheck check;
  check.test = reader.texts("Test");
  check.interval = duration(reader, "Interval");
  check.timeout = duration(reader, "Timeout");
  check.start_period = duration(reader, "StartPeriod");
  check.start_interval = duration(reader, "StartInterval");
  const auto retries = reader.integer("Retries");
  if (retries && *retries != 0) check.retries = static_cast<int>(*retries);
  return check;
}

void read_runtime_part(JsonReader reader, ImageConfig& config) {
  config.user = reader.text("User");
  config.exposed_ports = reader.keys("ExposedPorts");
  config.env = reader.texts("Env");
  config.entrypoint = reader.texts("Entrypoint");
  config.cmd = reader.texts("Cmd");
  config.volumes = reader.keys("Volumes");
  config.working_dir = reader.text("WorkingDir");
  config.labels = reader.text_map("Labels");
  config.stop_signal = reader.text("StopSignal");
  if (auto healthcheck = reader.object("Healthcheck")) config.healthcheck = read_healthcheck(std::move(*healthcheck));
  config.shell = reader.texts("Shell");
  config.on_build = reader.texts("OnBuild");
  config.unknown_config_json = reader.rest();
}

ImageConfig read_config(std::string_view text) {
  if (text.size() > kMaxConfig) throw Error(Diagnostic::error("bad-document", "it is larger than 8MiB"));
  json::value document = parse_document(text, "the image config");
  JsonReader reader(std::move(document.get_object()), "");
  ImageConfig config;
  config.created = reader.text("created");
  config.author = reader.text("author");
  config.architecture = reader.text("architecture");
  config.variant = reader.text("variant");
  config.os = reader.text("os");
  if (auto runtime_part = reader.object("config")) read_runtime_part(std::move(*runtime_part), config);
  if (auto rootfs = reader.object("rootfs")) config.diff_ids = rootfs->texts("diff_ids");
  for (JsonReader& entry : reader.objects("history"))
    config.history.push_back({entry.text("created"), entry.text("created_by"), entry.text("author"),
                              entry.text("comment"), entry.boolean("empty_layer")});
  config.unknown_json = reader.rest();
  return config;
}

json::array array_of(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& item : list) array.emplace_back(item);
  return array;
}

json::object set_of(const std::set<std::string>& names) {
  json::object object;
  for (const std::string& name : names) object[name] = json::object();
  return object;
}

void put_text(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put_list(json::object& object, const char* name, const std::vector<std::string>& list) {
  if (!list.empty()) object[name] = array_of(list);
}

void put_unknown(json::object& object, const std::string& text) {
  if (text == "{}" || text.empty()) return;
  const json::value unknown = parse_document(text, "the unknown part of an image config");
  for (const auto& member : unknown.get_object())
    if (!object.contains(member.key())) object[member.key()] = member.value();
}

json::object write_healthcheck(const Healthcheck& check) {
  json::object object;
  put_list(object, "Test", check.test);
  if (check.interval) object["Interval"] = check.interval->count();
  if (check.timeout) object["Timeout"] = check.timeout->count();
  if (check.start_period) object["StartPeriod"] = check.start_period->count();
  if (check.start_interval) object["StartInterval"] = check.start_interval->count();
  if (check.retries) object["Retries"] = *check.retries;
  return object;
}

json::object write_runtime_part(const ImageConfig& config) {
  json::object object;
  put_text(object, "User", config.user);
  if (!config.exposed_ports.empty()) object["ExposedPorts"] = set_of(config.exposed_ports);
  put_list(object, "Env", config.env);
  put_list(object, "Entrypoint", config.entrypoint);
  put_list(object, "Cmd", config.cmd);
  if (!config.volumes.empty()) object["Volumes"] = set_of(config.volumes);
  put_text(object, "WorkingDir", config.working_dir);
  if (!config.labels.empty()) {
    json::object labels;
    for (const auto& [key, value] : config.labels) labels[key] = value;
    object["Labels"] = std::move(labels);
  }
  put_text(object, "StopSignal", config.stop_signal);
  if (config.healthcheck) object["Healthcheck"] = write_healthcheck(*config.healthcheck);
  put_list(object, "Shell", config.shell);
  put_list(object, "OnBuild", config.on_build);
  put_unknown(object, config.unknown_config_json);
  return object;
}

json::object write_history_entry(const HistoryEntry& entry) {
  json::object object;
  put_text(object, "created", entry.created);
  put_text(object, "created_by", entry.created_by);
  put_text(object, "author", entry.author);
  put_text(object, "comment", entry.comment);
  if (entry.empty_layer) object["empty_layer"] = true;
  return object;
}

}  // namespace

std::optional<std::string> ImageConfig::env_value(std::string_view name) const {
  for (const std::string& variable : env)
    if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=')
      return variable.substr(name.size() + 1);
  return std::nullopt;
}

void ImageConfig::set_env(std::string_view name, std::string_view value) {
  std::string variable = std::string(name) + "=" + std::string(value);
  for (std::string& present : env) {
    if (present.size() > name.size() && present.starts_with(name) && present[name.size()] == '=') {
      present = std::move(variable);
      return;
    }
  }
  env.push_back(std::move(variable));
}

Result<ImageConfig> parse_image_config(std::string_view json) {
  try {
    return read_config(json);
  } catch (const Error& error) {
    Diagnostic diagnostic = error.diagnostic();
    if (!diagnostic.message.starts_with("the image config"))
      diagnostic.message = "the image config is malformed: " + diagnostic.message;
    return diagnostic;
  }
}

std::string to_json(const ImageConfig& config) {
  json::object object;
  object["architecture"] = config.architecture;
  put_text(object, "variant", config.variant);
  put_text(object, "author", config.author);
  object["config"] = write_runtime_part(config);
  put_text(object, "created", config.created);
  if (!config.history.empty()) {
    json::array history;
    for (const HistoryEntry& entry : config.history) history.emplace_back(write_history_entry(entry));
    object["history"] = std::move(history);
  }
  object["os"] = config.os;
  object["rootfs"] = json::object{{"type", "layers"}, {"diff_ids", array_of(config.diff_ids)}};
  put_unknown(object, config.unknown_json);
  return json::serialize(object);
}

std::string host_architecture() {
  struct utsname name{};
  uname(&name);
  const std::string machine = name.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "i386" || machine == "i686") return "386";
  if (machine.starts_with("arm")) return "arm";
  return machine;
}

}  // namespace davit::image
