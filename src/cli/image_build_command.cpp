// `davit image build`: docker build's flags, BuildKit's plain progress.

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <stop_token>
#include <thread>

#include "build_flags.hpp"
#include "commands.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/units.hpp"
#include "davit/build/build.hpp"
#include "davit/build/plain_progress.hpp"
#include "option_values.hpp"

namespace davit::cli {
namespace {

constexpr int kInterrupted = 130;

struct Options {
  std::string context;
  std::string dockerfile;
  std::vector<std::string> tags;
  std::vector<std::string> build_args;
  std::vector<std::string> labels;
  std::vector<std::string> secrets;
  std::vector<std::string> contexts;
  std::vector<std::string> hosts;
  std::vector<std::string> allowed;
  std::vector<std::string> ulimits;
  std::string network;
  std::string shm_size;
  std::string target;
  std::string progress = "auto";
  std::string image_id_file;
  bool no_cache = false;
  bool pull = false;
  bool quiet = false;
  bool check = false;
};

/// The first SIGINT or SIGTERM asks the build to stop; the second ends the process as it is. Signals are blocked in the
/// threads that are made while this lives.
class Interruption {
 public:
  Interruption() : end_(::eventfd(0, EFD_CLOEXEC)) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
    signals_ = Fd(::signalfd(-1, &signals, SFD_CLOEXEC));
    thread_ = std::thread([this] { watch(); });
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    const std::uint64_t one = 1;
    (void)!::write(end_.get(), &one, sizeof(one));
    thread_.join();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  void watch() {
    for (;;) {
      std::array<struct pollfd, 2> wait{{{signals_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
      if (::poll(wait.data(), wait.size(), -1) < 0) continue;
      if (wait[1].revents != 0) return;
      struct signalfd_siginfo info{};
      (void)!::read(signals_.get(), &info, sizeof(info));
      if (stop_.stop_requested()) ::_exit(kInterrupted);
      stop_.request_stop();
    }
  }

  Fd end_;
  Fd signals_;
  sigset_t before_{};
  std::stop_source stop_;
  std::thread thread_;
};

/// "K=V" words; one without a value takes it from `otherwise`, and is left out when that has none.
template <class Otherwise>
std::map<std::string, std::string> pairs(const std::vector<std::string>& words, const Otherwise& otherwise) {
  std::map<std::string, std::string> out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) {
      out.insert_or_assign(word.substr(0, equals), word.substr(equals + 1));
    } else if (const std::optional<std::string> value = otherwise(word)) {
      out.insert_or_assign(word, *value);
    }
  }
  return out;
}

std::pair<std::string, build::SecretValue> secret_of(const Context& context, const std::string& text) {
  const SecretFlag secret = parse_secret(text);
  if (secret.variable.empty()) return {secret.id, build::SecretValue{.file = secret.file, .content = std::nullopt}};
  const auto value = context.env(secret.variable);
  if (!value)
    throw Error(Diagnostic::error("missing-secret", "secret '" + secret.id + "' has no value: the variable '" +
                                                        secret.variable + "' is not set"));
  return {secret.id, build::SecretValue{.file = "", .content = *value}};
}

std::int64_t bytes_of(const std::string& text) {
  auto bytes = parse_bytes(text);
  if (!bytes) throw Error(Diagnostic::error("usage", bytes.error()));
  return *bytes;
}

build::BuildRequest make_request(const Context& context, const Options& options) {
  build::BuildRequest request;
  if (options.context == "-" || options.context.find("://") != std::string::npos)
    throw Error(Diagnostic::error(
        "not-supported", "the build context '" + options.context + "' is not supported yet: it must be a folder"));
  request.context = options.context;
  request.dockerfile = options.dockerfile;
  if (options.dockerfile == "-") {
    request.dockerfile = "<stdin>";
    request.dockerfile_text = std::string(std::istreambuf_iterator<char>(std::cin), {});
  }
  request.args = pairs(options.build_args, [&](const std::string& name) { return context.env(name); });
  request.labels = pairs(options.labels, [](const std::string&) { return std::string(); });
  request.contexts = pairs(options.contexts, [](const std::string& word) -> std::optional<std::string> {
    throw Error(Diagnostic::error("usage", "the build context '" + word + "' has no value")
                    .with_hint("write NAME=FOLDER or NAME=docker-image://IMAGE"));
  });
  for (const std::string& secret : options.secrets) request.secrets.insert(secret_of(context, secret));
  request.target = options.target;
  request.tags = options.tags;
  request.cache = options.no_cache ? build::CacheUse::Ignore : build::CacheUse::Normal;
  request.network = parse_run_network(options.network);
  request.host_network = parse_allowed(options.allowed);
  for (const std::string& host : options.hosts) request.extra_hosts.push_back(parse_added_host(host));
  for (const std::string& limit : options.ulimits) request.ulimits.push_back(parse_ulimit(limit));
  if (!options.shm_size.empty()) request.shm_size = bytes_of(options.shm_size);
  request.runtime = context.global.runtime;
  request.davit = context.davit();
  return request;
}

void write_id_file(const std::string& path, const ImageId& id) {
  FILE* const file = std::fopen(path.c_str(), "we");
  if (file == nullptr) throw_system_error("write", path, errno);
  std::fputs(id.str().c_str(), file);
  if (std::fclose(file) != 0) throw_system_error("write", path, errno);
}

int run_build(Context& context, const Options& options) {
  const Interruption interruption;
  build::BuildRequest request = make_request(context, options);
  request.stop = interruption.token();
  const bool quiet = options.quiet || options.progress == "quiet" || context.global.progress == "quiet";
  if (options.pull && !quiet)
    print(context, Diagnostic::warning("no-registry", "--pull does nothing: davit cannot pull images yet"));
  auto store = image::ImageStore::open(context.data_root());
  if (options.check) {
    const auto found = build::check(request, store);
    std::printf("%s\n", check_summary(found.diagnostics.items().size()).c_str());
    std::fflush(stdout);
    std::fputs(found.render({.colour = context.colour()}).c_str(), stderr);
    return found.diagnostics.empty() ? 0 : 1;
  }
  build::SilentObserver silent;
  build::PlainProgress lines([](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); },
                             [&context](const Diagnostic& warning) { print(context, warning); });
  build::BuildObserver& observer = quiet ? static_cast<build::BuildObserver&>(silent) : lines;
  const auto result = build::build(request, store, observer);
  if (!result) {
    std::fputs(result.error().render({.colour = context.colour()}).c_str(), stderr);
    return interruption.token().stop_requested() ? kInterrupted : 1;
  }
  if (!options.image_id_file.empty()) write_id_file(options.image_id_file, *result);
  if (options.quiet) std::printf("%s\n", result->str().c_str());
  return 0;
}

}  // namespace

void add_image_build(Commands& commands, CLI::App* image) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "build",
      {.summary = "build an image from a Dockerfile",
       .synopsis = "[OPTIONS] CONTEXT",
       .description = "Builds an image from a Dockerfile and the folder CONTEXT. Steps whose ingredients did\n"
                      "not change come from the cache; stages that do not need one another are built at the\n"
                      "same time; stages that nothing needs are not built.",
       .examples = "davit image build -t app .\ndavit image build -t app:test --target test --build-arg V=2 .",
       .exit_status = "0 when the image was built, 130 when it was interrupted, 1 on any other error."},
      image);
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* text, const char* type) {
    command->add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  list("-t,--tag", options->tags, "name for the image; repeat for several", "NAME[:TAG]");
  command
      ->add_option("-f,--file", options->dockerfile,
                   "Dockerfile (default: CONTEXT/Dockerfile); '-' reads standard input")
      ->type_name("FILE");
  list("--build-arg", options->build_args, "value for an ARG; without a value, that of the environment",
       "NAME[=VALUE]");
  command->add_option("--target", options->target, "stage to build (default: the last)")->type_name("STAGE");
  command->add_flag("--no-cache", options->no_cache, "do every step again");
  list("--label", options->labels, "label for the image", "NAME=VALUE");
  list("--build-context", options->contexts,
       "additional context for FROM and COPY --from: a folder, or docker-image://IMAGE", "NAME=WHERE");
  list("--secret", options->secrets, "file or variable for RUN --mount=type=secret", "id=NAME,src=FILE|env=VAR");
  command
      ->add_option("--network", options->network,
                   "network of RUN: 'default' (one of its own, with a way out), 'none', 'host'")
      ->type_name("MODE");
  list("--allow", options->allowed, "what RUN may ask for: 'network.host'", "ENTITLEMENT");
  list("--add-host", options->hosts, "line for /etc/hosts in RUN; 'host-gateway' is the address of the host",
       "NAME:ADDRESS");
  list("--ulimit", options->ulimits, "limit of processes in RUN", "NAME=SOFT[:HARD]");
  command->add_option("--shm-size", options->shm_size, "size of /dev/shm in RUN (default: 64m)")->type_name("BYTES");
  command->add_flag("--check", options->check, "say what is wrong with the Dockerfile, build nothing");
  command->add_flag("--pull", options->pull, "look for newer base images (none: davit cannot pull yet)");
  command->add_flag("-q,--quiet", options->quiet, "print nothing but the id of the image");
  one_of(command->add_option("--progress", options->progress, "auto, plain, tty (shown as plain) or quiet")
             ->type_name("MODE"),
         {"auto", "plain", "tty", "quiet"});
  command->add_option("--iidfile", options->image_id_file, "write the id of the image to a file")->type_name("FILE");
  command->add_option("CONTEXT", options->context, "folder the build may copy from")->required();
  commands.on(command, [options](Context& context) { return run_build(context, *options); });
}

}  // namespace davit::cli
