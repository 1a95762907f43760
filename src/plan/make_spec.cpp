#include "davit/plan/make_spec.hpp"

#include "davit/plan/config_diff.hpp"
#include "davit/plan/labels.hpp"
#include "spec_parts.hpp"

namespace davit::plan {
namespace {

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + item;
  return out;
}

std::string depends_on_text(const model::Service& service) {
  std::vector<std::string> items;
  for (const auto& [name, dependency] : service.depends_on)
    items.push_back(name + ":" + model::to_string(dependency.condition) + ":" +
                    (dependency.restart ? "true" : "false"));
  return join(items);
}

}  // namespace

std::string donors_text(const std::map<std::string, ContainerId>& donors) {
  std::vector<std::string> items;
  for (const auto& [service, id] : donors) items.push_back(service + "=" + id.str());
  return join(items);
}

void fill_labels(const SpecInput& input, engine::ContainerSpec& spec) {
  const model::Service& service = input.service;
  auto& labels = spec.labels;
  labels = input.image.labels;
  for (const auto& [name, value] : service.labels) labels[name] = value;
  labels[label::kProject] = input.project.name;
  labels[label::kService] = service.name;
  labels[label::kOneOff] = input.one_off ? "True" : "False";
  labels[label::kVersion] = DAVIT_VERSION;
  labels[label::kConfigHash] = service.config_hash;
  labels[label::kImage] = input.image.id.str();
  labels[label::kWorkingDir] = input.project.working_dir;
  labels[label::kConfigFiles] = join(input.project.compose_files);
  labels[label::kDependsOn] = depends_on_text(service);
  if (!input.project.env_files.empty()) labels[label::kEnvironmentFile] = join(input.project.env_files);
  if (!input.donors.empty()) labels[label::kDonors] = donors_text(input.donors);
  if (!input.replaces.empty()) labels[label::kReplace] = input.replaces;
  if (input.one_off) {
    labels[label::kSlug] = input.one_off->slug;
  } else {
    labels[label::kNumber] = std::to_string(input.number);
    labels[label::kConfigKeys] = config_keys(service.config_json);
  }
}

std::string container_name(const model::Project& project, const model::Service& service, int number) {
  if (!service.container_name.empty()) return service.container_name;
  return project.name + project.separator + service.name + project.separator + std::to_string(number);
}

Result<engine::ContainerSpec> make_container_spec(const SpecInput& input) {
  const Diagnostics refusals = check_supported(input.project, input.service);
  if (refusals.has_errors()) return refusals.items().front();
  engine::ContainerSpec spec;
  spec.name = input.name.empty() ? container_name(input.project, input.service, input.number) : input.name;
  spec.project = input.project.name;
  spec.service = input.service.name;
  spec.number = input.number;
  spec.one_off = input.one_off.has_value();
  spec.auto_remove = input.one_off && input.one_off->remove == OneOff::Remove::WhenExited;
  spec.image = input.image.id;
  spec.image_name = model::image_name(input.project, input.service);
  fill_labels(input, spec);
  if (auto error = fill_process(input, spec)) return *std::move(error);
  if (auto error = fill_files(input, spec)) return *std::move(error);
  if (auto error = fill_network(input, spec)) return *std::move(error);
  return spec;
}

}  // namespace davit::plan
