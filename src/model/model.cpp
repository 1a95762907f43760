#include "davit/model/project.hpp"

namespace davit::model {

std::string to_string(DependencyCondition condition) {
  switch (condition) {
    case DependencyCondition::Started:
      return "service_started";
    case DependencyCondition::Healthy:
      return "service_healthy";
    case DependencyCondition::CompletedSuccessfully:
      return "service_completed_successfully";
  }
  return {};
}

std::string image_name(const Project& project, const Service& service) {
  return service.image.empty() ? project.name + project.separator + service.name : service.image;
}

}  // namespace davit::model
