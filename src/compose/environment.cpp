// Phases: variables of containers. Bare names take their value from the project environment; `env_file` and
// `label_file` are read last, and only for services that run.

#include "davit/compose/dotenv.hpp"
#include "limits.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

std::string text_at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? std::string() : found->text;
}

/// What the files of a service say, and where.
struct FileVariables {
  Environment values;
  VariablePlaces places;
  std::map<std::string, const Node*> named_by;  ///< the entry of the Compose file that led to the variable's file
};

class FileReader {
 public:
  explicit FileReader(const ServiceFiles& from) : from_(from) {}

  /// Reads one file into `found`; reports at `where` when it cannot be read.
  void read(const Node& where, const std::string& path, const std::string& format, bool required,
            const EnvLookup& lookup, FileVariables& found, std::string_view what) {
    if (from_.files.kind(path) == Files::Kind::Absent) {
      if (required) missing(where, path, what);
      return;
    }
    auto text = from_.files.read(path);
    if (!text) {
      auto item = text.error();
      item.where = where.span;
      from_.diagnostics.add(std::move(item));
      return;
    }
    const std::string name = from_.display(path);
    from_.sources.add(name, *text);
    parse(where, *text, std::make_shared<const std::string>(name), format, lookup, found);
  }

  /// Counts what a service gets from files; false, after one message, when it is too much for this project.
  bool take(const Environment& values, const Span& where) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : values) bytes += name.size() + value.size();
    const bool ok = variables_.take(values.size());
    if (text_.take(bytes) && ok) return true;
    if (variables_.report()) too_much("more than " + std::to_string(kMostVariables) + " variables", where);
    if (text_.report()) too_much("more than " + std::to_string(kMostServiceText >> 20U) + " MB of variables", where);
    return false;
  }

  /// A variable of a file as a value of a service.
  [[nodiscard]] Entry entry(const std::string& name, const std::string& value, const FileVariables& found,
                            const Node& otherwise) const {
    const auto place = found.places.find(name);
    const auto named = found.named_by.find(name);
    const Node& directive = named == found.named_by.end() ? otherwise : *named->second;
    const Span where = place == found.places.end() ? directive.span : place->second;
    Node node = Node::string(value, where);
    if (from_.tracking == nullptr) return {name, where, std::move(node)};
    node.origin = directive.origin;
    if (place == found.places.end())
      from_.tracking->variable(node, OriginStep::Kind::Environment, name);
    else
      node.origin = from_.tracking->origins.add({OriginStep::Kind::EnvFile, {}, directive.span, {}, node.origin});
    return {name, where, std::move(node)};
  }

  [[nodiscard]] const ServiceFiles& from() const { return from_; }

 private:
  void parse(const Node& where, const std::string& text, const std::shared_ptr<const std::string>& file,
             const std::string& format, const EnvLookup& lookup, FileVariables& found) {
    VariablePlaces places;
    if (format.empty())
      parse_dotenv(text, file, lookup, found.values, from_.diagnostics, &places);
    else if (format == "raw")
      parse_raw_env(text, file, lookup, found.values, from_.diagnostics, &places);
    else
      from_.diagnostics.add(
          Diagnostic::error("env-file", "unknown format '" + format + "', the only one is 'raw'", where.span));
    for (auto& [name, place] : places) {
      found.named_by[name] = &where;
      found.places[name] = std::move(place);
    }
  }

  void too_much(const std::string& what, const Span& where) {
    from_.diagnostics.add(
        Diagnostic::error("load-limit", "env files and label files give the services " + what, where));
  }

  void missing(const Node& where, const std::string& path, std::string_view what) {
    auto item = Diagnostic::error(
        "env-file", "the " + std::string(what) + " '" + from_.display(path) + "' does not exist", where.span);
    if (what == "env file") item.with_hint("create it, or write '{path: …, required: false}' if it may be missing");
    from_.diagnostics.add(std::move(item));
  }

  const ServiceFiles& from_;
  Budget variables_{kMostVariables};
  Budget text_{kMostServiceText};
};

