#include "bake.hpp"

#include <boost/json.hpp>
#include <filesystem>

#include "json_text.hpp"

namespace davit::cli {
namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& values) {
  json::array out;
  for (const std::string& value : values) out.emplace_back(value);
  return out;
}

template <class Value>
json::object object_of(const std::map<std::string, Value>& values) {
  json::object out;
  for (const auto& [key, value] : values) out[key] = value;
  return out;
}

/// Only what is set is in the file; the order is docker compose's.
class Target {
 public:
  void text(const char* key, const std::string& value) {
    if (!value.empty()) out_[key] = value;
  }
  void list(const char* key, const std::vector<std::string>& values) {
    if (!values.empty()) out_[key] = list_of(values);
  }
  void object(const char* key, const std::map<std::string, std::string>& values) {
    if (!values.empty()) out_[key] = object_of(values);
  }
  void flag(const char* key, bool value) {
    if (value) out_[key] = true;
  }
  [[nodiscard]] json::object take() { return std::move(out_); }

 private:
  json::object out_;
};

std::map<std::string, std::string> args_of(const model::Build& build, const BakeRequest& request) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : build.args)
    if (value) out[name] = *value;
  for (const auto& [name, value] : request.args) out[name] = value;
  return out;
}

std::map<std::string, std::string> contexts_of(const model::Build& build) {
  constexpr std::string_view kService = "service:";
  std::map<std::string, std::string> out = build.additional_contexts;
  for (auto& [name, value] : out)
    if (value.starts_with(kService)) value = "target:" + value.substr(kService.size());
  return out;
}

std::vector<std::string> secrets_of(const model::Project& project, const model::Build& build) {
  std::vector<std::string> out;
  for (const auto& grant : build.secrets) {
    const auto found = project.secrets.find(grant.source);
    const std::string id = "id=" + (grant.target.empty() ? grant.source : grant.target);
    if (found == project.secrets.end()) continue;
    if (!found->second.file.empty())
      out.push_back(id + ",type=file,src=" + found->second.file);
    else if (!found->second.environment.empty())
      out.push_back(id + ",type=env,env=" + found->second.environment);
  }
  return out;
}

std::map<std::string, std::string> hosts_of(const model::Build& build) {
  std::map<std::string, std::string> out;
  for (const auto& [name, addresses] : build.extra_hosts)
    for (const std::string& address : addresses) out[name] += (out[name].empty() ? "" : ",") + address;
  return out;
}

std::vector<std::string> ulimits_of(const model::Build& build) {
  std::vector<std::string> out;
  for (const auto& [name, limit] : build.ulimits)
    out.push_back(name + "=" + std::to_string(limit.soft) + ":" + std::to_string(limit.hard));
  return out;
}

std::vector<std::string> pairs_of(const std::map<std::string, std::string>& values) {
  std::vector<std::string> out;
  for (const auto& [key, value] : values) out.push_back(key + "=" + value);
  return out;
}

std::string dockerfile_of(const model::Build& build) {
  if (!build.dockerfile_inline.empty()) return "";
  const std::string name = build.dockerfile.empty() ? "Dockerfile" : build.dockerfile;
  return name.starts_with('/') ? name : std::filesystem::path(build.context + "/" + name).lexically_normal().string();
}

json::object target_of(const model::Project& project, const model::Service& service, const BakeRequest& request) {
  const model::Build& build = service.build.value();
  Target out;
  out.text("context", build.context);
  out.object("contexts", contexts_of(build));
  out.text("dockerfile", dockerfile_of(build));
  out.text("dockerfile-inline", build.dockerfile_inline);
  out.object("args", args_of(build, request));
  out.object("labels", build.labels);
  std::vector<std::string> tags = build.tags;
  tags.push_back(model::image_name(project, service));
  out.list("tags", tags);
  out.list("cache-from", build.cache_from);
  out.list("cache-to", build.cache_to);
  out.text("target", build.target);
  out.list("secret", secrets_of(project, build));
  out.list("ssh", pairs_of(build.ssh));
  out.list("platforms", build.platforms);
  out.flag("pull", build.pull || request.pull);
  out.flag("no-cache", build.no_cache || request.no_cache);
  out.text("network", build.network);
  out.list("no-cache-filter", build.no_cache_filter);
  if (build.shm_size) out.text("shm-size", std::to_string(*build.shm_size));
  out.list("ulimits", ulimits_of(build));
  out.list("entitlements", build.entitlements);
  out.object("extra-hosts", hosts_of(build));
  out.list("output", {"type=docker"});
  return out.take();
}

}  // namespace

std::string bake_text(const model::Project& project, const BakeRequest& request) {
  json::array names;
  json::object targets;
  for (const model::Service* service : request.services) {
    names.emplace_back(service->name);
    targets[service->name] = target_of(project, *service, request);
  }
  json::object file;
  file["group"] = json::object{{"default", json::object{{"targets", std::move(names)}}}};
  file["target"] = std::move(targets);
  return pretty_json(file, 2);
}

}  // namespace davit::cli
