#pragma once
// Does one step: mounts the state it stands on, runs it, and makes what it changed a layer.

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "build/layer_manifest.hpp"
#include "build/run_process.hpp"
#include "build/sandbox.hpp"
#include "build/source_tree.hpp"
#include "build/work_area.hpp"
#include "davit/build/build.hpp"
#include "davit/build/plan.hpp"
#include "davit/image/image_store.hpp"

namespace davit::build {

/// What a step needs beside itself. All of it outlives the step.
struct StepInput {
  std::vector<std::string> diff_ids;                       ///< the state it stands on, lowest first
  std::map<std::size_t, std::vector<std::string>> stages;  ///< layers of the stages it reads
  const Contexts* contexts = nullptr;
  std::string context_path;
  const std::vector<Item>* context_items = nullptr;  ///< already selected, for COPY from the context
  std::map<std::string, SecretValue> secrets;
  /// What cache mounts with `from` are filled with, by target: an id of its contents.
  std::map<std::string, std::string> cache_sources;
  /// A layer that the same instruction made before: unchanged files are taken from it.
  std::optional<std::string> earlier_diff_id;
};

enum class Cacheable { No, Yes };  ///< No: a source changed while it was copied, so the key says something else

struct StepOutcome {
  std::optional<std::string> diff_id;  ///< none: nothing changed
  Cacheable cacheable = Cacheable::Yes;
};

class StepRunner {
 public:
  using OnLine = std::function<void(OutputStream, std::string_view)>;

  StepRunner(image::ImageStore& store, const WorkArea& area, Sandbox& sandbox, std::string name, std::stop_token stop,
             OnLine on_line)
      : store_(store),
        area_(area),
        sandbox_(sandbox),
        name_(std::move(name)),
        stop_(std::move(stop)),
        on_line_(std::move(on_line)) {}

  /// Must be called once, on a thread that does nothing else afterwards: the thread moves into a mount namespace of its
  /// own. Throws davit::Error; nothing is left behind then.
  StepOutcome run(const Step& step, const StepInput& input);

  /// Digests of what COPY would take from a stage or image, one for each source. On the same thread, before run.
  std::vector<std::pair<std::string, std::string>> content_digests(const Step& step, const StepInput& input);

 private:
  void enter();
  /// Writes into the layer's folder; RUN and unpacking through a mounted overlay, the rest beside a read-only view.
  void perform(const Step& step, const StepInput& input, const image::StagedLayer& staged);
  void run_program(const Step& step, const RunStep& run, const StepInput& input, const image::StagedLayer& staged);
  void copy(const Step& step, const CopyStep& copy, const StepInput& input, const image::StagedLayer& staged);
  /// `bottom`: a folder below all layers; it is not part of the new one.
  [[nodiscard]] std::string mount_writable(const StepInput& input, const image::StagedLayer& staged,
                                           const std::string& bottom);
  [[nodiscard]] std::string mount_view(const std::vector<std::string>& diff_ids, const std::string& name);
  [[nodiscard]] std::vector<std::string> layer_folders(const std::vector<std::string>& diff_ids) const;
  /// The file system of a stage, an image or the context; mounted once.
  const SourceTree& source(const Origin& origin, const StepInput& input);

  image::ImageStore& store_;
  const WorkArea& area_;
  Sandbox& sandbox_;
  std::string name_;
  std::stop_token stop_;
  OnLine on_line_;
  bool entered_ = false;
  std::map<std::string, SourceTree> trees_;
  std::vector<std::string> mounts_;
  LayerManifest manifest_;
  Cacheable cacheable_ = Cacheable::Yes;
};

}  // namespace davit::build
