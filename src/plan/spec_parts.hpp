#pragma once
// The parts of make_container_spec: each fills its members of the description.

#include "davit/plan/make_spec.hpp"

namespace davit::plan {

/// Command, environment, user, limits, isolation. An error: no command, another platform.
std::optional<Diagnostic> fill_process(const SpecInput& input, engine::ContainerSpec& spec);
/// Mounts, secrets, configs, devices.
std::optional<Diagnostic> fill_files(const SpecInput& input, engine::ContainerSpec& spec);
/// Networks, ports, names.
std::optional<Diagnostic> fill_network(const SpecInput& input, engine::ContainerSpec& spec);
constexpr std::uint16_t kDnsPort = 53;
/// Whether a program in the service says that it listens on a port, of whichever protocol: the target of a published
/// port, `expose`, or the image's EXPOSE. Pure.
[[nodiscard]] bool declares_port(const model::Service& service, const ImageInfo& image, std::uint16_t port);
/// Docker compose's labels over the file's over the image's.
void fill_labels(const SpecInput& input, engine::ContainerSpec& spec);
/// Value of label::kDonors.
[[nodiscard]] std::string donors_text(const std::map<std::string, ContainerId>& donors);

}  // namespace davit::plan
