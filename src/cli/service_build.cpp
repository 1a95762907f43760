#include "service_build.hpp"

#include <algorithm>
#include <cctype>

#include "build_flags.hpp"
#include "davit/base/error.hpp"
#include "davit/image/image_config.hpp"

namespace davit::cli {
namespace {

/// Refuses keys of one service, each at its place.
class Refusals {
 public:
  explicit Refusals(const model::Service& service) : service_(service), build_(*service.build) {}

  void key(bool is_set, const std::string& name) const {
    if (is_set) throw Error(problem("'build." + name + "'", name));
  }
  void value(bool is_bad, const std::string& name, const std::string& value, const std::string& hint = {}) const {
    if (!is_bad) return;
    auto diagnostic = problem("'build." + name + ": " + value + "'", name);
    if (!hint.empty()) diagnostic.with_hint(hint);
    throw Error(std::move(diagnostic));
  }

 private:
  [[nodiscard]] Diagnostic problem(const std::string& what, const std::string& name) const {
    return Diagnostic::error("not-supported", what + " of service '" + service_.name + "' is not supported yet",
                             build_.of(name));
  }
  const model::Service& service_;
  const model::Build& build_;
};

bool says_no(const std::string& text) {
  return text.empty() || text == "false";
}

bool is_this_machines(const std::string& platform) {
  const std::string own = "linux/" + image::host_architecture();
  return platform == own || platform.starts_with(own + "/");
}

void refuse_unsupported(const model::Service& service) {
  const model::Build& build = *service.build;
  const Refusals refuse(service);
  const bool is_url = build.context.find("://") != std::string::npos || build.context.starts_with("git@");
  refuse.value(is_url, "context", build.context, "clone or download it, and give its folder");
  refuse.key(!build.ssh.empty(), "ssh");
  refuse.key(build.privileged, "privileged");
  refuse.key(!build.cache_to.empty(), "cache_to");
  refuse.value(!build.isolation.empty() && build.isolation != "default", "isolation", build.isolation);
  refuse.value(!says_no(build.provenance), "provenance", build.provenance);
  refuse.value(!says_no(build.sbom), "sbom", build.sbom);
  for (const std::string& platform : build.platforms)
    refuse.value(!is_this_machines(platform), "platforms", platform,
                 "this machine builds for 'linux/" + image::host_architecture() + "'");
  refuse.value(!service.platform.empty() && !is_this_machines(service.platform), "platform", service.platform);
}

/// The problem as it is, at the key's place.
template <class Read>
auto at_key(const model::Build& build, const std::string& key, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    Diagnostic diagnostic = error.diagnostic();
    diagnostic.where = build.of(key);
    throw Error(std::move(diagnostic));
  }
}

build::SecretValue secret_value(const model::Project& project, const model::FileGrant& grant) {
  const auto found = project.secrets.find(grant.source);
  if (found == project.secrets.end())
    throw Error(Diagnostic::error("unknown-secret", "secret '" + grant.source + "' is not declared", grant.where));
  const model::FileObject& object = found->second;
  if (!object.file.empty()) return {object.file, std::nullopt};
  if (object.content) return {"", object.content};
  throw Error(Diagnostic::error("not-supported", "secret '" + grant.source + "' has neither 'file' nor 'environment'",
                                grant.where));
}

/// "service:x" is the image of service x.
void add_contexts(const model::Project& project, const model::Service& service, build::BuildRequest& request) {
  const model::Build& build = service.build.value();
  for (const auto& [name, value] : build.additional_contexts) {
    std::string resolved = value;
    if (const auto other = context_service(value)) {
      const model::Service* const found = find_service(project, *other);
      if (found == nullptr)
        throw Error(Diagnostic::error(
            "unknown-service",
            "the context '" + name + "' of service '" + service.name + "' is the unknown service '" + *other + "'",
            build.of("additional_contexts")));
      resolved = "docker-image://" + model::image_name(project, *found);
    }
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.contexts[key] = resolved;
  }
}

void add_run_settings(const model::Build& build, build::BuildRequest& request) {
  request.network = at_key(build, "network", [&] { return parse_run_network(build.network); });
  request.host_network = at_key(build, "entitlements", [&] { return parse_allowed(build.entitlements); });
  for (const auto& [name, addresses] : build.extra_hosts)
    for (const std::string& address : addresses) request.extra_hosts.emplace_back(name, address);
  for (const auto& [name, limit] : build.ulimits) request.ulimits.push_back({name, limit.soft, limit.hard});
  request.shm_size = build.shm_size;
}

}  // namespace

build::BuildRequest build_request(const model::Project& project, const model::Service& service,
                                  const Environment& environment) {
  refuse_unsupported(service);
  const model::Build& build = service.build.value();
  build::BuildRequest request;
  request.context = build.context;
  if (!build.dockerfile_inline.empty()) {
    request.dockerfile = service.name + " (dockerfile_inline)";
    request.dockerfile_text = build.dockerfile_inline;
  } else if (!build.dockerfile.empty()) {
    request.dockerfile = build.dockerfile.starts_with("/") ? build.dockerfile : build.context + "/" + build.dockerfile;
  }
  for (const auto& [name, value] : build.args)
    if (const auto given = value ? value : environment(name)) request.args.emplace(name, *given);
  request.target = build.target;
  request.labels = build.labels;
  request.tags = {model::image_name(project, service)};
  request.tags.insert(request.tags.end(), build.tags.begin(), build.tags.end());
  for (const auto& grant : build.secrets)
    request.secrets.emplace(grant.target.empty() ? grant.source : grant.target, secret_value(project, grant));
  if (build.no_cache) request.cache = build::CacheUse::Ignore;
  request.uncached_stages.insert(build.no_cache_filter.begin(), build.no_cache_filter.end());
  add_contexts(project, service, request);
  add_run_settings(build, request);
  return request;
}

const model::Service* find_service(const model::Project& project, const std::string& name) {
  for (const auto* services : {&project.services, &project.disabled_services})
    if (const auto found = services->find(name); found != services->end()) return &found->second;
  return nullptr;
}

std::optional<std::string> context_service(const std::string& value) {
  constexpr std::string_view kService = "service:";
  return value.starts_with(kService) ? std::optional(value.substr(kService.size())) : std::nullopt;
}

Diagnostics build_warnings(const model::Service& service) {
  Diagnostics out;
  if (!service.build) return out;
  const model::Build& build = *service.build;
  const auto warn = [&](const std::string& key, const std::string& why) {
    out.add(Diagnostic::warning(
        "no-effect", "'build." + key + "' of service '" + service.name + "' has no effect: " + why, build.of(key)));
  };
  if (!build.cache_from.empty()) warn("cache_from", "davit keeps its own cache, and reads no other yet");
  if (build.pull) warn("pull", "davit cannot pull yet, so a base image is the one that is on this machine");
  return out;
}

}  // namespace davit::cli
