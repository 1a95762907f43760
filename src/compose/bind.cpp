// Phase: bind. The canonical document becomes the typed model; everything has been checked by now.

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "davit/base/units.hpp"
#include "davit/compose/render.hpp"
#include "phases.hpp"
#include "shapes.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

const Node kNothing;

const Node& at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? kNothing : *found;
}

std::string text(const Node& node, std::string_view key) {
  return at(node, key).text;
}
bool flag(const Node& node, std::string_view key) {
  return at(node, key).is_true();
}

std::optional<bool> maybe_flag(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr || found->is_null() ? std::nullopt : std::optional(found->is_true());
}

std::optional<std::int64_t> integer_of(const Node& node) {
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  return node.text.empty() || result.ec != std::errc{} || result.ptr != end ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> integer(const Node& node, std::string_view key) {
  return integer_of(at(node, key));
}

/// Where 0 means the same as nothing.
std::optional<std::int64_t> nonzero(const Node& node, std::string_view key) {
  const auto value = integer(node, key);
  return value == 0 ? std::nullopt : value;
}

std::optional<std::uint64_t> count(const Node& node, std::string_view key) {
  const auto value = integer(node, key);
  return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<double> number(const Node& node, std::string_view key) {
  const auto value = at(node, key).as_double();
  return value == 0 ? std::nullopt : value;
}

std::optional<std::chrono::nanoseconds> duration(const Node& node, std::string_view key) {
  const Node& found = at(node, key);
  if (found.is_null() || found.text.empty()) return std::nullopt;
  const auto value = parse_duration(found.text);
  return value ? std::optional(*value) : std::nullopt;
}

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> result;
  result.reserve(list.items.size());
  for (const Node& item : list.items) result.push_back(item.text);
  return result;
}

std::optional<std::vector<std::string>> maybe_texts(const Node& list) {
  return list.is_list() ? std::optional(texts(list)) : std::nullopt;
}

std::map<std::string, std::string> pairs(const Node& map) {
  std::map<std::string, std::string> result;
  for (const Entry& entry : map.entries) result.emplace_hint(result.end(), entry.key, entry.value.text);
  return result;
}

std::map<std::string, std::optional<std::string>> maybe_pairs(const Node& map) {
  std::map<std::string, std::optional<std::string>> result;
  for (const Entry& entry : map.entries)
    result.emplace_hint(result.end(), entry.key,
                        entry.value.is_null() ? std::nullopt : std::optional(entry.value.text));
  return result;
}

std::map<std::string, std::vector<std::string>> hosts(const Node& list) {
  std::map<std::string, std::vector<std::string>> result;
  for (const Node& item : list.items) {
    const std::size_t equals = item.text.find('=');
    result[item.text.substr(0, equals)].push_back(equals == std::string::npos ? "" : item.text.substr(equals + 1));
  }
  return result;
}

std::map<std::string, model::Ulimit> ulimits(const Node& map) {
  std::map<std::string, model::Ulimit> result;
  for (const Entry& entry : map.entries) {
    const std::int64_t single = integer_of(entry.value).value_or(0);
    result[entry.key] = entry.value.is_map() ? model::Ulimit{integer(entry.value, "soft").value_or(0),
                                                             integer(entry.value, "hard").value_or(0)}
                                             : model::Ulimit{single, single};
  }
  return result;
}

std::string sha256(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4U];
    hex += kHex[digest[i] & 15U];
  }
  return hex;
}

class Binder {
 public:
  Binder(const model::Project& project, Diagnostics& diagnostics)
      : environment_(project.environment), working_dir_(project.working_dir), diagnostics_(diagnostics) {}

