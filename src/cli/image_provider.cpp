#include "image_provider.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <optional>
#include <set>
#include <stop_token>

#include "davit/async/event.hpp"
#include "davit/base/error.hpp"
#include "davit/build/build.hpp"
#include "davit/build/plain_progress.hpp"
#include "davit/image/reference.hpp"
#include "image_users.hpp"
#include "inline_dockerfile.hpp"
#include "progress.hpp"
#include "service_build.hpp"

namespace davit::cli {
namespace {

constexpr unsigned kParallelBuilds = 4;

plan::ImageHealthcheck healthcheck_info(const image::Healthcheck& from) {
  return {from.test, from.interval, from.timeout, from.start_period, from.start_interval, from.retries};
}

/// One error out of several: the first, the others as notes.
Error failure_of(const std::vector<Diagnostic>& all) {
  if (all.empty()) return Error("the build failed without a reason");
  Diagnostic first = all.front();
  for (std::size_t i = 1; i < all.size(); ++i) first.note(all[i].message, all[i].where);
  return Error(std::move(first));
}

void write_to_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::unique_ptr<build::BuildObserver> make_observer(BuildOutput output, std::function<void(const Diagnostic&)> warn) {
  switch (output) {
    case BuildOutput::Lines:
      return std::make_unique<build::PlainProgress>(write_to_stderr, std::move(warn));
    case BuildOutput::Warnings:
      return std::make_unique<build::PlainProgress>([](std::string_view) {}, std::move(warn));
    case BuildOutput::Silent:
      break;
  }
  return std::make_unique<build::SilentObserver>();
}

}  // namespace

BuildOutput build_output(const Context& context) {
  const auto mode = choose_progress(context.global.progress, context.global.ansi, context.stderr_is_terminal);
  switch (mode) {
    case ProgressMode::Plain:
      return BuildOutput::Lines;
    case ProgressMode::Tty:
      return BuildOutput::Warnings;
    case ProgressMode::Json:
    case ProgressMode::Quiet:
      break;
  }
  return BuildOutput::Silent;
}

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

/// Which context and Dockerfile are being built.
struct StoreImages::Turns {
  std::set<std::string> taken;
  std::optional<Event> given_back;
};

/// One build: what its thread gets, and what it leaves for the loop.
struct StoreImages::Job {
  const model::Project& project;
  const model::Service& service;
  std::stop_token stop;
  std::function<void(Diagnostic)> warn;        ///< from any thread
  std::map<std::string, std::string> texts{};  ///< by file name: what the messages of a failure point into
  std::optional<plan::ImageInfo> info{};
};

StoreImages::StoreImages(const Context& context, image::ImageStore& store, Options options)
    : context_(context),
      store_(store),
      options_(std::move(options)),
      turns_(std::make_unique<Turns>()),
      workers_(kParallelBuilds) {}

StoreImages::~StoreImages() = default;

void StoreImages::build_now(Job& job) {
  build::BuildRequest request =
      build_request(job.project, job.service, [this](const std::string& name) { return context_.env(name); });
  for (const auto& [name, value] : options_.build_args) request.args.insert_or_assign(name, value);
  if (options_.cache == BuildCache::Ignore) request.cache = build::CacheUse::Ignore;
  request.stop = job.stop;
  request.runtime = context_.global.runtime;
  request.davit = context_.davit();
  const BuildPlaces places(context_, job.service, request);
  const auto observer =
      make_observer(options_.output, [&](const Diagnostic& warning) { job.warn(places.moved(warning)); });
  const auto result = build::build(request, store_, *observer);
  if (!result) {
    job.texts = result.error().sources;
    Error error = failure_of(places.moved(result.error().diagnostics));
    throw error.context("while building the image of service '" + job.service.name + "'");
  }
  const auto image = store_.find(*result);
  if (!image) throw Error("the image of service '" + job.service.name + "' was removed while it was built");
  job.info = image_info(*image);
}

Task<plan::ImageInfo> StoreImages::build(const model::Project& project, const model::Service& service) {
  co_return co_await build_with_contexts(project, service, {});
}

Task<plan::ImageInfo> StoreImages::build_with_contexts(const model::Project& project, const model::Service& service,
                                                       std::vector<std::string> needed_by) {
  needed_by.push_back(service.name);
  for (const auto& [name, value] : service.build->additional_contexts) {
    const auto wanted = context_service(value);
    if (!wanted) continue;
    const model::Service* const other = find_service(project, *wanted);
    if (other == nullptr || !other->build) continue;
    if (std::find(needed_by.begin(), needed_by.end(), *wanted) != needed_by.end())
      throw Error(Diagnostic::error(
          "context-cycle", "service '" + service.name + "' needs the image of '" + *wanted + "', which needs its image",
          service.build->of("additional_contexts")));
    co_await build_with_contexts(project, *other, needed_by);
  }
  co_return co_await build_one(project, service);
}

std::function<void(Diagnostic)> StoreImages::messages_to(asio::any_io_executor loop) const {
  return [this, loop = std::move(loop)](Diagnostic message) {
    asio::post(loop, [this, message = std::move(message)] { print(context_, message); });
  };
}

Task<plan::ImageInfo> StoreImages::build_one(const model::Project& project, const model::Service& service) {
  if (!turns_->given_back) turns_->given_back.emplace(co_await asio::this_coro::executor);
  if (warned_.insert(service.name).second) print(context_, build_warnings(service));
  const model::Build& build = service.build.value();
  const std::string what = build.context + "\n" + build.dockerfile + "\n" + build.dockerfile_inline;
  while (turns_->taken.contains(what)) co_await turns_->given_back->wait();
  turns_->taken.insert(what);

  std::stop_source stop;
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  // The pool does not pass cancellation on; the stop token does, and the work then ends soon.
  if (auto slot = cancellation.slot(); slot.is_connected())
    slot.assign([stop](asio::cancellation_type) mutable { stop.request_stop(); });
  const auto loop = co_await asio::this_coro::executor;
  Job job{project, service, stop.get_token(), messages_to(loop)};
  std::function<void()> work = [&] { build_now(job); };
  std::exception_ptr failure;
  try {
    co_await workers_.run(work);
  } catch (...) {
    failure = std::current_exception();
  }
  turns_->taken.erase(what);
  turns_->given_back->notify();
  context_.texts->merge(job.texts);
  if (failure) std::rethrow_exception(failure);
  co_return *std::move(job.info);
}

Task<plan::ImageInfo> StoreImages::pull(const model::Project&, const model::Service& service) {
  throw Error(Diagnostic::error("no-registry",
                                "image '" + service.image + "' is not on this machine, and davit cannot pull yet",
                                service.where.of("image"))
                  .with_hint("'davit image load' and 'davit image import' bring images in from archives"));
  co_return plan::ImageInfo{};
}

Task<void> StoreImages::remove(const std::string& image) {
  if (store_.find(image)) (void)store_.remove(image, image::Removal::Normal, image_users(context_.data_root()));
  co_return;
}

}  // namespace davit::cli