/// Names without a value take that of the project's variable.
void fill_bare_names(Node& environment, const ServiceFiles& from) {
  for (Entry& entry : environment.entries) {
    const auto found = from.environment.find(entry.key);
    if (!entry.value.is_null() || found == from.environment.end()) continue;
    entry.value = Node::string(found->second, entry.value);
    if (from.tracking != nullptr) from.tracking->variable(entry.value, OriginStep::Kind::Environment, entry.key);
  }
}

void read_env_files(Node& service, FileReader& reader) {
  const Environment& project = reader.from().environment;
  Node* environment = service.find("environment");
  if (environment != nullptr) fill_bare_names(*environment, reader.from());
  const Node* files = service.find("env_file");
  if (files == nullptr) return;
  FileVariables found;
  if (environment != nullptr)
    for (const Entry& entry : environment->entries)
      if (!entry.value.is_null()) found.values[entry.key] = entry.value.text;
  const EnvLookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto known = project.find(std::string(name)); known != project.end()) return known->second;
    const Node* own = environment == nullptr ? nullptr : environment->find(name);
    return own == nullptr || own->is_null() ? std::nullopt : std::optional(own->text);
  };
  for (const Node& item : files->items) {
    const Node* required = item.find("required");
    const Node* path = item.find("path");
    reader.read(path == nullptr ? item : *path, text_at(item, "path"), text_at(item, "format"),
                required == nullptr || required->is_true(), lookup, found, "env file");
  }
  if (!reader.take(found.values, files->span)) return;
  Node merged = environment == nullptr ? Node::map(*files) : *environment;
  std::vector<Entry> fresh;
  for (const auto& [name, value] : found.values)
    if (!merged.contains(name)) fresh.push_back(reader.entry(name, value, found, *files));
  merged.add_missing(std::move(fresh));
  service.erase("env_file");
  if (!merged.entries.empty() || service.contains("environment")) service.set("environment", std::move(merged));
}

void read_label_files(Node& service, FileReader& reader) {
  const Node* files = service.find("label_file");
  if (files == nullptr) return;
  FileVariables found;
  for (const Node& item : files->items) {
    // What an earlier file says comes before what the same file says.
    const Environment earlier = found.values;
    reader.read(item, item.text, "", true, lookup_in(earlier), found, "label file");
  }
  if (!reader.take(found.values, files->span)) return;
  const Node* labels = service.find("labels");
  Node merged = labels == nullptr ? Node::map(*files) : *labels;
  std::vector<Entry> fresh;
  for (const auto& [name, value] : found.values)
    if (!merged.contains(name)) fresh.push_back(reader.entry(name, value, found, *files));
  merged.add_missing(std::move(fresh));
  if (!merged.entries.empty()) service.set("labels", std::move(merged));
}

/// A variable's value for a name without one, in a list of "name=value".
void fill_bare_item(Node& item, const Environment& environment, const Tracking* tracking) {
  const auto found = environment.find(item.text);
  if (found == environment.end()) return;
  if (tracking != nullptr) tracking->variable(item, OriginStep::Kind::Environment, item.text);
  item.text += "=" + found->second;
}

}  // namespace

void resolve_bare_variables(Node& document, const Environment& environment, const Tracking* tracking) {
  if (Node* services = document.find("services"))
    for (Entry& service : services->entries)
      if (Node* variables = service.value.find("environment"))
        for (Node& item : variables->items) fill_bare_item(item, environment, tracking);
  // Kept beside the declaration, under a name that no file can have: it must not show up as `content`.
  for (const char* section : {"secrets", "configs"})
    if (Node* objects = document.find(section))
      for (Entry& object : objects->entries) {
        const Node* name = object.value.find("environment");
        if (name == nullptr) continue;
        const auto found = environment.find(name->text);
        if (found != environment.end()) object.value.set("x-#value", Node::string(found->second, *name));
      }
}

void resolve_env_files(Node& services, const ServiceFiles& from) {
  FileReader reader(from);
  for (Entry& entry : services.entries) read_env_files(entry.value, reader);
}

void resolve_label_files(Node& services, const ServiceFiles& from) {
  FileReader reader(from);
  for (Entry& entry : services.entries) read_label_files(entry.value, reader);
}

}  // namespace davit::compose
