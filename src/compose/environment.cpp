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

/// What the files of a service say.
struct FileVariables {
  Environment values;
  std::map<std::string, Node> nodes;  ///< those that a file gave, with place and history
};

/// Where variables in the files come from that are in none of them.
struct Outside {
  EnvLookup value;
  std::function<Span(const std::string& name)> place;  ///< unknown for the process environment
};

class FileReader {
 public:
  explicit FileReader(const ServiceFiles& from) : from_(from) {}

  /// Reads one file into `found`; reports at `where` when it cannot be read.
  void read(const Node& where, const std::string& path, const std::string& format, bool required,
            const Outside& outside, FileVariables& found, std::string_view what) {
    if (where.faulty) return;  // reported
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
    parse(where, *text, std::make_shared<const std::string>(name), format, outside, found);
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

  /// Puts the variables of files beside those that the service has itself, which win.
  void add(FileVariables& found, Node& own) const {
    std::vector<Entry> fresh;
    for (auto& [name, node] : found.nodes) {
      if (Node* winner = own.find(name); winner == nullptr)
        fresh.push_back({name, node.span, std::move(node)});
      else if (from_.tracking != nullptr)
        from_.tracking->origins.mark_replaced(node, *winner);
    }
    own.add_missing(std::move(fresh));
  }

  [[nodiscard]] const ServiceFiles& from() const { return from_; }
  /// The line of the project's env files that a variable is from.
  [[nodiscard]] Span place_in_project(const std::string& name) const {
    if (from_.tracking == nullptr) return {};
    const auto place = from_.tracking->places.find(name);
    return place == from_.tracking->places.end() ? Span() : place->second;
  }

 private:
  void parse(const Node& where, const std::string& text, const std::shared_ptr<const std::string>& file,
             const std::string& format, const Outside& outside, FileVariables& found) {
    std::vector<WrittenVariable> written;
    if (format.empty())
      parse_dotenv(text, file, outside.value, found.values, from_.diagnostics, &written);
    else if (format == "raw")
      parse_raw_env(text, file, outside.value, found.values, from_.diagnostics, &written);
    else
      from_.diagnostics.add(
          Diagnostic::error("env-file", "unknown format '" + format + "', the only one is 'raw'", where.span));
    for (const WrittenVariable& variable : written) {
      Node node = Node::string(variable.value, variable.where);
      if (from_.tracking != nullptr) tell(node, variable, where, outside, found);
      found.nodes.insert_or_assign(variable.name, std::move(node));
    }
  }

  /// The history of a variable of a file that `directive` names.
  void tell(Node& node, const WrittenVariable& variable, const Node& directive, const Outside& outside,
            const FileVariables& found) const {
    using Kind = OriginStep::Kind;
    Origins& origins = from_.tracking->origins;
    node.origin = origins.add({Kind::EnvFile, {}, directive.span, {}, directive.origin});
    for (const ReplacedVariable& replaced : variable.replaced) {
      Span place;
      if (replaced.by == ReplacedVariable::By::Value) {
        const auto earlier = found.nodes.find(replaced.name);
        place = outside.value(replaced.name)   ? outside.place(replaced.name)
                : earlier != found.nodes.end() ? earlier->second.span
                                               : Span();
      }
      const Kind kind = variable.bare ? Kind::Environment : step_of(replaced.by);
      node.origin = origins.add({kind, replaced.name, std::move(place), {}, node.origin, replaced.part});
    }
    if (const auto earlier = found.nodes.find(variable.name); earlier != found.nodes.end())
      origins.mark_replaced(earlier->second, node);
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
  Outside outside;
  outside.value = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto known = project.find(std::string(name)); known != project.end()) return known->second;
    const Node* own = environment == nullptr ? nullptr : environment->find(name);
    return own == nullptr || own->is_null() ? std::nullopt : std::optional(own->text);
  };
  outside.place = [&](const std::string& name) {
    if (!project.contains(name)) return environment->find(name)->span;
    return reader.place_in_project(name);
  };
  for (const Node& item : files->items) {
    const Node* required = item.find("required");
    const Node* path = item.find("path");
    reader.read(path == nullptr ? item : *path, text_at(item, "path"), text_at(item, "format"),
                required == nullptr || required->is_true(), outside, found, "env file");
  }
  if (!reader.take(found.values, files->span)) return;
  Node merged = environment == nullptr ? Node::map(*files) : *environment;
  reader.add(found, merged);
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
    const std::map<std::string, Node> places = found.nodes;
    const auto place = [&](const std::string& name) { return places.at(name).span; };
    reader.read(item, item.text, "", true, {lookup_in(earlier), place}, found, "label file");
  }
  if (!reader.take(found.values, files->span)) return;
  const Node* labels = service.find("labels");
  Node merged = labels == nullptr ? Node::map(*files) : *labels;
  reader.add(found, merged);
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
