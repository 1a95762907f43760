#include "shapes.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace davit::compose {
namespace {

using F = Form;

constexpr Field kGrantFields[] = {{"source"}, {"target"}, {"uid"}, {"gid"}, {"mode", F::FileMode}};
constexpr Shape kGrant{kGrantFields};

constexpr Field kBuildFields[] = {
    {"context"},
    {"dockerfile"},
    {"dockerfile_inline"},
    {"entitlements", F::TextList},
    {"args", F::MaybePairs},
    {"provenance"},
    {"sbom"},
    {"ssh", F::SshKeys},
    {"labels", F::Pairs},
    {"cache_from", F::TextList},
    {"cache_to", F::TextList},
    {"no_cache", F::Boolean},
    {"no_cache_filter", F::TextList},
    {"additional_contexts", F::Pairs},
    {"pull", F::Boolean},
    {"extra_hosts", F::Hosts},
    {"isolation"},
    {"network"},
    {"target"},
    {"secrets", F::ObjectList, &kGrant},
    {"shm_size", F::Bytes},
    {"tags", F::TextList},
    {"ulimits", F::LimitMap},
    {"platforms", F::TextList},
    {"privileged", F::Boolean},
};
constexpr Shape kBuild{kBuildFields};

constexpr Field kHookFields[] = {
    {"command", F::Command},     {"image"},       {"user"},
    {"privileged", F::Boolean},  {"working_dir"}, {"environment", F::MaybePairs},
    {"per_replica", F::Boolean},
};
constexpr Shape kHook{kHookFields};

constexpr Field kWatchFields[] = {
    {"path", F::RequiredText},         {"action", F::RequiredText}, {"target"},
    {"exec", F::InlineObject, &kHook}, {"include", F::TextList},    {"ignore", F::TextList},
    {"initial_sync", F::Boolean},
};
constexpr Shape kWatch{kWatchFields};
constexpr Field kDevelopFields[] = {{"watch", F::ObjectList, &kWatch}};
constexpr Shape kDevelop{kDevelopFields};

constexpr Field kWeightDeviceFields[] = {{"path", F::RequiredText, nullptr, "Path"},
                                         {"weight", F::RequiredPlainInteger, nullptr, "Weight"}};
constexpr Shape kWeightDevice{kWeightDeviceFields};
constexpr Field kThrottleFields[] = {{"path", F::RequiredText, nullptr, "Path"},
                                     {"rate", F::RequiredBytes, nullptr, "Rate"}};
constexpr Shape kThrottle{kThrottleFields};
constexpr Field kBlkioFields[] = {
    {"weight", F::PlainInteger},
    {"weight_device", F::ObjectList, &kWeightDevice},
    {"device_read_bps", F::ObjectList, &kThrottle},
    {"device_read_iops", F::ObjectList, &kThrottle},
    {"device_write_bps", F::ObjectList, &kThrottle},
    {"device_write_iops", F::ObjectList, &kThrottle},
};
constexpr Shape kBlkio{kBlkioFields};

constexpr Field kCredentialFields[] = {{"config"}, {"file"}, {"registry"}};
constexpr Shape kCredential{kCredentialFields};

constexpr Field kDependencyFields[] = {{"condition"}, {"restart", F::Boolean}, {"required", F::RequiredBoolean}};
constexpr Shape kDependency{kDependencyFields};

constexpr Field kDeviceRequestFields[] = {
    {"capabilities", F::TextList}, {"driver"}, {"count", F::DeviceCount}, {"device_ids", F::TextList},
    {"options", F::Pairs},
};
constexpr Shape kDeviceRequest{kDeviceRequestFields};

constexpr Field kDiscreteFields[] = {{"kind", F::RequiredText}, {"value", F::RequiredInteger}};
constexpr Shape kDiscrete{kDiscreteFields};
constexpr Field kGenericFields[] = {{"discrete_resource_spec", F::Object, &kDiscrete}};
constexpr Shape kGeneric{kGenericFields};
constexpr Field kResourceFields[] = {
    {"cpus", F::Number},
    {"memory", F::Bytes},
    {"pids", F::Integer},
    {"devices", F::ObjectList, &kDeviceRequest},
    {"generic_resources", F::ObjectList, &kGeneric},
};
constexpr Shape kResource{kResourceFields};
constexpr Field kResourcesFields[] = {{"limits", F::Object, &kResource}, {"reservations", F::Object, &kResource}};
constexpr Shape kResources{kResourcesFields};
constexpr Field kUpdateFields[] = {
    {"parallelism", F::MaybeCount}, {"delay", F::Duration},           {"failure_action"},
    {"monitor", F::Duration},       {"max_failure_ratio", F::Number}, {"order"},
};
constexpr Shape kUpdate{kUpdateFields};
constexpr Field kRestartFields[] = {
    {"condition"},
    {"delay", F::MaybeDuration},
    {"max_attempts", F::MaybeCount},
    {"window", F::MaybeDuration},
};
constexpr Shape kRestart{kRestartFields};
constexpr Field kPreferenceFields[] = {{"spread"}};
constexpr Shape kPreference{kPreferenceFields};
constexpr Field kPlacementFields[] = {
    {"constraints", F::TextList},
    {"preferences", F::ObjectList, &kPreference},
    {"max_replicas_per_node", F::Count},
};
constexpr Shape kPlacement{kPlacementFields};
constexpr Field kDeployFields[] = {
    {"mode"},
    {"replicas", F::MaybeInteger},
    {"labels", F::Pairs},
    {"update_config", F::Object, &kUpdate},
    {"rollback_config", F::Object, &kUpdate},
    {"resources", F::InlineObject, &kResources},
    {"restart_policy", F::Object, &kRestart},
    {"placement", F::InlineObject, &kPlacement},
    {"endpoint_mode"},
};
constexpr Shape kDeploy{kDeployFields};

constexpr Field kDeviceFields[] = {{"source"}, {"target"}, {"permissions"}};
constexpr Shape kDevice{kDeviceFields};

constexpr Field kProviderFields[] = {{"type"}, {"options", F::MultiPairs}};
constexpr Shape kProvider{kProviderFields};
constexpr Field kEnvFileFields[] = {{"path"}, {"required", F::OptOut}, {"format"}};
constexpr Shape kEnvFile{kEnvFileFields};
constexpr Field kExtendsFields[] = {{"file"}, {"service"}};
constexpr Shape kExtends{kExtendsFields};

constexpr Field kHealthFields[] = {
    {"test", F::Test},          {"timeout", F::MaybeDuration},      {"interval", F::MaybeDuration},
    {"retries", F::MaybeCount}, {"start_period", F::MaybeDuration}, {"start_interval", F::MaybeDuration},
    {"disable", F::Boolean},
};
constexpr Shape kHealth{kHealthFields};

constexpr Field kLoggingFields[] = {{"driver"}, {"options", F::Pairs}};
constexpr Shape kLogging{kLoggingFields};
constexpr Field kServiceModelFields[] = {{"endpoint_var"}, {"model_var"}};
constexpr Shape kServiceModel{kServiceModelFields};

constexpr Field kAttachmentFields[] = {
    {"aliases", F::TextList}, {"driver_opts", F::Pairs}, {"gw_priority", F::Integer},     {"interface_name"},
    {"ipv4_address"},         {"ipv6_address"},          {"link_local_ips", F::TextList}, {"mac_address"},
    {"priority", F::Integer},
};
constexpr Shape kAttachment{kAttachmentFields};

constexpr Field kPortFields[] = {
    {"name"}, {"mode"}, {"host_ip"}, {"target", F::Count}, {"published", F::PortText}, {"protocol"}, {"app_protocol"}};
constexpr Shape kPort{kPortFields};

constexpr Field kBindFields[] = {{"selinux"}, {"propagation"}, {"create_host_path", F::OptOut}, {"recursive"}};
constexpr Shape kBind{kBindFields};
constexpr Field kMountVolumeFields[] = {{"labels", F::Pairs}, {"nocopy", F::Boolean}, {"subpath"}};
constexpr Shape kMountVolume{kMountVolumeFields};
constexpr Field kMountTmpfsFields[] = {{"size", F::Bytes}, {"mode", F::PlainCount}};
constexpr Shape kMountTmpfs{kMountTmpfsFields};
constexpr Field kMountImageFields[] = {{"subpath"}};
constexpr Shape kMountImage{kMountImageFields};
constexpr Field kMountFields[] = {
    {"type"},
    {"source"},
    {"target"},
    {"read_only", F::Boolean},
    {"consistency"},
    {"bind", F::Object, &kBind},
    {"volume", F::Object, &kMountVolume},
    {"tmpfs", F::Object, &kMountTmpfs},
    {"image", F::Object, &kMountImage},
};
constexpr Shape kMount{kMountFields};

constexpr Field kServiceFields[] = {
    {"profiles", F::TextList},
    {"annotations", F::Pairs},
    {"attach", F::MaybeBoolean},
    {"build", F::Object, &kBuild},
    {"develop", F::Object, &kDevelop},
    {"blkio_config", F::Object, &kBlkio},
    {"cap_add", F::TextList},
    {"cap_drop", F::TextList},
    {"cgroup_parent"},
    {"cgroup"},
    {"cpu_count", F::Integer},
    {"cpu_percent", F::Number},
    {"cpu_period", F::Integer},
    {"cpu_quota", F::Integer},
    {"cpu_rt_period", F::Integer},
    {"cpu_rt_runtime", F::Integer},
    {"cpus", F::Number},
    {"cpuset"},
    {"cpu_shares", F::Integer},
    {"command", F::Command},
    {"configs", F::ObjectList, &kGrant},
    {"container_name"},
    {"credential_spec", F::Object, &kCredential},
    {"depends_on", F::ObjectMap, &kDependency},
    {"deploy", F::Object, &kDeploy},
    {"device_cgroup_rules", F::TextList},
    {"devices", F::ObjectList, &kDevice},
    {"dns", F::TextList},
    {"dns_opt", F::TextList},
    {"dns_search", F::TextList},
    {"domainname"},
    {"entrypoint", F::Command},
    {"provider", F::Object, &kProvider},
    {"environment", F::MaybePairs},
    {"env_file", F::ObjectList, &kEnvFile},
    {"expose", F::PortList},
    {"extends", F::Object, &kExtends},
    {"external_links", F::TextList},
    {"extra_hosts", F::Hosts},
    {"group_add", F::PortList},
    {"gpus", F::ObjectList, &kDeviceRequest},
    {"hostname"},
    {"healthcheck", F::Object, &kHealth},
    {"image"},
    {"init", F::MaybeBoolean},
    {"ipc"},
    {"isolation"},
    {"labels", F::Pairs},
    {"label_file", F::TextList},
    {"links", F::TextList},
    {"logging", F::Object, &kLogging},
    {"mem_limit", F::Bytes},
    {"mem_reservation", F::Bytes},
    {"memswap_limit", F::Bytes},
    {"mem_swappiness", F::Bytes},
    {"mac_address"},
    {"models", F::ObjectMap, &kServiceModel},
    {"network_mode"},
    {"networks", F::ObjectMap, &kAttachment},
    {"oom_kill_disable", F::Boolean},
    {"oom_score_adj", F::Integer},
    {"pid"},
    {"pids_limit", F::Integer},
    {"platform"},
    {"ports", F::ObjectList, &kPort},
    {"privileged", F::Boolean},
    {"pull_policy"},
    {"read_only", F::Boolean},
    {"restart"},
    {"runtime"},
    {"scale", F::MaybeInteger},
    {"secrets", F::ObjectList, &kGrant},
    {"security_opt", F::TextList},
    {"shm_size", F::Bytes},
    {"stdin_open", F::Boolean},
    {"stop_grace_period", F::MaybeDuration},
    {"stop_signal"},
    {"storage_opt", F::TextPairs},
    {"sysctls", F::Pairs},
    {"tmpfs", F::TextList},
    {"tty", F::Boolean},
    {"ulimits", F::LimitMap},
    {"use_api_socket", F::Boolean},
    {"user"},
    {"userns_mode"},
    {"uts"},
    {"volumes", F::ObjectList, &kMount},
    {"volumes_from", F::TextList},
    {"working_dir"},
    {"pre_start", F::ObjectList, &kHook},
    {"post_start", F::ObjectList, &kHook},
    {"pre_stop", F::ObjectList, &kHook},
};
constexpr Shape kService{kServiceFields};

constexpr Field kPoolFields[] = {{"subnet"}, {"gateway"}, {"ip_range"}, {"aux_addresses", F::Pairs}};
constexpr Shape kPool{kPoolFields};
constexpr Field kIpamFields[] = {{"driver"}, {"config", F::ObjectList, &kPool}, {"options", F::Pairs}};
constexpr Shape kIpam{kIpamFields};
constexpr Field kNetworkFields[] = {
    {"name"},
    {"driver"},
    {"driver_opts", F::Pairs},
    {"ipam", F::InlineObject, &kIpam},
    {"external", F::Boolean},
    {"internal", F::Boolean},
    {"attachable", F::Boolean},
    {"labels", F::Pairs},
    {"enable_ipv4", F::MaybeBoolean},
    {"enable_ipv6", F::MaybeBoolean},
};
constexpr Shape kNetwork{kNetworkFields};
constexpr Field kVolumeFields[] = {
    {"name"}, {"driver"}, {"driver_opts", F::Pairs}, {"external", F::Boolean}, {"labels", F::Pairs}};
constexpr Shape kVolume{kVolumeFields};
constexpr Field kFileObjectFields[] = {
    {"name"},
    {"file"},
    {"environment"},
    {"content"},
    {"external", F::Boolean},
    {"labels", F::Pairs},
    {"driver"},
    {"driver_opts", F::Pairs},
    {"template_driver"},
};
constexpr Shape kFileObject{kFileObjectFields};
constexpr Field kModelFields[] = {{"name"}, {"model"}, {"context_size", F::Integer}, {"runtime_flags", F::TextList}};
constexpr Shape kModel{kModelFields};

}  // namespace

