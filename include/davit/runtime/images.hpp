#pragma once
// Where the runtime gets images from; the command line implements it with the build and image rooms.

#include <string>

#include "davit/async/task.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/image_info.hpp"

namespace davit::runtime {

class ImageProvider {
 public:
  virtual ~ImageProvider() = default;
  /// Builds the image of a service under image_name(project, service). Throws Error with the place in the Dockerfile.
  virtual Task<plan::ImageInfo> build(const model::Project& project, const model::Service& service) = 0;
  /// Fetches `service.image`.
  virtual Task<plan::ImageInfo> pull(const model::Project& project, const model::Service& service) = 0;
  /// `down --rmi`. An image that is not there is no error. Throws Error "image-in-use" for one that a container of any
  /// project is made of.
  virtual Task<void> remove(const std::string& image) = 0;
};

}  // namespace davit::runtime
