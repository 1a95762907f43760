// Phases: default values, and checks of single objects.

#include "davit/compose/origin.hpp"
#include "phases.hpp"
#include "short_forms.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

template <class Action>
void each_item(Node* list, Action action) {
  if (list == nullptr) return;
  for (Node& item : list->items) action(item);
}

Node* find_path(Node& node, std::initializer_list<const char*> keys) {
  Node* at = &node;
  for (const char* key : keys)
    if ((at = at->find(key)) == nullptr) return nullptr;
  return at;
}

void set_if_missing(Node& map, std::string_view key, Node value) {
  if (map.is_map() && !map.contains(key)) map.set(key, by_default(std::move(value)));
}

void device_request(Node& request) {
  if (!request.contains("count") && !request.contains("device_ids"))
    set_if_missing(request, "count", Node::string("all", request));
}

void service_defaults(Node& service) {
  if (Node* build = service.find("build"); build != nullptr && build->is_map()) {
    set_if_missing(*build, "context", Node::string(".", *build));
  }
  each_item(service.find("secrets"), [](Node& secret) {
    const Node* source = secret.find("source");
    set_if_missing(secret, "target",
                   Node::string("/run/secrets/" + (source == nullptr ? std::string() : source->text), secret));
  });
  each_item(service.find("ports"), [](Node& port) {
    set_if_missing(port, "protocol", Node::string("tcp", port));
    set_if_missing(port, "mode", Node::string("ingress", port));
  });
  each_item(find_path(service, {"deploy", "resources", "reservations", "devices"}), device_request);
  each_item(service.find("gpus"), device_request);
  each_item(service.find("volumes"), [](Node& volume) {
    if (Node* bind = volume.find("bind")) set_if_missing(*bind, "create_host_path", Node::boolean(true, *bind));
  });
}

class ObjectChecker {
 public:
  explicit ObjectChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void service(Node& service) {
    each_item(service.find("ports"), [&](Node& port) {
      const Node* ip = port.find("host_ip");
      if (ip != nullptr && !is_ip_address(ip->text))
        error("host-ip", "'" + ip->text + "' is not an IP address", ip->span,
              ip->text == "localhost" ? "write '127.0.0.1'" : "");
    });
    each_item(find_path(service, {"develop", "watch"}), [&](Node& rule) {
      const Node* path = rule.find("path");
      if (path != nullptr && path->text.empty()) error("watch-path", "the path to watch is empty", path->span);
    });
    const auto request = [&](Node& device) {
      if (device.contains("count") && device.contains("device_ids"))
        diagnostics_.add(Diagnostic::error("device-request", "'count' and 'device_ids' exclude one another",
                                           place_of(device, "device_ids"))
                             .note("the other is here", place_of(device, "count"))
                             .with_hint("keep one of them"));
    };
    each_item(find_path(service, {"deploy", "resources", "reservations", "devices"}), request);
    each_item(service.find("gpus"), request);
  }

  void volume(const Entry& entry) {
    const Node* external = entry.value.find("external");
    if (external == nullptr || !external->is_true()) return;
    for (const Entry& other : entry.value.entries)
      if (other.key != "name" && other.key != "external" && !other.key.starts_with("x-"))
        diagnostics_.add(
            Diagnostic::error("external-conflict",
                              "the volume '" + entry.key + "' is external, which excludes '" + other.key + "'",
                              place_of(entry.value, other.key))
                .note("the other is here", place_of(entry.value, "external"))
                .with_hint("remove one of them: davit neither makes nor changes external volumes"));
  }

  void file_object(const Entry& entry, std::string_view what, const std::vector<std::string>& sources) {
    std::vector<const Entry*> found;
    std::string all;
    for (const std::string& source : sources) {
      all += (all.empty() ? "'" : ", '") + source + "'";
      if (const Entry* item = entry.value.find_entry(source)) found.push_back(item);
    }
    if (found.size() > 1) {
      diagnostics_.add(Diagnostic::error("file-object",
                                         "the " + std::string(what) + " '" + entry.key + "' has both '" +
                                             found[0]->key + "' and '" + found[1]->key + "'",
                                         found[1]->key_span)
                           .note("the other is here", found[0]->key_span)
                           .with_hint("keep one of " + all));
    } else if (found.empty() && !entry.value.contains("driver") && !entry.value.contains("external") &&
               !entry.value.faulty) {
      error("file-object", "the " + std::string(what) + " '" + entry.key + "' needs one of " + all, entry.key_span);
    }
  }

 private:
  void error(std::string code, std::string message, const Span& where, std::string hint = {}) {
    auto item = Diagnostic::error(std::move(code), std::move(message), where);
    if (!hint.empty()) item.with_hint(std::move(hint));
    diagnostics_.add(std::move(item));
  }

  Diagnostics& diagnostics_;
};

}  // namespace

void set_defaults(Node& document) {
  if (Node* services = document.find("services"))
    for (Entry& entry : services->entries) service_defaults(entry.value);
}

void check_objects(Node& document, Diagnostics& diagnostics) {
  ObjectChecker checker(diagnostics);
  const auto each = [&](const char* section, auto check) {
    if (Node* resources = document.find(section))
      for (Entry& entry : resources->entries) check(entry);
  };
  each("services", [&](Entry& entry) { checker.service(entry.value); });
  each("volumes", [&](Entry& entry) { checker.volume(entry); });
  each("configs", [&](Entry& entry) { checker.file_object(entry, "config", {"file", "environment", "content"}); });
  each("secrets", [&](Entry& entry) { checker.file_object(entry, "secret", {"file", "environment"}); });
}

}  // namespace davit::compose
