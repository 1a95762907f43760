#include "build/step_runner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "build/copy_writer.hpp"
#include "build/mounts.hpp"
#include "build/run_container.hpp"
#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/container/overlay.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

/// The new layer's root shows in the merged file system: it must look as the root below it.
void copy_root_attributes(const std::vector<std::string>& lower, const std::string& upper) {
  if (lower.empty()) return;
  struct stat info{};
  if (::stat(lower.front().c_str(), &info) != 0) throw_system_error("look at", lower.front(), errno);
  if (::chown(upper.c_str(), info.st_uid, info.st_gid) != 0) throw_system_error("set owner of", upper, errno);
  if (::chmod(upper.c_str(), info.st_mode & 07777U) != 0) throw_system_error("set mode of", upper, errno);
}

struct RootLook {
  mode_t mode;
  uid_t uid;
  gid_t gid;
  explicit RootLook(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) throw_system_error("look at", path, errno);
    mode = info.st_mode;
    uid = info.st_uid;
    gid = info.st_gid;
  }
  friend bool operator==(const RootLook&, const RootLook&) = default;
};

void unmount_all(std::vector<std::string>& mounts) noexcept {
  while (!mounts.empty()) {
    unmount(mounts.back());
    mounts.pop_back();
  }
}

}  // namespace

void StepRunner::enter() {
  if (entered_) return;
  enter_private_mounts();
  ::umask(022);  // this thread's own as the mounts are: the caller's must not show in the layer
  entered_ = true;
}

std::vector<std::string> StepRunner::layer_folders(const std::vector<std::string>& diff_ids) const {
  std::vector<std::string> out;
  for (const fs::path& folder : store_.layer_paths(diff_ids)) out.push_back(folder.string());
  return out;
}

StepOutcome StepRunner::run(const Step& step, const StepInput& input) {
  enter();
  auto staged = store_.new_layer_dir();
  copy_root_attributes(layer_folders(input.diff_ids), staged.fs().string());
  const RootLook before(staged.fs().string());
  try {
    perform(step, input, staged);
    trees_.clear();
    unmount_all(mounts_);
    if (stop_.stop_requested()) throw Error(Diagnostic::error("cancelled", "the build was cancelled"));
    if (fs::is_empty(staged.fs()) && RootLook(staged.fs().string()) == before) return {std::nullopt, cacheable_};
    const std::string diff_id = store_.adopt_layer(std::move(staged)).diff_id;
    if (!manifest_.empty()) manifest_.save(store_.data_root(), diff_id);
    return {diff_id, cacheable_};
  } catch (const std::exception& failure) {
    trees_.clear();
    unmount_all(mounts_);
    throw placed_at(with_full_disk(as_error(failure), store_.data_root()),
                    step.where);  // what the step has written is still there
  }
}

std::string StepRunner::mount_writable(const StepInput& input, const image::StagedLayer& staged,
                                       const std::string& bottom) {
  container::Overlay overlay{layer_folders(input.diff_ids), staged.fs().string(), staged.work().string(),
                             container::Overlay::Sync::Never};  // a half-made layer is thrown away
  overlay.lower.push_back(bottom);
  const std::string root = area_.folder(name_ + "/root").string();
  container::mount_overlay(overlay, root);
  mounts_.push_back(root);
  return root;
}

std::string StepRunner::mount_view(const std::vector<std::string>& diff_ids, const std::string& name) {
  const std::string target = area_.folder(name_ + "/" + name).string();
  container::Overlay overlay{.lower = layer_folders(diff_ids)};
  // A read-only overlay wants two folders.
  overlay.lower.push_back(area_.folder("empty").string());
  if (overlay.lower.size() < 2) overlay.lower.push_back(area_.folder("empty2").string());
  container::mount_overlay(overlay, target);
  mounts_.push_back(target);
  return target;
}

void StepRunner::perform(const Step& step, const StepInput& input, const image::StagedLayer& staged) {
  if (const auto* run = std::get_if<RunStep>(&step.action)) return run_program(step, *run, input, staged);
  if (const auto* copied = std::get_if<CopyStep>(&step.action)) return copy(step, *copied, input, staged);
  const auto& workdir = std::get<WorkdirStep>(step.action);
  const Root below(mount_view(input.diff_ids, "below"));
  const Root layer(staged.fs().string());
  const container::ResolvedUser user = find_identity(below, workdir.user, step.where);
  LayerTarget(layer, &below).make_folders(workdir.path, {user.uid, user.gid}, 0755, step.where);
}

