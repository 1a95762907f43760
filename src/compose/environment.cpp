// Phases: variables of containers. Bare names take their value from the project environment; `env_file` and
// `label_file` are read last, and only for services that run.

#include "davit/compose/dotenv.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

std::string text_at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? std::string() : found->text;
}

class FileReader {
 public:
  FileReader(const Files& files, Sources& sources, const std::function<std::string(const std::string&)>& display,
             Diagnostics& diagnostics)
      : files_(files), sources_(sources), display_(display), diagnostics_(diagnostics) {}

  /// Reads one file into `values`; reports at `where` when it cannot be read.
  void read(const Node& where, const std::string& path, const std::string& format, bool required,
            const EnvLookup& lookup, Environment& values, std::string_view what) {
    if (files_.kind(path) == Files::Kind::Absent) {
      if (required) missing(where, path, what);
      return;
    }
    auto text = files_.read(path);
    if (!text) {
      auto item = text.error();
      item.where = where.span;
      diagnostics_.add(std::move(item));
      return;
    }
    const std::string name = display_(path);
    sources_.add(name, *text);
    const auto file = std::make_shared<const std::string>(name);
    if (format.empty())
      parse_dotenv(*text, file, lookup, values, diagnostics_);
    else if (format == "raw")
      parse_raw_env(*text, file, lookup, values, diagnostics_);
    else
      diagnostics_.add(
          Diagnostic::error("env-file", "unknown format '" + format + "', the only one is 'raw'", where.span));
  }

 private:
  void missing(const Node& where, const std::string& path, std::string_view what) {
    auto item = Diagnostic::error("env-file", "the " + std::string(what) + " '" + display_(path) + "' does not exist",
                                  where.span);
    if (what == "env file") item.with_hint("create it, or write '{path: …, required: false}' if it may be missing");
    diagnostics_.add(std::move(item));
  }

  const Files& files_;
  Sources& sources_;
  const std::function<std::string(const std::string&)>& display_;
  Diagnostics& diagnostics_;
};

void read_env_files(Node& service, const Environment& project, FileReader& reader) {
  Node* environment = service.find("environment");
  if (environment != nullptr)
    for (Entry& entry : environment->entries)
      if (const auto found = project.find(entry.key); entry.value.is_null() && found != project.end())
        entry.value = Node::string(found->second, entry.value.span);
  const Node* files = service.find("env_file");
  if (files == nullptr) return;
  Environment values;
  if (environment != nullptr)
    for (const Entry& entry : environment->entries)
      if (!entry.value.is_null()) values[entry.key] = entry.value.text;
  const EnvLookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto found = project.find(std::string(name)); found != project.end()) return found->second;
    const Node* own = environment == nullptr ? nullptr : environment->find(name);
    return own == nullptr || own->is_null() ? std::nullopt : std::optional(own->text);
  };
  for (const Node& item : files->items) {
    const Node* required = item.find("required");
    const Node* path = item.find("path");
    reader.read(path == nullptr ? item : *path, text_at(item, "path"), text_at(item, "format"),
                required == nullptr || required->is_true(), lookup, values, "env file");
  }
  Node merged = environment == nullptr ? Node::map(files->span) : *environment;
  std::vector<Entry> fresh;
  for (auto& [name, value] : values)
    if (!merged.contains(name)) fresh.push_back({name, files->span, Node::string(value, files->span)});
  merged.add_missing(std::move(fresh));
  service.erase("env_file");
  if (!merged.entries.empty() || service.contains("environment")) service.set("environment", std::move(merged));
}

void read_label_files(Node& service, FileReader& reader) {
  const Node* files = service.find("label_file");
  if (files == nullptr) return;
  Environment values;
  const EnvLookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  for (const Node& item : files->items) {
    Environment fresh;
    reader.read(item, item.text, "", true, lookup, fresh, "label file");
    for (auto& [name, value] : fresh) values[name] = std::move(value);
  }
  const Node* labels = service.find("labels");
  Node merged = labels == nullptr ? Node::map(files->span) : *labels;
  for (auto& [name, value] : values)
    if (!merged.contains(name)) merged.set(name, Node::string(value, files->span), files->span);
  if (!merged.entries.empty()) service.set("labels", std::move(merged));
}

}  // namespace

void resolve_bare_variables(Node& document, const Environment& environment) {
  if (Node* services = document.find("services"))
    for (Entry& service : services->entries)
      if (Node* variables = service.value.find("environment"))
        for (Node& item : variables->items)
          if (const auto found = environment.find(item.text); found != environment.end())
            item.text += "=" + found->second;
  // Kept beside the declaration, under a name that no file can have: it must not show up as `content`.
  for (const char* section : {"secrets", "configs"})
    if (Node* objects = document.find(section))
      for (Entry& object : objects->entries) {
        const Node* name = object.value.find("environment");
        if (name == nullptr) continue;
        const auto found = environment.find(name->text);
        if (found != environment.end()) object.value.set("x-#value", Node::string(found->second, name->span));
      }
}

void resolve_env_files(Node& services, const Environment& environment, const Files& files, Sources& sources,
                       const std::function<std::string(const std::string&)>& display, Diagnostics& diagnostics) {
  FileReader reader(files, sources, display, diagnostics);
  for (Entry& entry : services.entries) read_env_files(entry.value, environment, reader);
}

void resolve_label_files(Node& services, const Files& files, Sources& sources,
                         const std::function<std::string(const std::string&)>& display, Diagnostics& diagnostics) {
  FileReader reader(files, sources, display, diagnostics);
  for (Entry& entry : services.entries) read_label_files(entry.value, reader);
}

}  // namespace davit::compose
