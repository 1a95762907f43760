#include "build/bind_view.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "build/layer_target.hpp"
#include "build/mounts.hpp"
#include "davit/base/error.hpp"
#include "davit/container/overlay.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_system_error("make folder", path.string(), error.value());
}

void make_file(const fs::path& path) {
  const Fd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made) throw_system_error("make", path.string(), errno);
}

bool is_in(const std::string& path, const std::string& folder) {
  return folder.empty() || path == folder || path.starts_with(folder + "/");
}

/// A folder of the context, less some of what is in it: an overlay whose upper part has nothing but whiteouts.
class ThinnedFolder {
 public:
  ThinnedFolder(const SourceTree& tree, const std::string& path, Writes writes, fs::path work)
      : tree_(tree),
        path_(path),
        left_out_(tree.left_out(path)),
        source_(tree.root().path() + (path.empty() ? "" : "/" + path)),
        writes_(writes),
        work_(std::move(work)) {}

  std::string mount() {
    make_folder(view());
    if (left_out_.empty() && writes_ == Writes::Refused) {
      bind_read_only(source_, view().string());
      return view().string();
    }
    make_whiteouts();
    lay_over("");
    const std::string source = fs::canonical(source_).string();
    for (const std::string& mounted : mounts_below(source)) add(mounted.substr(source.size() + 1));
    return view().string();
  }

 private:
  [[nodiscard]] fs::path view() const { return work_ / "view"; }
  [[nodiscard]] fs::path whiteouts() const { return work_ / "whiteouts"; }

  void make_whiteouts() {
    make_folder(whiteouts());
    std::set<std::string> folders{""};
    for (const std::string& path : left_out_) {
      make_folder((whiteouts() / path).parent_path());
      if (::mknod((whiteouts() / path).c_str(), S_IFCHR, 0) != 0) throw_system_error("make a whiteout", path, errno);
      for (std::string folder = parent_of(path); !folder.empty(); folder = parent_of(folder)) folders.insert(folder);
    }
    for (const std::string& folder : folders) take_looks(folder, whiteouts() / folder);
  }

  /// Of a folder that is in several parts of an overlay, the topmost shows: `shown` looks as `folder` of the context.
  void take_looks(const std::string& folder, const fs::path& shown) const {
    const std::string place = path_ + (path_.empty() || folder.empty() ? "" : "/") + folder;
    const Fd from = tree_.root().open(place, O_RDONLY | O_DIRECTORY);
    const Fd to(::open(shown.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info{};
    if (!to || ::fstat(from.get(), &info) != 0 || ::fchown(to.get(), info.st_uid, info.st_gid) != 0)
      throw_system_error("set owner of", shown.string(), errno);
    copy_attributes(from.get(), to.get(), shown.string());
    const std::array<struct timespec, 2> times{info.st_atim, info.st_mtim};
    if (::fchmod(to.get(), info.st_mode & 07777U) != 0 || ::futimens(to.get(), times.data()) != 0)
      throw_system_error("set mode and times of", shown.string(), errno);
  }

  void lay_over(const std::string& below) {
    container::Overlay overlay;
    overlay.lower = {(whiteouts() / below).string(), (fs::path(source_) / below).string()};
    if (writes_ == Writes::ThrownAway) {
      const fs::path own = work_ / ("writes-" + std::to_string(++count_));
      make_folder(own / "upper");
      make_folder(own / "work");
      take_looks(below, own / "upper");
      overlay.upper = (own / "upper").string();
      overlay.work = (own / "work").string();
      overlay.sync = container::Overlay::Sync::Never;
    }
    container::mount_overlay(overlay, (view() / below).string());
  }

  /// An overlay shows nothing that is mounted below its parts.
  void add(const std::string& below) {
    const auto hidden = [&](const std::string& path) { return is_in(below, path); };
    if (std::any_of(left_out_.begin(), left_out_.end(), hidden)) return;
    struct stat info{};
    if (::stat((fs::path(source_) / below).c_str(), &info) != 0) return;  // covered by another mount
    const bool thinned =
        std::any_of(left_out_.begin(), left_out_.end(), [&](const std::string& path) { return is_in(path, below); });
    if (!S_ISDIR(info.st_mode) || (!thinned && writes_ == Writes::Refused))
      return bind_read_only((fs::path(source_) / below).string(), (view() / below).string());
    if (!thinned) {
      make_folder(whiteouts() / below);
      take_looks(below, whiteouts() / below);
    }
    lay_over(below);
  }

  const SourceTree& tree_;
  const std::string& path_;
  std::vector<std::string> left_out_;
  std::string source_;
  Writes writes_;
  fs::path work_;
  int count_ = 0;
};

}  // namespace

std::string mount_bind_view(const SourceTree& tree, const std::string& path, Writes writes, const fs::path& work) {
  make_folder(work);
  const auto info = tree.root().look(path);
  if (info && S_ISDIR(info->st_mode)) return ThinnedFolder(tree, path, writes, work).mount();
  const fs::path view = work / "view";
  make_file(view);
  bind_read_only(tree.root().path() + "/" + path, view.string());
  return view.string();
}

}  // namespace davit::build