void StepRunner::copy(const Step& step, const CopyStep& copy, const StepInput& input,
                      const image::StagedLayer& staged) {
  const std::optional<Root> below =
      copy.unpack ? std::nullopt : std::optional<Root>(mount_view(input.diff_ids, "below"));
  const Root layer(copy.unpack ? mount_writable(input, staged, area_.folder("empty").string()) : staged.fs().string());
  const LayerTarget target(layer, below ? &*below : nullptr);
  std::optional<EarlierLayer> earlier;
  if (input.earlier_diff_id && !copy.unpack) {
    LayerManifest manifest = LayerManifest::load(store_.data_root(), *input.earlier_diff_id);
    if (!manifest.empty())
      earlier.emplace(EarlierLayer{Root(store_.layer_path(*input.earlier_diff_id).string()), std::move(manifest)});
  }
  CopyWriter writer(target, copy, step.where, earlier ? &*earlier : nullptr);
  if (const auto* context = std::get_if<FromContext>(&copy.origin)) {
    if (input.context_items != nullptr && !copy.sources.empty())
      writer.write(input.contexts->at(context->name), *input.context_items);
  } else {
    const SourceTree& tree = source(copy.origin, input);
    writer.write(tree, tree.select(copy));
  }
  writer.write_files();
  if (writer.saw_changes()) cacheable_ = Cacheable::No;
  // Through an overlay the paths are those of the layer too, but an unpacked archive is not in the manifest.
  if (!copy.unpack) manifest_ = writer.take_manifest();
}

void StepRunner::run_program(const Step& step, const RunStep& run, const StepInput& input,
                             const image::StagedLayer& staged) {
  // At the bottom: the places the runtime mounts on, so that it makes none in the layer.
  const std::string mount_points = make_mount_points(area_.folder("mount-points"));
  RunContainer container(store_.data_root(), area_, sandbox_, name_, mount_writable(input, staged, mount_points),
                         step.where, stop_, on_line_);
  container.lock_caches(run.mounts, input.cache_sources);
  for (const Mount& mount : run.mounts) {
    const bool has_source = mount.options.type == dockerfile::RunMount::Type::Bind || !mount.options.from.empty();
    const SourceTree* const from = has_source ? &source(mount.origin, input) : nullptr;
    container.add_mount(mount, from, input.secrets);
  }
  container.run(run);
}

const SourceTree& StepRunner::source(const Origin& origin, const StepInput& input) {
  if (const auto* context = std::get_if<FromContext>(&origin)) return input.contexts->at(context->name);
  std::string key;
  std::vector<std::string> diff_ids;
  std::string shown;
  if (const auto* stage = std::get_if<FromStage>(&origin)) {
    key = "stage-" + std::to_string(stage->stage);
    diff_ids = input.stages.at(stage->stage);
    shown = "the stage it copies from";
  } else {
    const BaseImage& image = std::get<FromImage>(origin).image;
    key = "image-" + image.id.str().substr(7, 12);
    diff_ids = image.config.diff_ids;
    shown = "image '" + image.name + "'";
  }
  if (const auto found = trees_.find(key); found != trees_.end()) return found->second;
  return trees_.emplace(key, SourceTree(mount_view(diff_ids, key), shown, nullptr)).first->second;
}

std::vector<std::pair<std::string, std::string>> StepRunner::content_digests(const Step& step, const StepInput& input) {
  enter();
  std::vector<std::pair<std::string, std::string>> out;
  const auto* copy = std::get_if<CopyStep>(&step.action);
  if (copy == nullptr) return out;
  const SourceTree& tree = source(copy->origin, input);
  const Owners owners = copy->chown.empty() ? Owners::Count : Owners::Ignore;
  for (Item& item : tree.select(*copy))
    out.emplace_back("source " + item.path, digest_of_item(tree, item, owners, nullptr));
  return out;
}

}  // namespace davit::build
