// Phase: consistency. References must name something, attributes must not contradict one another. Services in which a
// mistake was already reported are not asked for what may only be missing because of it.

#include <algorithm>

#include "davit/base/suggest.hpp"
#include "davit/graph/graph.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Kind;
using yaml::Node;

const Node kNothing;

const Node& at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? kNothing : *found;
}

std::vector<std::string> names_in(const Node& map) {
  std::vector<std::string> names;
  for (const Entry& entry : map.entries) names.push_back(entry.key);
  return names;
}

class Checker {
 public:
  Checker(const Node& document, const Node& disabled, const Brought& brought, Diagnostics& diagnostics)
      : document_(document),
        services_(at(document, "services")),
        disabled_(disabled),
        brought_(brought),
        diagnostics_(diagnostics) {}

  void run() {
    for (const Entry& entry : services_.entries) service(entry);
    const Node& secrets = at(document_, "secrets");
    for (const Entry& entry : secrets.entries) {
      const Node& secret = entry.value;
      // Without any source it was reported as an object already.
      const bool has_source = secret.contains("file") || secret.contains("environment") || secret.contains("driver");
      if (has_source && !secret.faulty && !at(secret, "external").is_true() && at(secret, "file").text.empty() &&
          at(secret, "environment").text.empty())
        error("secret-source", "the secret '" + entry.key + "' needs 'file' or 'environment'", entry.key_span);
    }
    flush();
    cycles();
  }

 private:
  Diagnostic& error(std::string code, std::string message, const Span& where) {
    pending_.push_back(Diagnostic::error(std::move(code), std::move(message), where));
    return pending_.back();
  }

  void flush() {
    for (Diagnostic& item : pending_) diagnostics_.add(std::move(item));
    pending_.clear();
  }

  static Span place(const Node& node, const Entry& service) { return node.span.known() ? node.span : service.key_span; }

  /// The `extends` by which a service got what stands in a file.
  [[nodiscard]] const Extension* brought_by(const std::string& service, const std::string& file) const {
    std::vector<std::pair<std::string, std::string>> open{{service, ""}};  // service and file, which may be any
    for (std::size_t i = 0; i < open.size(); ++i) {
      const auto [name, in] = open[i];
      for (const Extension& extension : brought_.extensions) {
        if (extension.service != name || (!in.empty() && extension.file != in)) continue;
        if (extension.base_file == file && extension.file != file) return &extension;
        std::pair<std::string, std::string> base{extension.base, extension.base_file};
        if (std::find(open.begin(), open.end(), base) == open.end()) open.push_back(std::move(base));
      }
    }
    return nullptr;
  }

  /// A reference of a service to something that is not declared.
  void unknown(const Entry& service, const std::string& message, const std::string& name, const Node& declared,
               std::string_view section, const Span& where) {
    if (!brought_.everything) return;  // it may be declared in what could not be read
    auto names = names_in(declared);
    Diagnostic& item = error("unknown-reference", message, where);
    const Extension* extension = where.file ? brought_by(service.key, *where.file) : nullptr;
    if (extension != nullptr)
      item.note("it comes from '" + extension->base + "' of '" + extension->base_file + "': 'extends' takes that " +
                    "service only, not the " + std::string(section) + " beside it",
                extension->where);
    if (!names.empty()) item.note(std::string(section) + " in this project: " + join_names(names));
    if (section == "services") std::erase(names, service.key);  // never what was meant
    if (const auto near = nearest(name, names))
      item.with_hint("did you mean '" + *near + "'?");
    else if (section != "services")
      item.with_hint("declare it at the top level under '" + std::string(section) + ":'");
  }

  void service(const Entry& entry) {
    const Node& service = entry.value;
    image(entry);
    if (!at(service, "build").is_null()) build(entry);
    networks(entry);
    dependencies(entry);
    resources(entry);
    scale(entry);
    limits(entry);
    mounts(entry);
    health(entry);
    flush();
  }

  void image(const Entry& entry) {
    const Node& service = entry.value;
    if (!brought_.everything || service.faulty || !at(service, "image").text.empty() || service.contains("build") ||
        service.contains("provider"))
      return;
    error("no-image", "service '" + entry.key + "' has neither 'image' nor 'build'", entry.key_span)
        .with_hint("name an image, or a folder with a Dockerfile");
  }

