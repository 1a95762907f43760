#pragma once
// Images for plans: what is in the store, and building what is not.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

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
/// What is shown of a build on standard error.
enum class BuildOutput {
  Silent,
  Warnings,  ///< beside a display that moves and shows the images itself
  Lines,     ///< its steps and what they print, and warnings
};

/// Builds in threads, so that the database starts while the image of the API is made.
class StoreImages final : public runtime::ImageProvider {
 public:
  struct Options {
    BuildCache cache = BuildCache::Use;
    BuildOutput output = BuildOutput::Lines;
    std::map<std::string, std::string> build_args;  ///< of the command line, over the file's
  };

  StoreImages(const Context& context, image::ImageStore& store, Options options);
  ~StoreImages() override;

  /// Cancelled, it kills the running steps and waits for their end. Services that share context and Dockerfile are
  /// built one after another, so that the second finds the steps of the first in the cache.
  Task<plan::ImageInfo> build(const model::Project& project, const model::Service& service) override;
  Task<plan::ImageInfo> pull(const model::Project& project, const model::Service& service) override;
  Task<void> remove(const std::string& image) override;

 private:
  struct Turns;
  struct Job;
  /// After the images that its additional contexts name. `needed_by`: the services that led here.
  Task<plan::ImageInfo> build_with_contexts(const model::Project& project, const model::Service& service,
                                            std::vector<std::string> needed_by);
  Task<plan::ImageInfo> build_one(const model::Project& project, const model::Service& service);
  /// Prints what any thread tells it on the loop, whose thread alone has the texts that messages point into: each
  /// before the work that told it ends there.
  [[nodiscard]] std::function<void(Diagnostic)> messages_to(asio::any_io_executor loop) const;
  /// On a worker's thread.
  void build_now(Job& job);

  const Context& context_;
  image::ImageStore& store_;
  Options options_;
  std::unique_ptr<Turns> turns_;
  std::set<std::string> warned_;  ///< services
  WorkerPool workers_;
};

/// The output that --progress asks for.
[[nodiscard]] BuildOutput build_output(const Context& context);

}  // namespace davit::cli
