#include "absent.hpp"
#include "bake.hpp"
#include "build_flags.hpp"
#include "command_words.hpp"
#include "commands.hpp"
#include "davit/async/task_group.hpp"
#include "davit/base/suggest.hpp"
#include "execute.hpp"
#include "image_provider.hpp"
#include "inline_dockerfile.hpp"
#include "project_loading.hpp"
#include "service_build.hpp"
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
  bool print = false;
  bool check = false;
};

std::map<std::string, std::string> parse_args(const Context& context, const model::Project& project,
                                              const std::vector<std::string>& words) {
  std::map<std::string, std::string> args;
  for (const auto& [name, value] : environment_words(words, variables_of(context, project)))
    args.insert_or_assign(name, value);
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
  if (services.empty()) std::fputs("No services to build\n", stderr);
  return services;
}

int print_bake(const Context& context, const model::Project& project, const Options& options) {
  const BakeRequest request{chosen(project, options), parse_args(context, project, options.build_args),
                            options.no_cache, options.pull};
  std::printf("%s\n", bake_text(project, request).c_str());
  return 0;
}

/// What `--check` says about one service; the number of findings.
std::size_t check_one(const Context& context, image::ImageStore& store, const model::Project& project,
                      const model::Service& service, const Options& options) {
  build::BuildRequest request =
      build_request(project, service, [&](const std::string& name) { return context.env(name); });
  for (const auto& [name, value] : parse_args(context, project, options.build_args))
    request.args.insert_or_assign(name, value);
  build::BuildFailure found = build::check(request, store);
  context.texts->merge(found.sources);
  const std::size_t count = found.diagnostics.items().size();
  std::printf("%s\n\n%s\n", service.name.c_str(), check_summary(count).c_str());
  std::fflush(stdout);
  const BuildPlaces places(context, service, request);
  for (const Diagnostic& diagnostic : found.diagnostics.items()) print(context, places.moved(diagnostic));
  return count;
}

int check(const Context& context, const model::Project& project, const Options& options) {
  image::ImageStore store = image::ImageStore::open(context.data_root());
  std::size_t findings = 0;
  for (const model::Service* service : chosen(project, options))
    findings += check_one(context, store, project, *service, options);
  return findings == 0 ? 0 : 1;
}

void add_absent_flags(CLI::App* command) {
  refuse_flag(command, "--push", "davit cannot talk to registries");
  refuse_option(command, "--builder", "davit has one builder, its own", {"", "default"});
  refuse_option(command, "--provenance", "davit makes no attestations", {"", "false"});
  refuse_option(command, "--sbom", "davit makes no attestations", {"", "false"});
  refuse_option(command, "--ssh", "RUN --mount=type=ssh is missing");
  refuse_option(command, "-m,--memory", "BuildKit does not limit the memory of builds either", {"", "0"});
  for (const char* old : {"--compress", "--force-rm", "--no-rm", "--parallel"})
    ignore_flag(command, old, "it is a flag of docker's former builder");
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
                      .build_args = parse_args(context, project, options.build_args)});
  const auto services = chosen(project, options);
  const auto progress = make_progress(session, "build");
  TaskGroup group(co_await asio::this_coro::executor);
  for (const model::Service* service : services) group.spawn(build_one(images, *progress, project, *service));
  co_await group.join();
  co_return 0;
}

}  // namespace

void add_build(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "build",
      {.summary = "build the images of services",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "Builds the images of all services with 'build:', side by side. Steps whose ingredients\n"
                      "did not change come from the cache.",
       .examples = "davit build\ndavit build --no-cache api",
       .exit_status = ""});
  command->add_option("--build-arg", options->build_args, "value for an ARG; repeat")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_flag("--no-cache", options->no_cache, "do every step again");
  command->add_flag("--pull", options->pull, "look for newer base images (none: davit cannot pull yet)");
  command->add_flag("-q,--quiet", options->quiet, "show no output of the steps");
  command->add_flag("--check", options->check, "say what is wrong with the Dockerfiles, build nothing");
  command->add_flag("--print", options->print, "print the equivalent bake file, build nothing");
  add_absent_flags(command);
  command->add_flag("--with-dependencies", options->with_dependencies, "build what the services depend on, too");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) {
    if (options->pull && !options->quiet && !options->print)
      print(context,
            Diagnostic::warning(
                "no-registry",
                "--pull does nothing: davit cannot pull yet, so a base image is the one that is on this machine"));
    model::Project project = load_project(context, options->services);
    if (options->print) return print_bake(context, project, *options);
    if (options->check) return check(context, project, *options);
    Session session(context, project.name, "davit build");
    return session.run(build(session, std::move(project), *options));
  });
}

}  // namespace davit::cli