  model::Service service(const Entry& entry) {
    const auto with_platform = on_default_platform(entry.value);
    const Node& node = with_platform ? *with_platform : entry.value;
    model::Service service;
    service.name = entry.key;
    service.where.name = entry.key_span;
    for (const Entry& attribute : node.entries) service.where.attributes[attribute.key] = attribute.value.span;
    what_runs(node, service);
    identity(node, service);
    life(node, service);
    network(node, service);
    files(node, service);
    limits(node, service);
    isolation(node, service);
    if (const Node* x = node.find("x-davit")) extensions(*x, service);
    others(node, service);
    service.config_json = render_service_config(node);
    service.config_hash = sha256(service.config_json);
    return service;
  }

  static model::Network network_of(const Entry& entry) {
    const Node& node = entry.value;
    model::Network network;
    network.where = entry.key_span;
    network.key = entry.key;
    network.name = text(node, "name");
    network.driver = text(node, "driver");
    network.driver_opts = pairs(at(node, "driver_opts"));
    const Node& ipam = at(node, "ipam");
    network.ipam_driver = text(ipam, "driver");
    network.ipam_options = pairs(at(ipam, "options"));
    for (const Node& item : at(ipam, "config").items) {
      model::IpamPool& pool = network.ipam_config.emplace_back();
      pool.where = item.span;
      pool.subnet = text(item, "subnet");
      pool.ip_range = text(item, "ip_range");
      pool.gateway = text(item, "gateway");
      pool.aux_addresses = pairs(at(item, "aux_addresses"));
    }
    network.external = flag(node, "external");
    network.internal = flag(node, "internal");
    network.attachable = flag(node, "attachable");
    network.enable_ipv4 = maybe_flag(node, "enable_ipv4");
    network.enable_ipv6 = maybe_flag(node, "enable_ipv6");
    network.labels = pairs(at(node, "labels"));
    network.config_hash = sha256(render_network_config(node));
    return network;
  }

  static model::Volume volume_of(const Entry& entry) {
    const Node& node = entry.value;
    model::Volume volume;
    volume.where = entry.key_span;
    volume.key = entry.key;
    volume.name = text(node, "name");
    volume.driver = text(node, "driver");
    volume.driver_opts = pairs(at(node, "driver_opts"));
    volume.external = flag(node, "external");
    volume.labels = pairs(at(node, "labels"));
    volume.config_hash = sha256(render_volume_config(node));
    return volume;
  }

  static model::FileObject file_object(const Entry& entry) {
    const Node& node = entry.value;
    model::FileObject object;
    object.where = entry.key_span;
    object.key = entry.key;
    object.name = text(node, "name");
    object.file = text(node, "file");
    object.environment = text(node, "environment");
    for (const char* source : {"content", "x-#value"})
      if (const Node* content = node.find(source)) object.content = content->text;
    object.external = flag(node, "external");
    object.driver = text(node, "driver");
    object.driver_opts = pairs(at(node, "driver_opts"));
    object.template_driver = text(node, "template_driver");
    object.labels = pairs(at(node, "labels"));
    return object;
  }

  static model::AiModel ai_model(const Entry& entry) {
    model::AiModel model;
    model.where = entry.key_span;
    model.key = entry.key;
    model.name = text(entry.value, "name");
    model.model = text(entry.value, "model");
    model.context_size = integer(entry.value, "context_size");
    model.runtime_flags = texts(at(entry.value, "runtime_flags"));
    return model;
  }

 private:
  void error(std::string code, std::string message, const Span& where, std::string hint = {}) {
    auto item = Diagnostic::error(std::move(code), std::move(message), where);
    if (!hint.empty()) item.with_hint(std::move(hint));
    diagnostics_.add(std::move(item));
  }

  /// DOCKER_DEFAULT_PLATFORM is the platform of built services that name none; nullopt when that changes nothing.
  std::optional<Node> on_default_platform(const Node& service) {
    const auto found = environment_.find("DOCKER_DEFAULT_PLATFORM");
    const Node* build = service.find("build");
    if (found == environment_.end() || found->second.empty() || build == nullptr || !text(service, "platform").empty())
      return std::nullopt;
    const auto& platforms = at(*build, "platforms").items;
    const auto same = [&](const Node& item) { return item.text == found->second; };
    if (!platforms.empty() && std::none_of(platforms.begin(), platforms.end(), same))
      error("build-platform", "'build.platforms' lacks the platform '" + found->second + "' of DOCKER_DEFAULT_PLATFORM",
            at(*build, "platforms").span, "add it, or set 'platform' of the service");
    Node copy = service;
    copy.set("platform", Node::string(found->second, *build));
    return copy;
  }

