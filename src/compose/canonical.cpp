// Phase: canonical form. Short forms become long ones: "80:80" a port with its fields, "./a:/b" a mount, a string of
// `build:` a context.

#include <algorithm>

#include "davit/compose/origin.hpp"
#include "entries.hpp"
#include "limits.hpp"
#include "phases.hpp"
#include "short_forms.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

Node text_at(std::string text, const Node& from) {
  return Node::string(std::move(text), from);
}

class Canonicalizer {
 public:
  Canonicalizer(bool lenient, Diagnostics& diagnostics, Origins* origins)
      : lenient_(lenient), diagnostics_(diagnostics), origins_(origins) {}

  void run(Node& document) {
    if (Node* services = document.find("services"))
      for (Entry& entry : services->entries)
        if (entry.value.is_map()) service(entry.value);
    for (const char* section : {"volumes", "networks", "secrets", "configs"})
      if (Node* resources = document.find(section))
        for (Entry& entry : resources->entries) external(entry);
    if (Node* include = document.find("include"))
      for (Node& item : include->items)
        if (item.is_string()) wrap(item, "path");
  }

 private:
  void error(std::string code, std::string message, const Span& where, std::string hint = {}) {
    auto item = Diagnostic::error(std::move(code), std::move(message), where);
    if (!hint.empty()) item.with_hint(std::move(hint));
    diagnostics_.add(std::move(item));
  }

  /// A value made from a part of a text: of the variables in the text, it has those of its part in its history.
  [[nodiscard]] Node of_part(Node value, const TextPart& part) {
    if (origins_ != nullptr) value.origin = origins_->of_part(value.origin, part);
    return value;
  }

  /// A scalar becomes {key: scalar}.
  static void wrap(Node& node, std::string_view key) {
    Node map = Node::map(node);
    const Span span = node.span;
    map.set(key, std::move(node), span);
    node = std::move(map);
  }

  static void as_list(Node* node) {
    if (node == nullptr || !node->is_string()) return;
    Node list = Node::list(*node);
    list.items.push_back(std::move(*node));
    *node = std::move(list);
  }

  static void names_as_map(Node* node) {
    if (node == nullptr || !node->is_list()) return;
    std::vector<Entry> entries;
    for (Node& item : node->items) entries.push_back({item.text, item.span, Node::null(item)});
    *node = map_of(*node, std::move(entries));
  }

  void service(Node& service) {
    if (Node* node = service.find("build")) build(*node);
    if (Node* node = service.find("depends_on")) depends_on(*node);
    if (Node* node = service.find("env_file")) env_file(*node);
    as_list(service.find("label_file"));
    if (Node* node = service.find("extends"); node != nullptr && node->is_string()) wrap(*node, "service");
    if (Node* node = service.find("gpus"); node != nullptr && node->is_string()) gpus(*node);
    names_as_map(service.find("networks"));
    names_as_map(service.find("models"));
    if (Node* node = service.find("volumes")) volumes(*node);
    as_list(service.find("dns"));
    if (Node* dns = service.find("dns"); dns != nullptr && dns->is_list())
      std::erase_if(dns->items, [](const Node& item) { return item.is_null() || item.text.empty(); });
    if (Node* node = service.find("devices")) devices(*node);
    for (const char* key : {"secrets", "configs"})
      if (Node* node = service.find(key)) grants(*node);
    if (Node* node = service.find("ports")) ports(*node);
    if (Node* node = service.find("ulimits")) ulimits(*node);
    if (Node* develop = service.find("develop"))
      if (Node* watch = develop->find("watch"))
        for (Node& rule : watch->items) {
          as_list(rule.find("ignore"));
          as_list(rule.find("include"));
        }
  }

  void build(Node& build) {
    if (build.is_string()) return wrap(build, "context");
    for (const char* key : {"provenance", "sbom"})
      if (Node* node = build.find(key)) *node = text_at(node->text, *node);
    if (Node* node = build.find("secrets")) grants(*node);
    if (Node* node = build.find("additional_contexts")) key_values(*node);
    if (Node* node = build.find("ssh")) ssh(*node);
    if (Node* node = build.find("ulimits")) ulimits(*node);
  }

  void key_values(Node& node) {
    if (!node.is_list()) return;
    std::vector<Entry> entries;
    for (Node& item : node.items) {
      const std::size_t equals = item.text.find('=');
      if (equals == std::string::npos) {
        if (may_hold_variables(item)) return;
        error("additional-context", "expected 'name=context', found '" + item.text + "'", item.span);
        continue;
      }
      entries.push_back({item.text.substr(0, equals), item.span, behind(item, equals)});
    }
    node = map_of(node, std::move(entries));
  }

  /// The value of "name=value".
  [[nodiscard]] Node behind(const Node& item, std::size_t equals) {
    return of_part(text_at(item.text.substr(equals + 1), item), {equals + 1, item.text.size()});
  }