  void build(const Entry& entry) {
    const Node& build = at(entry.value, "build");
    if (!at(build, "dockerfile").text.empty() && !at(build, "dockerfile_inline").text.empty())
      error("build-conflict", "service '" + entry.key + "' has both 'dockerfile' and 'dockerfile_inline'",
            place_of(build, "dockerfile_inline"))
          .note("the other is here", place_of(build, "dockerfile"));
    for (const Entry& context : at(build, "additional_contexts").entries) {
      if (!context.value.text.starts_with("service:")) continue;
      const std::string target = context.value.text.substr(8);
      const Node* other = services_.find(target);
      if (other == nullptr)
        unknown(
            entry,
            "the context '" + context.key + "' of service '" + entry.key + "' is the unknown service '" + target + "'",
            target, services_, "services", context.value.span);
      else if (!other->contains("build"))
        error("build-context",
              "the context '" + context.key + "' of service '" + entry.key + "' is service '" + target +
                  "', which is not built",
              context.value.span);
    }
    const std::string& platform = at(entry.value, "platform").text;
    const Node& platforms = at(build, "platforms");
    const auto same = [&](const Node& item) { return item.text == platform; };
    if (!platform.empty() && !platforms.items.empty() &&
        std::none_of(platforms.items.begin(), platforms.items.end(), same))
      error("build-platform", "'build.platforms' of service '" + entry.key + "' lacks its platform '" + platform + "'",
            platforms.span)
          .note("the platform is here", at(entry.value, "platform").span)
          .with_hint("add it to the list");
    for (const Node& secret : at(build, "secrets").items) reference(entry, "build secret", secret, "secrets");
  }

  void networks(const Entry& entry) {
    const Node& networks = at(entry.value, "networks");
    const Node& mode = at(entry.value, "network_mode");
    if (!mode.text.empty() && !networks.entries.empty())
      error("network-conflict", "service '" + entry.key + "' has both 'network_mode' and 'networks'",
            place_of(entry.value, "network_mode"))
          .note("the other is here", place_of(entry.value, "networks"));
    const Node& declared = at(document_, "networks");
    for (const Entry& network : networks.entries)
      if (!declared.contains(network.key))
        unknown(entry, "service '" + entry.key + "' uses the unknown network '" + network.key + "'", network.key,
                declared, "networks", network.key_span.known() ? network.key_span : entry.key_span);
    if (mode.text.starts_with("service:")) {
      const std::string target = mode.text.substr(8);
      if (!services_.contains(target) && !at(entry.value, "depends_on").contains(target))
        unknown(entry, "'network_mode' of service '" + entry.key + "' names the unknown service '" + target + "'",
                target, services_, "services", place(mode, entry));
    }
  }

  void dependencies(const Entry& entry) {
    for (const Entry& dependency : at(entry.value, "depends_on").entries) {
      if (services_.contains(dependency.key)) continue;
      const Span where = dependency.key_span.known() ? dependency.key_span : entry.key_span;
      const Node* disabled = disabled_.find(dependency.key);
      const Node& required = at(dependency.value, "required");
      if (disabled == nullptr) {
        unknown(entry, "service '" + entry.key + "' depends on unknown service '" + dependency.key + "'",
                dependency.key, services_, "services", where);
      } else if (required.is_null() || required.is_true()) {
        pending_.push_back(disabled_dependency(entry, dependency, *disabled));
      }
    }
  }

  void reference(const Entry& entry, std::string_view what, const Node& item, std::string_view section) {
    const Node& source = at(item, "source");
    if (source.text.empty()) {
      error("missing-attribute",
            "a " + std::string(what) + " of service '" + entry.key + "' needs the attribute 'source'",
            place(item, entry))
          .with_hint("name one that is declared under '" + std::string(section) + ":'");
      return;
    }
    const Node& declared = at(document_, section);
    if (!declared.contains(source.text))
      unknown(entry, "service '" + entry.key + "' uses the unknown " + std::string(what) + " '" + source.text + "'",
              source.text, declared, section, place(source, entry));
  }

  void resources(const Entry& entry) {
    for (const Node& volume : at(entry.value, "volumes").items)
      if (at(volume, "type").text == "volume" && !at(volume, "source").text.empty())
        reference(entry, "volume", volume, "volumes");
    for (const Node& config : at(entry.value, "configs").items) reference(entry, "config", config, "configs");
    for (const Node& secret : at(entry.value, "secrets").items) reference(entry, "secret", secret, "secrets");
    for (const Entry& model : at(entry.value, "models").entries)
      if (!at(document_, "models").contains(model.key))
        unknown(entry, "service '" + entry.key + "' uses the unknown model '" + model.key + "'", model.key,
                at(document_, "models"), "models", model.key_span);
  }

  void scale(const Entry& entry) {
    const Node& scale = at(entry.value, "scale");
    const Node& replicas = at(at(entry.value, "deploy"), "replicas");
    if (!scale.is_null() && !replicas.is_null() && scale.text != replicas.text)
      error("scale-conflict", "service '" + entry.key + "' has different values of 'scale' and 'deploy.replicas'",
            scale.span)
          .note("the other is here", replicas.span);
    for (const Node* number : {&scale, &replicas})
      if (number->as_int().value_or(0) < 0)
        error("scale-negative", "the number of replicas of service '" + entry.key + "' is negative", number->span);
    const Node& name = at(entry.value, "container_name");
    const Node& count = scale.is_null() ? replicas : scale;
    if (!name.text.empty() && count.as_int().value_or(1) > 1)
      error("name-scale",
            "service '" + entry.key + "' has a 'container_name' and " + count.text +
                " replicas, but names must be unique",
            name.span)
          .note("the number is here", count.span);
  }

