#include "describe.hpp"
#include "reflect_json.hpp"

namespace davit::engine {

std::string_view to_string(ContainerState state) {
  switch (state) {
    case ContainerState::Created:
      return "created";
    case ContainerState::Running:
      return "running";
    case ContainerState::Paused:
      return "paused";
    case ContainerState::Restarting:
      return "restarting";
    case ContainerState::Exited:
      return "exited";
    case ContainerState::Dead:
      return "dead";
  }
  return "dead";
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::None:
      return "";
    case Health::Starting:
      return "starting";
    case Health::Healthy:
      return "healthy";
    case Health::Unhealthy:
      return "unhealthy";
  }
  return "";
}

std::string to_json(const ContainerSpec& spec) {
  return reflect::write(spec);
}
ContainerSpec container_spec_from_json(const std::string& text) {
  return reflect::read<ContainerSpec>(text, "a container description");
}

std::string to_json(const Observed& observed) {
  return reflect::write(observed);
}
Observed observed_from_json(const std::string& text) {
  return reflect::read<Observed>(text, "the state of the project");
}

std::string to_json(const std::vector<Event>& events) {
  return reflect::write(events);
}
std::vector<Event> events_from_json(const std::string& text) {
  return reflect::read<std::vector<Event>>(text, "a list of events");
}

std::string to_json(const Readiness& readiness) {
  return reflect::write(readiness);
}
Readiness readiness_from_json(const std::string& text) {
  return reflect::read<Readiness>(text, "what is known of a container's start");
}

std::string to_json(const NetworkSpec& spec) {
  return reflect::write(spec);
}
NetworkSpec network_spec_from_json(const std::string& text) {
  return reflect::read<NetworkSpec>(text, "a network description");
}

std::string to_json(const VolumeSpec& spec) {
  return reflect::write(spec);
}
VolumeSpec volume_spec_from_json(const std::string& text) {
  return reflect::read<VolumeSpec>(text, "a volume description");
}

}  // namespace davit::engine