  void what_runs(const Node& node, model::Service& service) {
    service.image = text(node, "image");
    if (const Node* build = node.find("build")) service.build = bind_build(*build);
    if (const Node* provider = node.find("provider")) {
      model::Provider& bound = service.provider.emplace();
      bound.where = provider->span;
      bound.type = text(*provider, "type");
      for (const Entry& entry : at(*provider, "options").entries) bound.options[entry.key] = texts(entry.value);
    }
    pull_policy(at(node, "pull_policy"), service);
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

  void pull_policy(const Node& node, model::Service& service) {
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
      error("pull-policy", "'pull_policy': " + age.error(), node.span, "write 'every_12h', for example");
  }

  model::Build bind_build(const Node& node) {
    model::Build build;
    build.where = node.span;
    for (const Entry& entry : node.entries) build.places[entry.key] = entry.value.span;
    build.context = text(node, "context").empty() ? working_dir_ : text(node, "context");
    build.dockerfile = text(node, "dockerfile");
    build.dockerfile_inline = text(node, "dockerfile_inline");
    build.args = maybe_pairs(at(node, "args"));
    build.target = text(node, "target");
    build.labels = pairs(at(node, "labels"));
    build.additional_contexts = pairs(at(node, "additional_contexts"));
    build.cache_from = texts(at(node, "cache_from"));
    build.cache_to = texts(at(node, "cache_to"));
    build.no_cache = flag(node, "no_cache");
    build.no_cache_filter = texts(at(node, "no_cache_filter"));
    build.pull = flag(node, "pull");
    build.privileged = flag(node, "privileged");
    build.network = text(node, "network");
    build.isolation = text(node, "isolation");
    build.shm_size = nonzero(node, "shm_size");
    build.tags = texts(at(node, "tags"));
    build.platforms = texts(at(node, "platforms"));
    build.entitlements = texts(at(node, "entitlements"));
    for (const Node& key : at(node, "ssh").items) {
      const std::size_t equals = key.text.find('=');
      build.ssh[key.text.substr(0, equals)] = equals == std::string::npos ? "" : key.text.substr(equals + 1);
    }
    build.secrets = grants(at(node, "secrets"), "");
    build.extra_hosts = hosts(at(node, "extra_hosts"));
    build.ulimits = ulimits(at(node, "ulimits"));
    build.provenance = text(node, "provenance");
    build.sbom = text(node, "sbom");
    return build;
  }

  void identity(const Node& node, model::Service& service) {
    service.container_name = text(node, "container_name");
    service.hostname = text(node, "hostname");
    service.domainname = text(node, "domainname");
    service.labels = pairs(at(node, "labels"));
    service.annotations = pairs(at(node, "annotations"));
    service.scale = integer(node, "scale");
    if (const Node* deploy = node.find("deploy"); deploy != nullptr && deploy->is_map())
      service.deploy = bind_deploy(*deploy);
    service.profiles = texts(at(node, "profiles"));
    service.attach = maybe_flag(node, "attach").value_or(true);
  }

  static model::Deploy bind_deploy(const Node& node) {
    model::Deploy deploy;
    deploy.where = node.span;
    deploy.mode = text(node, "mode");
    deploy.replicas = integer(node, "replicas");
    deploy.labels = pairs(at(node, "labels"));
    deploy.limits = resources(at(at(node, "resources"), "limits"));
    deploy.reservations = resources(at(at(node, "resources"), "reservations"));
    if (const Node* restart = node.find("restart_policy"))
      deploy.restart_policy = model::DeployRestart{text(*restart, "condition"), duration(*restart, "delay"),
                                                   count(*restart, "max_attempts"), duration(*restart, "window")};
    const auto update = [&](const char* key) -> std::optional<model::UpdatePolicy> {
      const Node* found = node.find(key);
      if (found == nullptr) return std::nullopt;
      model::UpdatePolicy policy;
      policy.parallelism = count(*found, "parallelism");
      policy.delay = duration(*found, "delay");
      policy.failure_action = text(*found, "failure_action");
      policy.monitor = duration(*found, "monitor");
      policy.max_failure_ratio = number(*found, "max_failure_ratio").value_or(0);
      policy.order = text(*found, "order");
      return policy;
    };
    deploy.update_config = update("update_config");
    deploy.rollback_config = update("rollback_config");
    deploy.endpoint_mode = text(node, "endpoint_mode");
    return deploy;
  }

  static model::Resources resources(const Node& node) {
    return {number(node, "cpus"), nonzero(node, "memory"), nonzero(node, "pids"), device_requests(at(node, "devices"))};
  }

  static std::vector<model::DeviceRequest> device_requests(const Node& list) {
    std::vector<model::DeviceRequest> requests;
    for (const Node& item : list.items)
      requests.push_back({item.span, texts(at(item, "capabilities")), text(item, "driver"), integer(item, "count"),
                          texts(at(item, "device_ids")), pairs(at(item, "options"))});
    return requests;
  }

  void life(const Node& node, model::Service& service) {
    for (const Entry& entry : at(node, "depends_on").entries) {
      model::Dependency& dependency = service.depends_on[entry.key];
      dependency.where = entry.key_span;
      const std::string condition = text(entry.value, "condition");
      if (condition == "service_healthy") dependency.condition = model::DependencyCondition::Healthy;
      if (condition == "service_completed_successfully")
        dependency.condition = model::DependencyCondition::CompletedSuccessfully;
      dependency.restart = flag(entry.value, "restart");
      dependency.required = maybe_flag(entry.value, "required").value_or(true);
    }
    if (const Node* check = node.find("healthcheck")) service.healthcheck = health(*check);
    restart(node, service);
    service.pre_start = hooks(at(node, "pre_start"));
    service.post_start = hooks(at(node, "post_start"));
    service.pre_stop = hooks(at(node, "pre_stop"));
    for (const Node& item : at(at(node, "develop"), "watch").items) {
      model::WatchRule& rule = service.watch.emplace_back();
      rule.where = item.span;
      rule.path = text(item, "path");
      rule.action = text(item, "action");
      rule.target = text(item, "target");
      rule.ignore = texts(at(item, "ignore"));
      rule.include = texts(at(item, "include"));
      if (const Node* exec = item.find("exec")) rule.exec = hook(*exec);
      rule.initial_sync = flag(item, "initial_sync");
    }
  }

  static model::Healthcheck health(const Node& node) {
    model::Healthcheck check;
    check.where = node.span;
    if (!at(node, "test").items.empty()) check.test = texts(at(node, "test"));
    check.interval = duration(node, "interval");
    check.timeout = duration(node, "timeout");
    check.start_period = duration(node, "start_period");
    check.start_interval = duration(node, "start_interval");
    check.retries = count(node, "retries");
    check.disable = flag(node, "disable");
    return check;
  }

  /// `deploy.restart_policy` wins over `restart`.
  void restart(const Node& node, model::Service& service) {
    using model::RestartMode;
    if (service.deploy && service.deploy->restart_policy) {
      const model::DeployRestart& policy = *service.deploy->restart_policy;
      if (policy.condition == "on-failure") service.restart = {RestartMode::OnFailure, policy.max_attempts};
      if (policy.condition == "any" || policy.condition.empty()) service.restart = {RestartMode::Always, std::nullopt};
      return;
    }
    const Node& value = at(node, "restart");
    const std::string& name = value.text;
    const std::string head = name.substr(0, name.find(':'));
    if (name == "always") {
      service.restart.mode = RestartMode::Always;
    } else if (name == "unless-stopped") {
      service.restart.mode = RestartMode::UnlessStopped;
    } else if (head == "on-failure") {
      service.restart.mode = RestartMode::OnFailure;
      if (head.size() == name.size()) return;
      std::uint64_t attempts = 0;
      const char* end = name.data() + name.size();
      const auto result = std::from_chars(name.data() + head.size() + 1, end, attempts);
      if (result.ec != std::errc{} || result.ptr != end)
        error("restart", "'restart': expected 'on-failure:NUMBER', found '" + name + "'", value.span);
      service.restart.max_attempts = attempts;
    } else if (!name.empty() && name != "no") {
      error("restart", "'restart' must be one of no, always, on-failure[:NUMBER], unless-stopped, found '" + name + "'",
            value.span);
    }
  }

  static model::Hook hook(const Node& node) {
    return {node.span,
            texts(at(node, "command")),
            text(node, "user"),
            flag(node, "privileged"),
            text(node, "working_dir"),
            maybe_pairs(at(node, "environment")),
            text(node, "image"),
            flag(node, "per_replica")};
  }

  static std::vector<model::Hook> hooks(const Node& list) {
    std::vector<model::Hook> result;
    for (const Node& item : list.items) result.push_back(hook(item));
    return result;
  }

  void network(const Node& node, model::Service& service) {
    for (const Node& item : at(node, "ports").items) service.ports.push_back(port(item));
    service.expose = texts(at(node, "expose"));
    for (const Entry& entry : at(node, "networks").entries) {
      model::NetworkAttachment& attachment = service.networks[entry.key];
      const Node& options = entry.value;
      attachment.where = entry.key_span;
      attachment.aliases = texts(at(options, "aliases"));
      attachment.ipv4_address = text(options, "ipv4_address");
      attachment.ipv6_address = text(options, "ipv6_address");
      attachment.link_local_ips = texts(at(options, "link_local_ips"));
      attachment.mac_address = text(options, "mac_address");
      attachment.interface_name = text(options, "interface_name");
      attachment.driver_opts = pairs(at(options, "driver_opts"));
      attachment.priority = integer(options, "priority").value_or(0);
      attachment.gw_priority = integer(options, "gw_priority").value_or(0);
    }
    service.network_mode = text(node, "network_mode");
    service.mac_address = text(node, "mac_address");
    service.extra_hosts = hosts(at(node, "extra_hosts"));
    service.dns = texts(at(node, "dns"));
    service.dns_search = texts(at(node, "dns_search"));
    service.dns_opt = texts(at(node, "dns_opt"));
    service.links = texts(at(node, "links"));
    service.external_links = texts(at(node, "external_links"));
  }

  model::Port port(const Node& node) {
    model::Port port;
    port.where = node.span;
    port.name = text(node, "name");
    port.target = port_number(at(node, "target"), node);
    if (port.target == 0 && text(node, "target") == "0")
      error("port-number", "the container port must be at least 1, found 0", node.span);
    port.host_ip = text(node, "host_ip");
    port.protocol = text(node, "protocol");
    port.mode = text(node, "mode");
    port.app_protocol = text(node, "app_protocol");
    const Node& published = at(node, "published");
    if (published.text.empty()) return port;
    const std::size_t dash = published.text.find('-');
    Node first = published;
    first.text = published.text.substr(0, dash);
    Node last = published;
    last.text = dash == std::string::npos ? first.text : published.text.substr(dash + 1);
    const model::PortRange range{port_number(first, published), port_number(last, published)};
    if (range.last < range.first)
      error("port-range", "the port range '" + published.text + "' runs backwards", published.span);
    // 0 asks for any free port, as if there were none.
    if (range.first != 0) port.published = range;
    return port;
  }

  std::uint16_t port_number(const Node& node, const Node& place) {
    const auto value = integer_of(node);
    if (value && *value >= 0 && *value <= 65535) return static_cast<std::uint16_t>(*value);
    error("port-number", "a port must be a number up to 65535, found '" + node.text + "'", place.span);
    return 0;
  }

  void files(const Node& node, model::Service& service) {
    for (const Node& item : at(node, "volumes").items) service.volumes.push_back(mount(item));
    service.volumes_from = texts(at(node, "volumes_from"));
    for (const Node& item : at(node, "tmpfs").items) {
      const std::size_t colon = item.text.find(':');
      service.tmpfs.push_back(
          {item.span, item.text.substr(0, colon), colon == std::string::npos ? "" : item.text.substr(colon + 1)});
    }
    service.secrets = grants(at(node, "secrets"), "/run/secrets/");
    service.configs = grants(at(node, "configs"), "/");
    for (const Node& item : at(node, "devices").items)
      service.devices.push_back({item.span, text(item, "source"), text(item, "target"), text(item, "permissions")});
    service.device_cgroup_rules = texts(at(node, "device_cgroup_rules"));
    service.gpus = device_requests(at(node, "gpus"));
    service.read_only = flag(node, "read_only");
    service.shm_size = nonzero(node, "shm_size");
    service.storage_opt = pairs(at(node, "storage_opt"));
    if (const Node* logging = node.find("logging"))
      service.logging = model::Logging{logging->span, text(*logging, "driver"), pairs(at(*logging, "options"))};
  }

  static model::Mount mount(const Node& node) {
    using model::MountType;
    model::Mount mount;
    mount.where = node.span;
    const std::string type = text(node, "type");
    mount.type = type == "bind"      ? MountType::Bind
                 : type == "tmpfs"   ? MountType::Tmpfs
                 : type == "image"   ? MountType::Image
                 : type == "cluster" ? MountType::Cluster
                 : type == "npipe"   ? MountType::NamedPipe
                                     : MountType::Volume;
    mount.source = text(node, "source");
    mount.target = text(node, "target");
    mount.read_only = flag(node, "read_only");
    mount.consistency = text(node, "consistency");
    const Node& bind = at(node, "bind");
    mount.propagation = text(bind, "propagation");
    mount.create_host_path = maybe_flag(bind, "create_host_path").value_or(false);
    mount.recursive = text(bind, "recursive");
    mount.selinux = text(bind, "selinux");
    const Node& volume = at(node, "volume");
    mount.no_copy = flag(volume, "nocopy");
    mount.subpath = text(volume, "subpath") + text(at(node, "image"), "subpath");
    mount.labels = pairs(at(volume, "labels"));
    const Node& tmpfs = at(node, "tmpfs");
    mount.tmpfs_size = nonzero(tmpfs, "size");
    if (const auto mode = integer(tmpfs, "mode")) mount.tmpfs_mode = static_cast<std::uint32_t>(*mode);
    return mount;
  }

  /// A target that is not absolute lies in `folder`; without one it is named as the source.
  static std::vector<model::FileGrant> grants(const Node& list, const std::string& folder) {
    std::vector<model::FileGrant> result;
    for (const Node& item : list.items) {
      model::FileGrant& grant = result.emplace_back();
      grant.where = item.span;
      grant.source = text(item, "source");
      grant.target = text(item, "target").empty() ? grant.source : text(item, "target");
      if (!folder.empty() && !grant.target.starts_with('/')) grant.target = folder + grant.target;
      if (item.contains("uid")) grant.uid = text(item, "uid");
      if (item.contains("gid")) grant.gid = text(item, "gid");
      if (const auto mode = integer(item, "mode")) grant.mode = static_cast<std::uint32_t>(*mode);
    }
    return result;
  }

  static void limits(const Node& node, model::Service& service) {
    const model::Deploy none;
    const model::Deploy& deploy = service.deploy ? *service.deploy : none;
    const auto either = [](auto own, auto other) { return own ? own : other; };
    service.cpus = either(number(node, "cpus"), deploy.limits.cpus);
    service.mem_limit = either(nonzero(node, "mem_limit"), deploy.limits.memory);
    service.mem_reservation = either(nonzero(node, "mem_reservation"), deploy.reservations.memory);
    service.pids_limit = either(nonzero(node, "pids_limit"), deploy.limits.pids);
    service.memswap_limit = nonzero(node, "memswap_limit");
    service.mem_swappiness = integer(node, "mem_swappiness");
    service.cpu_shares = nonzero(node, "cpu_shares");
    service.cpu_quota = nonzero(node, "cpu_quota");
    service.cpu_period = nonzero(node, "cpu_period");
    service.cpu_rt_period = nonzero(node, "cpu_rt_period");
    service.cpu_rt_runtime = nonzero(node, "cpu_rt_runtime");
    service.cpuset = text(node, "cpuset");
    service.ulimits = ulimits(at(node, "ulimits"));
    service.oom_kill_disable = flag(node, "oom_kill_disable");
    service.oom_score_adj = integer(node, "oom_score_adj");
    if (const auto weight = nonzero(at(node, "blkio_config"), "weight"))
      service.blkio_weight = static_cast<std::uint16_t>(*weight);
  }

  static void isolation(const Node& node, model::Service& service) {
    service.privileged = flag(node, "privileged");
    service.cap_add = texts(at(node, "cap_add"));
    service.cap_drop = texts(at(node, "cap_drop"));
    service.security_opt = texts(at(node, "security_opt"));
    service.group_add = texts(at(node, "group_add"));
    service.sysctls = pairs(at(node, "sysctls"));
    service.pid = text(node, "pid");
    service.ipc = text(node, "ipc");
    service.uts = text(node, "uts");
    service.userns_mode = text(node, "userns_mode");
    service.cgroup = text(node, "cgroup");
    service.cgroup_parent = text(node, "cgroup_parent");
  }

  void extensions(const Node& node, model::Service& service) {
    for (const Entry& entry : node.entries) {
      const Node& value = entry.value;
      if (entry.key == "full_stop_grace") {
        if (value.kind != yaml::Kind::Bool) error("type", "'x-davit.full_stop_grace' must be true or false", value.span);
        service.x_davit.full_stop_grace = value.is_true();
      } else if (entry.key == "listen_timeout") {
        const auto limit = parse_duration(value.text);
        if (!limit || limit->count() < 0)
          error("type", "'x-davit.listen_timeout' must be a duration", value.span, "such as '30s'; '0s' waits for no port");
        else
          service.x_davit.listen_timeout = *limit;
      } else {
        error("unknown-attribute", "unknown attribute '" + entry.key + "' in 'x-davit'", entry.key_span,
              "known are full_stop_grace and listen_timeout");
      }
    }
  }

  /// What the model has no field for; whoever runs the service must refuse it.
  static void others(const Node& node, model::Service& service) {
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

  const Environment& environment_;
  const std::string& working_dir_;
  Diagnostics& diagnostics_;
};

}  // namespace

void bind_project(const Node& document, const Node& disabled, model::Project& project, Diagnostics& diagnostics) {
  Binder binder(project, diagnostics);
  for (const Entry& entry : at(document, "services").entries)
    project.services.emplace_hint(project.services.end(), entry.key, binder.service(entry));
  for (const Entry& entry : disabled.entries)
    project.disabled_services.emplace_hint(project.disabled_services.end(), entry.key, binder.service(entry));
  for (const Entry& entry : at(document, "networks").entries) project.networks[entry.key] = Binder::network_of(entry);
  for (const Entry& entry : at(document, "volumes").entries) project.volumes[entry.key] = Binder::volume_of(entry);
  for (const Entry& entry : at(document, "secrets").entries) project.secrets[entry.key] = Binder::file_object(entry);
  for (const Entry& entry : at(document, "configs").entries) project.configs[entry.key] = Binder::file_object(entry);
  for (const Entry& entry : at(document, "models").entries) project.models[entry.key] = Binder::ai_model(entry);
}

}  // namespace davit::compose
