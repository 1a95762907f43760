// pull, push: there is no registry client yet, so what would need one is an error, and what would not is done.
#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/image/image_store.hpp"
#include "option_values.hpp"
#include "project_loading.hpp"

namespace davit::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string policy;
  bool ignore_buildable = false;
  bool ignore_failures = false;
  bool include_deps = false;
  bool quiet = false;
};

class Transfer {
 public:
  Transfer(const Context& context, const Options& options) : context_(context), options_(options) {}

  void skip(const model::Service& service, const char* why) const {
    if (options_.quiet) return;
    std::fprintf(stderr, " %s Skipped %s\n", service.name.c_str(), why);
  }
  /// As a warning where failures are not to count.
  void fail(const model::Service& service, const std::string& verb, const std::string& consequence) {
    auto diagnostic = Diagnostic::error(
        "no-registry", "image '" + service.image + "' cannot be " + verb + ": davit cannot talk to registries yet",
        service.where.of("image"));
    if (!consequence.empty()) diagnostic.with_hint(consequence);
    if (options_.ignore_failures) diagnostic.severity = Severity::Warning;
    print(context_, diagnostic);
    failed_ = failed_ || !options_.ignore_failures;
  }
  [[nodiscard]] int code() const { return failed_ ? 1 : 0; }

 private:
  const Context& context_;
  const Options& options_;
  bool failed_ = false;
};

bool is_named(const Options& options, const std::string& service) {
  return options.services.empty() || options.include_deps ||
         std::find(options.services.begin(), options.services.end(), service) != options.services.end();
}

int pull(Context& context, const Options& options) {
  const model::Project project = load_project(context, options.services);
  const image::ImageStore store = image::ImageStore::open(context.data_root());
  Transfer transfer(context, options);
  for (const auto& [name, service] : project.services) {
    if (!is_named(options, name)) continue;
    const bool is_here = !service.image.empty() && store.find(service.image).has_value();
    if (service.image.empty()) {
      transfer.skip(service, "No image to be pulled");
    } else if (service.build && options.ignore_buildable) {
      transfer.skip(service, "Image can be built");
    } else if (options.policy == "missing" && is_here) {
      transfer.skip(service, "Image is already present locally");
    } else {
      transfer.fail(service, "pulled",
                    is_here ? "the image that is on this machine stays in use; '--policy missing' leaves it alone"
                    : service.build ? "build it: 'davit build " + name + "'"
                                    : "'davit image load' and 'davit image import' bring images in from archives");
    }
  }
  return transfer.code();
}

int push(Context& context, const Options& options) {
  const model::Project project = load_project(context, options.services);
  Transfer transfer(context, options);
  for (const auto& [name, service] : project.services) {
    if (!is_named(options, name)) continue;
    if (!service.build || service.image.empty())
      transfer.skip(service, "No image that is built here");
    else
      transfer.fail(service, "pushed", "'davit image save' writes it to an archive");
  }
  return transfer.code();
}

}  // namespace

void add_pull(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "pull",
      {.summary = "pull the images of services (not there yet: no registries)",
       .synopsis = "[OPTIONS] [SERVICE...]",
       .description = "davit has no registry client yet: every image that would have to be pulled is an error. With\n"
                      "--policy missing, images that are on this machine are fine.",
       .examples = "davit pull --policy missing",
       .exit_status = "0 when nothing had to be pulled, or with --ignore-pull-failures; 1 otherwise."});
  command->add_flag("--ignore-buildable", options->ignore_buildable, "leave out images that can be built");
  command->add_flag("--ignore-pull-failures", options->ignore_failures, "failures are warnings");
  command->add_flag("--include-deps", options->include_deps, "what the services depend on, too");
  one_of(
      command
          ->add_option("--policy", options->policy, "'missing' leaves images alone that are on this machine; 'always'")
          ->type_name("POLICY"),
      {"missing", "always"});
  command->add_flag("-q,--quiet", options->quiet, "do not show what is left out");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) { return pull(context, *options); });
}

void add_push(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "push", {.summary = "push the images of services (not there yet: no registries)",
               .synopsis = "[OPTIONS] [SERVICE...]",
               .description = "davit has no registry client yet: every image that would have to be pushed is an error.",
               .examples = "davit push",
               .exit_status = "0 when nothing had to be pushed, or with --ignore-push-failures; 1 otherwise."});
  command->add_flag("--ignore-push-failures", options->ignore_failures, "failures are warnings");
  command->add_flag("--include-deps", options->include_deps, "what the services depend on, too");
  command->add_flag("-q,--quiet", options->quiet, "do not show what is left out");
  command->add_option("SERVICE", options->services, "services; none means all");
  commands.on(command, [options](Context& context) { return push(context, *options); });
}

}  // namespace davit::cli