  void limits(const Entry& entry) {
    struct Pair {
      std::string_view attribute;
      std::string_view group;
      std::string_view deploy;
    };
    constexpr Pair kPairs[] = {{"cpus", "limits", "cpus"},
                               {"mem_limit", "limits", "memory"},
                               {"mem_reservation", "reservations", "memory"},
                               {"pids_limit", "limits", "pids"}};
    const Node& deploy = at(at(entry.value, "deploy"), "resources");
    for (const Pair& pair : kPairs) {
      const Node& own = at(entry.value, pair.attribute);
      const Node* group = deploy.find(pair.group);
      if (own.is_null() || own.text == "0" || group == nullptr) continue;
      const Node& other = at(*group, pair.deploy);
      if (other.text == own.text) continue;
      error("limit-conflict",
            "service '" + entry.key + "' has different values of '" + std::string(pair.attribute) +
                "' and 'deploy.resources." + std::string(pair.group) + "." + std::string(pair.deploy) + "'",
            own.span)
          .note(other.is_null() ? "missing here" : "the other is here", other.is_null() ? group->span : other.span);
    }
  }

  void mounts(const Entry& entry) {
    std::map<std::string, Span> targets;
    const auto mount = [&](const std::string& target, const Span& where) {
      const auto [first, fresh] = targets.emplace(target, where);
      if (!fresh)
        error("mount-twice", "service '" + entry.key + "' mounts '" + target + "' twice", where)
            .note("first here", first->second);
    };
    for (const Node& item : at(entry.value, "tmpfs").items) mount(item.text.substr(0, item.text.find(':')), item.span);
    for (const Node& item : at(entry.value, "volumes").items) mount(at(item, "target").text, item.span);
    for (const Node& rule : at(at(entry.value, "develop"), "watch").items) {
      const std::string& action = at(rule, "action").text;
      if (at(rule, "target").text.empty() && action != "rebuild" && action != "restart" && !rule.faulty)
        error("watch-target", "the watch action '" + action + "' of service '" + entry.key + "' needs a 'target'",
              rule.span);
    }
  }

  void health(const Entry& entry) {
    const Node& test = at(at(entry.value, "healthcheck"), "test");
    if (test.items.empty()) return;
    const std::string& head = test.items.front().text;
    if (head == "CMD" || head == "CMD-SHELL" || head == "NONE") return;
    error("health-test",
          "the health check of service '" + entry.key + "' must start with 'CMD', 'CMD-SHELL' or 'NONE', found '" +
              head + "'",
          test.items.front().span)
        .with_hint("write [\"CMD\", \"" + head + "\", …], or one string for a shell command");
  }

  void cycles() {
    graph::Graph graph;
    for (const Entry& entry : services_.entries) {
      graph.add(entry.key);
      for (const Entry& dependency : at(entry.value, "depends_on").entries)
        if (services_.contains(dependency.key)) graph.add_dependency(entry.key, dependency.key, dependency.key_span);
    }
    for (const auto& cycle : graph.cycles()) diagnostics_.add(graph::cycle_diagnostic(cycle));
  }

  const Node& document_;
  const Node& services_;
  const Node& disabled_;
  const Brought& brought_;
  Diagnostics& diagnostics_;
  std::vector<Diagnostic> pending_;
};

}  // namespace

Diagnostic disabled_dependency(const Entry& service, const Entry& dependency, const Node& disabled) {
  const auto& profiles = at(disabled, "profiles").items;
  return Diagnostic::error("disabled-dependency",
                           "service '" + service.key + "' depends on service '" + dependency.key +
                               "', which no active profile enables",
                           dependency.key_span.known() ? dependency.key_span : service.key_span)
      .with_hint("enable it by --profile " + (profiles.empty() ? std::string("…") : profiles.front().text) +
                 ", or write 'required: false'");
}

void check_consistency(const Node& document, const Node& disabled, const Brought& brought, Diagnostics& diagnostics) {
  Checker(document, disabled, brought, diagnostics).run();
}

void scale_to_replicas(Node& services) {
  for (Entry& entry : services.entries) {
    const Node scale = at(entry.value, "scale");
    Node* deploy = entry.value.find("deploy");
    if (!scale.is_null() && deploy != nullptr && deploy->is_map()) deploy->set("replicas", scale);
  }
}

void check_container_names(const Node& services, Diagnostics& diagnostics) {
  std::map<std::string, const Entry*> names;
  for (const Entry& entry : services.entries) {
    const Node& name = at(entry.value, "container_name");
    if (name.text.empty()) continue;
    const auto [first, fresh] = names.emplace(name.text, &entry);
    if (!fresh)
      diagnostics.add(Diagnostic::error("container-name",
                                        "services '" + first->second->key + "' and '" + entry.key +
                                            "' have the same container name '" + name.text + "'",
                                        name.span)
                          .note("the other is here", at(first->second->value, "container_name").span));
  }
}

}  // namespace davit::compose