  void ssh(Node& node) {
    if (!node.is_list()) return;
    Node map = Node::map(node);
    for (Node& item : node.items) {
      const std::size_t equals = item.text.find('=');
      if (equals == std::string::npos && item.text != "default")
        error("ssh-key", "an ssh key is 'default' or 'id=path', found '" + item.text + "'", item.span);
      else
        map.set(item.text.substr(0, equals), equals == std::string::npos ? Node::null(item) : behind(item, equals),
                item.span);
    }
    node = std::move(map);
  }

  void depends_on(Node& node) {
    names_as_map(&node);
    for (Entry& entry : node.entries) {
      const KnownOrigin why = entry.value.is_null() ? KnownOrigin::Implied : KnownOrigin::Default;
      if (entry.value.is_null()) entry.value = Node::map(entry.value);
      const auto set_missing = [&](const char* key, Node value) {
        if (!entry.value.contains(key)) entry.value.set(key, by_default(std::move(value), why));
      };
      set_missing("condition", text_at("service_started", entry.value));
      set_missing("required", Node::boolean(true, entry.value));
    }
  }

  static void env_file(Node& node) {
    as_list(&node);
    for (Node& item : node.items) {
      if (item.is_string()) wrap(item, "path");
      if (!item.contains("required")) item.set("required", by_default(Node::boolean(true, item)));
    }
  }

  static void gpus(Node& node) {
    Node list = Node::list(node);
    Node all = Node::map(node);
    all.set("count", text_at("all", node));
    list.items.push_back(std::move(all));
    node = std::move(list);
  }

  /// Without interpolation a short form that holds a variable cannot be read yet.
  [[nodiscard]] bool may_hold_variables(const Node& node) const {
    return lenient_ && node.text.find('$') != std::string::npos;
  }

  void needs_target(const Node& item, const std::string& what) {
    if (!item.contains("target") && !item.faulty)
      error("missing-attribute", what + " needs the attribute 'target', the path in the container", item.span);
  }

  void volumes(Node& node) {
    for (Node& item : node.items) {
      if (item.is_map()) needs_target(item, "a volume");
      if (!item.is_string()) continue;
      const auto parsed = parse_short_volume(item.text);
      if (!parsed) {
        if (may_hold_variables(item)) continue;
        error("volume-syntax", "invalid volume '" + item.text + "': " + parsed.error(), item.span,
              "write 'source:target[:options]', such as './data:/var/lib/data:ro'");
        item.faulty = true;
        continue;
      }
      item = long_volume(*parsed, item);
    }
    std::erase_if(node.items, [](const Node& item) { return item.faulty && item.is_string(); });
  }

  Node long_volume(const ShortVolume& parsed, const Node& item) {
    Node mount = Node::map(item);
    // Which type it is follows from the source, or from there being none.
    const TextPart& decides = parsed.source.empty() ? parsed.target_at : parsed.source_at;
    mount.set("type", of_part(text_at(parsed.type, item), decides));
    if (!parsed.source.empty()) mount.set("source", of_part(text_at(parsed.source, item), parsed.source_at));
    mount.set("target", of_part(text_at(clean_path(parsed.target), item), parsed.target_at));
    const Node from_options = of_part(Node::boolean(true, item), parsed.options_at);
    if (parsed.read_only) mount.set("read_only", from_options);
    const bool has_bind = parsed.type == "bind" || !parsed.propagation.empty() || !parsed.selinux.empty();
    if (has_bind) {
      Node bind = of_part(Node::map(item), decides);
      if (parsed.type == "bind") bind.set("create_host_path", by_default(Node::boolean(true, item)));
      if (!parsed.propagation.empty()) bind.set("propagation", text_at(parsed.propagation, from_options));
      if (!parsed.selinux.empty()) bind.set("selinux", text_at(parsed.selinux, from_options));
      mount.set("bind", std::move(bind));
    }
    if ((parsed.type == "volume" && item.text.size() > 2) || parsed.no_copy) {
      Node volume = of_part(Node::map(item), decides);
      if (parsed.no_copy) volume.set("nocopy", from_options);
      mount.set("volume", std::move(volume));
    }
    for (const std::string& option : parsed.unknown)
      if (option != "cached" && option != "delegated" && option != "consistent")  // mean something on macOS only
        diagnostics_.add(
            Diagnostic::warning("volume-option", "the volume option '" + option + "' is not known and has no effect",
                                item.span)
                .note("known are ro, rw, nocopy, z, Z, private, rprivate, shared, rshared, slave, rslave"));
    return mount;
  }

