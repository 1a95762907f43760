#include "commands.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/suggest.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "project_loading.hpp"
#include "session.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::vector<std::string> build_args;
  bool no_cache = false;
  bool pull = false;
  bool quiet = false;
  bool with_dependencies = false;
};

std::map<std::string, std::string> parse_args(const Context& context, const std::vector<std::string>& words) {
  std::map<std::string, std::string> args;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals != std::string::npos)
      args.insert_or_assign(word.substr(0, equals), word.substr(equals + 1));
    else if (const auto value = context.env(word))
      args.insert_or_assign(word, *value);
  }
  return args;
}

std::vector<const model::Service*> chosen(const model::Project& project, const Options& options) {
  std::vector<const model::Service*> services;
  const auto named = [&](const std::string& name) {
    return options.services.empty() || options.with_dependencies ||
           std::find(options.services.begin(), options.services.end(), name) != options.services.end();
  };
  for (const auto& [name, service] : project.services)
    if (service.build && named(name)) services.push_back(&service);
  return services;
}

Task<void> build_one(StoreImages& images, runtime::ProgressSink& progress, const model::Project& project,
                     const model::Service& service) {
  const std::string id = "Image " + model::image_name(project, service);
  progress.progress({id, "Building", runtime::ProgressEvent::Status::Working, ""});
  try {
    co_await images.build(project, service);
  } catch (...) {
    progress.progress({id, "Error", runtime::ProgressEvent::Status::Error, ""});
    throw;
  }
  progress.progress({id, "Built", runtime::ProgressEvent::Status::Done, ""});
}

Task<int> build(Session& session, model::Project project, Options options) {
  const Context& context = session.context();
  image::ImageStore store = image::ImageStore::open(context.data_root());
  StoreImages images(context, store,
                     {.cache = options.no_cache ? BuildCache::Ignore : BuildCache::Use,
                      .output = options.quiet ? BuildOutput::Silent : build_output(context),
                      .build_args = parse_args(context, options.build_args)});
  const auto services = chosen(project, options);
  if (services.empty()) std::fputs("No services to build\n", stderr);
  const auto progress = make_progress(session, "build");
  TaskGroup group(co_await asio::this_coro::executor);
  for (const model::Service* service : services) group.spawn(build_one(images, *progress, project, *service));
  co_await group.join();
  co_return 0;
}

}  // namespace

void add_build(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add("build", {.summary = "build the images of services",
                                             .synopsis = "[OPTIONS] [SERVICE...]",
                                             .description = "Builds the images of all services with 'build:', side by side. Steps whose ingredients\n"
                                                            "did not change come from the cache.",
                                             .examples = "davit build\ndavit build --no-cache api",
                                             .exit_status = ""});
  command->add_option("--build-arg", options->build_args, "value for an ARG; repeat")->allow_extra_args(false)->type_name("KEY=VALUE");
  command->add_flag("--no-cache", options->no_cache, "do every step again");
  command->add_flag("--pull", options->pull, "look for newer base images (none: davit cannot pull yet)");
  command->add_flag("-q,--quiet", options->quiet, "show no output of the steps");
  command->add_flag("--with-dependencies", options->with_dependencies, "build what the services depend on, too");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    if (options->pull && !options->quiet)
      print(context, Diagnostic::warning("no-registry", "--pull does nothing: davit cannot pull yet, so a base image is the one that is on this machine"));
    model::Project project = load_project(context, options->services);
    Session session(context, project.name, "davit build");
    return session.run(build(session, std::move(project), *options));
  });
}

}  // namespace davit::cli
