#include "build/cache_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "build/copy_writer.hpp"
#include "build/layer_target.hpp"
#include "davit/base/error.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

/// Owner, mode, attributes, and at last the times, which filling it has changed.
void take_looks(int from, const fs::path& folder, Owners owners) {
  const Fd to(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info{};
  if (!to || ::fstat(from, &info) != 0) throw_system_error("look at", folder.string(), errno);
  if (owners == Owners::Count && ::fchown(to.get(), info.st_uid, info.st_gid) != 0)
    throw_system_error("set owner of", folder.string(), errno);
  copy_attributes(from, to.get(), folder.string());
  const std::array<struct timespec, 2> times{info.st_atim, info.st_mtim};
  if (::fchmod(to.get(), info.st_mode & 07777U) != 0 || ::futimens(to.get(), times.data()) != 0)
    throw_system_error("set mode and times of", folder.string(), errno);
}

/// Files of a context are root's, as COPY has it.
void fill(const fs::path& folder, const Mount& mount, const SourceTree& from) {
  CopyStep all;
  all.origin = mount.origin;
  all.sources.push_back(source_of(mount));
  all.destination += '/';
  const std::vector<Item> items = from.select(all);
  if (items.size() != 1 || !items.front().folder)
    throw Error(Diagnostic::error(
        "bad-mount",
        "'" + (mount.options.source.empty() ? "/" : mount.options.source) + "' cannot fill a cache: it is no folder",
        mount.where));
  const Root layer(folder.string());
  const LayerTarget target(layer, nullptr);
  CopyWriter(target, all, mount.where, nullptr).write(from, items);
  const Fd source = from.root().open(items.front().entries.front().path, O_RDONLY | O_DIRECTORY);
  const bool owned_by_root = std::holds_alternative<FromContext>(mount.origin);
  take_looks(source.get(), folder, owned_by_root ? Owners::Ignore : Owners::Count);
}

void make_empty(const fs::path& folder, const dockerfile::RunMount& options) {
  if (::chown(folder.c_str(), options.uid.value_or(0), options.gid.value_or(0)) != 0)
    throw_system_error("set owner of", folder.string(), errno);
  if (::chmod(folder.c_str(), options.mode.value_or(0755)) != 0)
    throw_system_error("set mode of", folder.string(), errno);
}

}  // namespace

void make_cache_folder(const fs::path& folder, const Mount& mount, const SourceTree* from, const fs::path& work) {
  const fs::path made = work / "made";
  if (::mkdir(made.c_str(), 0755) != 0) throw_system_error("make folder", made.string(), errno);
  if (from != nullptr) {
    fill(made, mount, *from);
  } else {
    make_empty(made, mount.options);
  }
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) != 0)
    throw_system_error("make", folder.string(), errno);
}

}  // namespace davit::build