namespace {

/// Names to positions, sorted by name.
using FieldIndex = std::vector<std::pair<std::string_view, std::size_t>>;
using Indexes = std::unordered_map<const Shape*, FieldIndex>;

void add_index(Indexes& indexes, const Shape& shape) {
  if (indexes.contains(&shape)) return;
  FieldIndex index;
  for (std::size_t i = 0; i < shape.fields.size(); ++i) index.emplace_back(shape.fields[i].name, i);
  std::sort(index.begin(), index.end());
  indexes.emplace(&shape, std::move(index));
  for (const Field& field : shape.fields)
    if (field.shape != nullptr) add_index(indexes, *field.shape);
}

const FieldIndex& index_of(const Shape& shape) {
  static const Indexes kIndexes = [] {
    Indexes indexes;
    for (const Shape* root : {&kService, &kNetwork, &kVolume, &kFileObject, &kModel}) add_index(indexes, *root);
    return indexes;
  }();
  return kIndexes.at(&shape);
}

}  // namespace

std::optional<std::size_t> Shape::position(std::string_view name) const {
  const FieldIndex& index = index_of(*this);
  const auto at = std::lower_bound(index.begin(), index.end(), name,
                                   [](const auto& item, std::string_view wanted) { return item.first < wanted; });
  return at != index.end() && at->first == name ? std::optional(at->second) : std::nullopt;
}

const Field* Shape::find(std::string_view name) const {
  const auto found = position(name);
  return found ? &fields[*found] : nullptr;
}

const Shape& service_shape() {
  return kService;
}
const Shape& network_shape() {
  return kNetwork;
}
const Shape& volume_shape() {
  return kVolume;
}
const Shape& file_object_shape() {
  return kFileObject;
}
const Shape& model_shape() {
  return kModel;
}

const Shape* section_shape(std::string_view section) {
  if (section == "services") return &kService;
  if (section == "networks") return &kNetwork;
  if (section == "volumes") return &kVolume;
  if (section == "secrets" || section == "configs") return &kFileObject;
  if (section == "models") return &kModel;
  return nullptr;
}

}  // namespace davit::compose
