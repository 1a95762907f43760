// Phase: bind. The canonical document becomes the typed model; everything has been checked by now. Each subject has a
// file of its own (bind_parts.hpp).

#include "bind_parts.hpp"
#include "davit/base/sha256.hpp"
#include "davit/base/units.hpp"
#include "davit/compose/render.hpp"

namespace davit::compose {
namespace bind {
namespace {

using yaml::Entry;
using yaml::Node;

void pull_policy(const Node& node, model::Service& service, const Surroundings& around) {
  using model::PullPolicy;
  const std::string& policy = node.text;
  if (policy == "always") service.pull_policy = PullPolicy::Always;
  if (policy == "never") service.pull_policy = PullPolicy::Never;
  if (policy == "build") service.pull_policy = PullPolicy::Build;
  if (policy == "refresh") service.pull_policy = PullPolicy::Refresh;
  const auto every = [&](std::chrono::nanoseconds age) {
    service.pull_policy = PullPolicy::Refresh;
    service.pull_refresh_after = age;
  };
  if (policy == "daily") every(std::chrono::hours(24));
  if (policy == "weekly") every(std::chrono::hours(24 * 7));
  if (!policy.starts_with("every_")) return;
  const auto age = parse_duration(std::string_view(policy).substr(6));
  if (age)
    every(*age);
  else
    around.error("pull-policy", "'pull_policy': " + age.error(), node.span, "write 'every_12h', for example");
}

void what_runs(const Node& node, model::Service& service, const Surroundings& around) {
  service.image = text(node, "image");
  if (const Node* build = node.find("build")) service.build = bind::build(*build, around);
  if (const Node* provider = node.find("provider")) {
    model::Provider& bound = service.provider.emplace();
    bound.where = provider->span;
    bound.type = text(*provider, "type");
    for (const Entry& entry : at(*provider, "options").entries) bound.options[entry.key] = texts(entry.value);
  }
  pull_policy(at(node, "pull_policy"), service, around);
  service.platform = text(node, "platform");
  service.runtime = text(node, "runtime");
  service.command = maybe_texts(at(node, "command"));
  service.entrypoint = maybe_texts(at(node, "entrypoint"));
  service.environment = maybe_pairs(at(node, "environment"));
  for (const Node& item : at(node, "env_file").items) {
    const Node& required = at(item, "required");
    service.env_files.push_back(
        {item.span, text(item, "path"), required.is_null() || required.is_true(), text(item, "format")});
  }
  service.user = text(node, "user");
  service.working_dir = text(node, "working_dir");
  service.init = maybe_flag(node, "init");
  service.tty = flag(node, "tty");
  service.stdin_open = flag(node, "stdin_open");
  service.stop_signal = text(node, "stop_signal");
  service.stop_grace_period = duration(node, "stop_grace_period");
}

void identity(const Node& node, model::Service& service) {
  service.container_name = text(node, "container_name");
  service.hostname = text(node, "hostname");
  service.domainname = text(node, "domainname");
  service.labels = pairs(at(node, "labels"));
  service.annotations = pairs(at(node, "annotations"));
  service.scale = integer(node, "scale");
  if (const Node* deploy = node.find("deploy"); deploy != nullptr && deploy->is_map())
    service.deploy = bind::deploy(*deploy);
  service.profiles = texts(at(node, "profiles"));
  service.attach = maybe_flag(node, "attach").value_or(true);
}

void extensions(const Node& node, model::Service& service, const Surroundings& around) {
  for (const Entry& entry : node.entries) {
    const Node& value = entry.value;
    if (entry.key == "full_stop_grace") {
      if (value.kind != yaml::Kind::Bool)
        around.error("type", "'x-davit.full_stop_grace' must be true or false", value.span);
      service.x_davit.full_stop_grace = value.is_true();
    } else if (entry.key == "listen_timeout") {
      const auto limit = parse_duration(value.text);
      if (!limit || limit->count() < 0)
        around.error("type", "'x-davit.listen_timeout' must be a duration", value.span,
                     "such as '30s'; '0s' waits for no port");
      else
        service.x_davit.listen_timeout = *limit;
    } else {
      around.error("unknown-attribute", "unknown attribute '" + entry.key + "' in 'x-davit'", entry.key_span,
                   "known are full_stop_grace and listen_timeout");
    }
  }
}

/// What the model has no field for; whoever runs the service must refuse it.
void others(const Node& node, model::Service& service) {
  for (const char* key : {"credential_spec", "cpu_count", "cpu_percent", "isolation", "models", "use_api_socket"})
    if (const Node* found = node.find(key); found != nullptr && !found->is_null() && found->text != "false")
      service.others[key] = found->span;
  for (const Entry& entry : at(node, "blkio_config").entries)
    if (entry.key != "weight" && !entry.key.starts_with("x-"))
      service.others["blkio_config." + entry.key] = entry.key_span;
  for (const char* group : {"limits", "reservations"})
    if (const Node* found = at(at(at(node, "deploy"), "resources"), group).find("generic_resources"))
      service.others["deploy.resources." + std::string(group) + ".generic_resources"] = found->span;
  if (const Node* placement = at(node, "deploy").find("placement"))
    service.others["deploy.placement"] = placement->span;
}

/// Of the attributes whose items an engine refuses one by one.
void item_places(const Node& node, model::ServicePlaces& where) {
  constexpr const char* kAttributes[] = {"cap_add",      "cap_drop",    "device_cgroup_rules",
                                         "dns",          "extra_hosts", "group_add",
                                         "security_opt", "sysctls",     "ulimits"};
  for (const std::string attribute : kAttributes) {
    const Node& value = at(node, attribute);
    for (const Node& item : value.items) where.attributes[attribute + "." + item.text] = item.span;
    for (const Entry& entry : value.entries) where.attributes[attribute + "." + entry.key] = entry.key_span;
  }
  for (const Entry& network : at(node, "networks").entries)
    for (const Entry& option : network.value.entries)
      where.attributes["networks." + network.key + "." + option.key] = option.value.span;
}

model::Service service_of(const Entry& entry, const Surroundings& around) {
  const auto with_platform = on_default_platform(entry.value, around);
  const Node& node = with_platform ? *with_platform : entry.value;
  model::Service service;
  service.name = entry.key;
  service.where.name = entry.key_span;
  for (const Entry& attribute : node.entries) service.where.attributes[attribute.key] = attribute.value.span;
  item_places(node, service.where);
  what_runs(node, service, around);
  identity(node, service);
  life(node, service);
  network(node, service, around);
  storage(node, service);
  limits(node, service);
  isolation(node, service);
  if (const Node* x = node.find("x-davit")) extensions(*x, service, around);
  others(node, service);
  service.config_json = render_service_config(node);
  // Not part of what docker compose hashes; without it the hash is docker compose's.
  const std::string own = service.x_davit.full_stop_grace ? "x-davit.full_stop_grace" : "";
  service.config_hash = sha256_hex(service.config_json + own);
  return service;
}

}  // namespace

void Surroundings::error(std::string code, std::string message, const Span& where, std::string hint) const {
  auto item = Diagnostic::error(std::move(code), std::move(message), where);
  if (!hint.empty()) item.with_hint(std::move(hint));
  diagnostics.add(std::move(item));
}

}  // namespace bind

void bind_project(const yaml::Node& document, const yaml::Node& disabled, model::Project& project,
                  Diagnostics& diagnostics) {
  using yaml::Entry;
  const bind::Surroundings around{project.environment, project.working_dir, diagnostics};
  const auto each = [&](const char* section, auto bound) {
    for (const Entry& entry : bind::at(document, section).entries) bound(entry);
  };
  each("services", [&](const Entry& entry) {
    project.services.emplace_hint(project.services.end(), entry.key, bind::service_of(entry, around));
  });
  for (const Entry& entry : disabled.entries)
    project.disabled_services.emplace_hint(project.disabled_services.end(), entry.key, bind::service_of(entry, around));
  each("networks", [&](const Entry& entry) { project.networks[entry.key] = bind::network_of(entry); });
  each("volumes", [&](const Entry& entry) { project.volumes[entry.key] = bind::volume_of(entry); });
  each("secrets", [&](const Entry& entry) { project.secrets[entry.key] = bind::file_object(entry); });
  each("configs", [&](const Entry& entry) { project.configs[entry.key] = bind::file_object(entry); });
  each("models", [&](const Entry& entry) { project.models[entry.key] = bind::ai_model(entry); });
}

}  // namespace davit::compose
