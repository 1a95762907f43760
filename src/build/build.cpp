#include "davit/build/build.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <filesystem>

#include "build/executor.hpp"
#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/base/sha256.hpp"
#include "davit/base/suggest.hpp"
#include "davit/build/plan.hpp"
#include "davit/dockerfile/parser.hpp"
#include "davit/image/time_text.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

/// The image that an additional context is; "" for a folder.
std::string image_of_context(const std::string& value) {
  constexpr std::string_view kImage = "docker-image://";
  return value.starts_with(kImage) ? value.substr(kImage.size()) : std::string();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// One build from the request to the image. Mistakes travel as Error or as Failed.
class Build {
 public:
  struct Failed {
    Diagnostics diagnostics;
  };

  Build(const BuildRequest& request, image::ImageStore& store, BuildObserver& observer)
      : request_(request), store_(store), events_(observer) {}

  ImageId run() {
    const BuildPlan plan = make();
    for (const Diagnostic& warning : plan.warnings) events_.warning(warning);
    StageResult result = execute(plan);
    try {
      return finish(plan, std::move(result));
    } catch (const Error& error) {
      throw with_full_disk(error, store_.data_root());
    }
  }

  /// Decides everything, does nothing.
  BuildPlan make() {
    check_tags();
    check_context();
    check_additional_contexts();
    read_dockerfile();
    mention("[internal] load build definition from " + dockerfile_name_);
    read_ignore_file();
    mention("[internal] load .dockerignore");
    auto file = dockerfile::parse(sources_.at(dockerfile_name_), dockerfile_name_);
    if (!file) throw Failed{file.error()};
    // From here on no layer goes away: neither one of a base image nor one of the cache.
    hold_ = store_.hold_layers();
    PlanOptions options{request_.args, request_.target, request_.labels, request_.network, request_.host_network, {}};
    for (const auto& [name, value] : contexts_) options.contexts[name] = {image_of_context(value)};
    auto plan = make_plan(*file, options, [this](const std::string& name) { return find_base(name); });
    if (!plan) throw Failed{plan.error()};
    return *std::move(plan);
  }

  std::map<std::string, std::string> take_sources() { return std::move(sources_); }

 private:
  void mention(const std::string& title) { events_.done(events_.begin(title), BuildObserver::Seconds(0)); }

  void check_tags() {
    for (const std::string& tag : request_.tags) {
      auto reference = image::Reference::parse(tag);
      if (!reference) throw Error(reference.error());
      references_.push_back(*std::move(reference));
    }
  }

  void check_context() const {
    std::error_code error;
    if (fs::is_directory(request_.context, error)) return;
    const bool there = fs::exists(request_.context, error);
    throw Error(Diagnostic::error("bad-context", "the build context '" + request_.context + "' " +
                                                     (there ? "is not a folder" : "does not exist")));
  }

  void check_additional_contexts() {
    std::error_code error;
    for (const auto& [name, value] : request_.contexts) {
      if (!contexts_.emplace(lower(name), value).second)
        throw Error(Diagnostic::error("bad-context", "there are two additional contexts '" + lower(name) +
                                                         "': capitals do not count in their names"));
      if (!image_of_context(value).empty() || fs::is_directory(value, error)) continue;
      const bool is_url = value.find("://") != std::string::npos;
      throw Error(Diagnostic::error("bad-context", "the additional context '" + name + "' is '" + value +
                                                       "', which is " + (is_url ? "not supported yet" : "not a folder"))
                      .with_hint("it can be a folder, or an image as 'docker-image://NAME'"));
    }
  }

  void read_dockerfile() {
    if (request_.dockerfile_text) {
      dockerfile_name_ = request_.dockerfile.empty() ? "Dockerfile" : request_.dockerfile;
      sources_[dockerfile_name_] = *request_.dockerfile_text;
      return;
    }
    dockerfile_name_ = request_.dockerfile.empty() ? default_dockerfile() : request_.dockerfile;
    auto text = DiskFiles().read(dockerfile_name_);
    if (!text) {
      auto diagnostic = Diagnostic::error("no-dockerfile", text.error().message);
      if (const auto best = nearest("Dockerfile", DiskFiles().list(request_.context)))
        diagnostic.with_hint("did you mean '" + *best + "'? give it with -f");
      throw Error(std::move(diagnostic));
    }
    sources_[dockerfile_name_] = *std::move(text);
  }

  std::string default_dockerfile() const {
    const fs::path folder = request_.context == "." ? fs::path() : fs::path(request_.context);
    for (const char* name : {"Dockerfile", "dockerfile"})
      if (fs::exists(folder / name)) return (folder / name).string();
    return (folder / "Dockerfile").string();
  }

  /// `<Dockerfile>.dockerignore` beside the Dockerfile replaces the context's own.
  void read_ignore_file() {
    const fs::path own = dockerfile_name_ + ".dockerignore";
    const fs::path shared =
        request_.context == "." ? fs::path(".dockerignore") : fs::path(request_.context) / ".dockerignore";
    for (const fs::path& path : {own, shared}) {
      if (DiskFiles().kind(path.string()) != Files::Kind::Regular) continue;
      std::string text = DiskFiles().read(path.string()).value();
      auto rules = dockerfile::IgnoreRules::parse(text, path.string());
      sources_[path.string()] = std::move(text);
      if (!rules) throw Error(rules.error());
      ignore_ = *std::move(rules);
      return;
    }
  }

  std::optional<BaseImage> find_base(const std::string& name) const {
    auto found = store_.find(name);
    if (!found) return std::nullopt;
    return BaseImage{found->id, name, std::move(found->config)};
  }

  StageResult execute(const BuildPlan& plan) {
    const fs::path folder = store_.data_root() / "build" / "digests";
    std::error_code error;
    const std::string absolute = fs::canonical(request_.context, error).string();
    fs::create_directories(folder, error);
    DigestCache digests(error ? std::string() : (folder / sha256_hex(absolute).substr(0, 32)).string());
    Contexts contexts;
    contexts.try_emplace("", absolute, "the build context '" + request_.context + "'", &ignore_);
    for (const auto& [name, value] : contexts_)
      if (image_of_context(value).empty())
        contexts.try_emplace(name, value, "the context '" + name + "'", ignore_rules_of(value));
    const auto save = [&digests](auto&& run) {
      try {
        auto result = run();
        digests.save();
        return result;
      } catch (...) {
        digests.save();  // what was hashed stays hashed
        throw;
      }
    };
    return save([&] { return Executor(plan, request_, store_, events_, contexts, &digests, area_).run(); });
  }

  /// Every folder has its own .dockerignore.
  const dockerfile::IgnoreRules* ignore_rules_of(const std::string& folder) {
    const std::string path = folder + "/.dockerignore";
    if (DiskFiles().kind(path) != Files::Kind::Regular) return nullptr;
    auto rules = dockerfile::IgnoreRules::parse(DiskFiles().read(path).value(), path);
    if (!rules) throw Error(rules.error());
    return &ignores_.emplace_back(*std::move(rules));
  }

  ImageId finish(const BuildPlan& plan, StageResult result) {
    image::ImageConfig config = plan.stages.back().config;
    config.diff_ids = std::move(result.diff_ids);
    config.history = std::move(result.history);
    config.created = image::format_rfc3339(result.created);
    const Vertex vertex = events_.begin("exporting to image");
    const auto begin = std::chrono::steady_clock::now();
    const auto at = [&begin] { return std::chrono::steady_clock::now() - begin; };
    const ImageId id = store_.create_image(config);
    events_.output(vertex, OutputStream::Out, at(), "writing image " + id.str());
    for (const image::Reference& reference : references_) {
      store_.tag(id, reference);
      events_.output(vertex, OutputStream::Out, at(), "naming to " + reference.to_string());
    }
    events_.done(vertex, at());
    return id;
  }

  const BuildRequest& request_;
  image::ImageStore& store_;
  Events events_;
  std::optional<WorkArea> area_;
  image::LayerHold hold_;  ///< ends before the work area: what is woken then may have to remove layers
  std::string dockerfile_name_;
  std::map<std::string, std::string> sources_;
  std::map<std::string, std::string> contexts_;  ///< additional ones; their names are looked up in lower case
  dockerfile::IgnoreRules ignore_;
  std::deque<dockerfile::IgnoreRules> ignores_;  ///< of additional contexts
  std::vector<image::Reference> references_;
};

}  // namespace

