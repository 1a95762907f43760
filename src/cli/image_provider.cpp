#include "image_provider.hpp"

#include <thread>

#include "davit/base/error.hpp"
#include "davit/build/builder.hpp"
#include "davit/image/reference.hpp"

namespace davit::cli {
namespace {

constexpr unsigned kParallelBuilds = 4;

plan::ImageHealthcheck healthcheck_info(const image::Healthcheck& from) {
  return {from.test, from.interval, from.timeout, from.start_period, from.start_interval, from.retries};
}

}  // namespace

plan::ImageInfo image_info(const image::Image& image) {
  const image::ImageConfig& config = image.config;
  plan::ImageInfo info;
  info.id = image.id;
  info.os = config.os;
  info.architecture = config.architecture;
  info.entrypoint = config.entrypoint;
  info.cmd = config.cmd;
  info.env = config.env;
  info.user = config.user;
  info.working_dir = config.working_dir;
  info.stop_signal = config.stop_signal;
  info.volumes.assign(config.volumes.begin(), config.volumes.end());
  info.exposed_ports.assign(config.exposed_ports.begin(), config.exposed_ports.end());
  info.labels = config.labels;
  info.shell = config.shell;
  if (config.healthcheck) info.healthcheck = healthcheck_info(*config.healthcheck);
  return info;
}

std::map<std::string, plan::ImageInfo> local_images(const image::ImageStore& store, const model::Project& project) {
  std::map<std::string, plan::ImageInfo> images;
  for (const auto& [name, service] : project.services) {
    const std::string image_name = model::image_name(project, service);
    if (images.contains(image_name)) continue;
    if (const auto image = store.find(image_name)) images.emplace(image_name, image_info(*image));
  }
  return images;
}

}  // namespace davit::cli