  void devices(Node& node) {
    for (Node& item : node.items) {
      if (item.is_map()) needs_target(item, "a device");
      if (!item.is_string()) continue;
      std::vector<Node> parts;
      for (std::size_t from = 0;;) {
        const std::size_t colon = item.text.find(':', from);
        parts.push_back(
            of_part(text_at(item.text.substr(from, colon - from), item), {from, std::min(colon, item.text.size())}));
        if (colon == std::string::npos) break;
        from = colon + 1;
      }
      if (parts.size() > 3) {
        if (!may_hold_variables(item))
          error("device-syntax", "invalid device '" + item.text + "': too many colons", item.span,
                "write 'source[:target[:permissions]]', or the long form");
        continue;
      }
      Node device = Node::map(item);
      device.set("source", parts[0]);
      device.set("target", parts.size() > 1 && !parts[1].text.empty() ? parts[1] : parts[0]);
      device.set("permissions", parts.size() > 2 ? parts[2] : by_default(text_at("rwm", item)));
      item = std::move(device);
    }
  }

  static void grants(Node& node) {
    for (Node& item : node.items)
      if (item.is_string()) wrap(item, "source");
  }

  void ports(Node& node) {
    const auto unreadable = [&](const Node& item) { return may_hold_variables(item) && !parse_short_port(item.text); };
    if (std::any_of(node.items.begin(), node.items.end(), unreadable)) return;
    std::vector<Node> ports;
    for (Node& item : node.items) {
      if (item.is_map()) {
        if (!item.contains("target")) {
          error("port-syntax", "a port needs the attribute 'target', the port in the container", item.span);
          node.faulty = true;
          continue;
        }
        ports.push_back(std::move(item));
        continue;
      }
      if (item.kind == Kind::Float) {
        error("port-syntax", "a port must be an integer, found " + item.text, item.span);
        node.faulty = true;
        continue;
      }
      if (!expanded_.take(0)) {  // reported; a range costs time even when it is not kept
        node.faulty = true;
        continue;
      }
      const auto parsed = parse_short_port(item.text);
      if (!parsed) {
        error("port-syntax", "invalid port '" + item.text + "': " + parsed.error(), item.span,
              "write '[[address:]host:]container[/protocol]', such as '127.0.0.1:8080:80/tcp'");
        node.faulty = true;
        continue;
      }
      if (!expanded_.take(parsed->size())) {
        if (expanded_.report())
          error("load-limit", "short forms of ports stand for more than " + std::to_string(kMostPorts) + " ports",
                item.span, "publish the few that are needed");
        node.faulty = true;
        continue;
      }
      for (const ShortPort& port : *parsed) {
        if (port.target == 0)
          error("port-number", "the container port must be at least 1, found 0", item.span);
        else
          ports.push_back(long_port(port, item));
      }
    }
    node.items = std::move(ports);
  }

  [[nodiscard]] Node long_port(const ShortPort& port, const Node& item) {
    Node map = Node::map(item);
    map.set("mode", by_default(text_at("ingress", item)));
    map.set("target", of_part(Node::integer(port.target, item), port.target_at));
    const bool said = port.protocol_at.from != port.protocol_at.to;
    const Node protocol = text_at(port.protocol, item);
    map.set("protocol", said ? of_part(protocol, port.protocol_at) : by_default(protocol));
    if (!port.host_ip.empty()) map.set("host_ip", of_part(text_at(port.host_ip, item), port.host_ip_at));
    if (!port.published.empty()) map.set("published", of_part(text_at(port.published, item), port.published_at));
    return map;
  }

  void ulimits(Node& node) {
    for (Entry& entry : node.entries)
      if ((entry.value.is_string() && !may_hold_variables(entry.value)) || entry.value.kind == Kind::Float)
        error("ulimit", "the limit '" + entry.key + "' must be an integer, found '" + entry.value.text + "'",
              entry.value.span);
  }

  void external(Entry& entry) {
    Node& resource = entry.value;
    Node* external = resource.find("external");
    if (external == nullptr || !external->is_map()) return;
    const Node* found = external->find("name");
    const Node old_name = found == nullptr ? Node::null() : *found;
    *external = Node::boolean(true, *external);
    if (old_name.is_null()) return;
    diagnostics_.add(Diagnostic::warning("external-name", "'external.name' is deprecated", old_name.span)
                         .with_hint("write 'name: " + old_name.text + "' and 'external: true'"));
    const Node* name = resource.find("name");
    if (name == nullptr)
      resource.set("name", old_name);
    else if (name->text != old_name.text)
      diagnostics_.add(
          Diagnostic::error("external-name", "'name' and 'external.name' of '" + entry.key + "' differ", old_name.span)
              .note("the other is here", name->span)
              .with_hint("use 'name' only"));
  }

  bool lenient_;
  Diagnostics& diagnostics_;
  Origins* origins_;
  Budget expanded_{kMostPorts};
};

}  // namespace

void make_canonical(Node& document, bool lenient, Diagnostics& diagnostics, Origins* origins) {
  Canonicalizer(lenient, diagnostics, origins).run(document);
}

}  // namespace davit::compose