std::string BuildFailure::render(RenderOptions options) const {
  const auto lookup = [this](const std::string& file) -> std::optional<std::string> {
    const auto found = sources.find(file);
    if (found == sources.end()) return std::nullopt;
    return found->second;
  };
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.items()) out += davit::render(diagnostic, lookup, options);
  return out;
}

BuildFailure check(const BuildRequest& request, image::ImageStore& store) {
  SilentObserver observer;
  Build build(request, store, observer);
  BuildFailure found;
  try {
    for (Diagnostic& warning : build.make().warnings) found.diagnostics.add(std::move(warning));
  } catch (const Build::Failed& failed) {
    found.diagnostics = failed.diagnostics;
  } catch (const Error& error) {
    found.diagnostics.add(error.diagnostic());
  }
  found.sources = build.take_sources();
  return found;
}

Result<ImageId, BuildFailure> build(const BuildRequest& request, image::ImageStore& store, BuildObserver& observer) {
  Build build(request, store, observer);
  BuildFailure failure;
  try {
    return build.run();
  } catch (const Build::Failed& failed) {
    failure.diagnostics = failed.diagnostics;
  } catch (const Error& error) {
    failure.diagnostics.add(error.diagnostic());
  }
  failure.sources = build.take_sources();
  return failure;
}

}  // namespace davit::build
