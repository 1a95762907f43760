#pragma once
// Images for plans: what is in the store, and building what is not.

#include <map>
#include <memory>
#include <string>

#include "context.hpp"
#include "davit/async/offload.hpp"
#include "davit/image/image_store.hpp"
#include "davit/model/project.hpp"
#include "davit/plan/image_info.hpp"
#include "davit/runtime/images.hpp"

namespace davit::cli {

/// The image's defaults in the plan's words.
[[nodiscard]] plan::ImageInfo image_info(const image::Image& image);

/// The images of the project's services that are on this machine, by the name the services use.
[[nodiscard]] std::map<std::string, plan::ImageInfo> local_images(const image::ImageStore& store,
                                                                  const model::Project& project);

enum class BuildCache { Use, Ignore };

/// Builds in a thread, so that the database starts while the image of the API is made.
class StoreImages final : public runtime::ImageProvider {
 public:
  StoreImages(const Context& context, image::ImageStore& store, BuildCache cache);
  ~StoreImages() override;

  Task<plan::ImageInfo> build(const model::Project& project, const model::Service& service) override;
  Task<plan::ImageInfo> pull(const model::Project& project, const model::Service& service) override;
  Task<void> remove(const std::string& image) override;

  /// `--build-arg` of the command line, over the file's.
  std::map<std::string, std::string> build_args;

 private:
  const Context& context_;
  image::ImageStore& store_;
  BuildCache cache_;
  WorkerPool workers_;
};

}  // namespace davit::cli
