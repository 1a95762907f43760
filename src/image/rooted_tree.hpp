#pragma once
// Folders below a root, resolved by the kernel so that no symbolic link leads out of it.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "davit/base/fd.hpp"
#include "davit/image/layer_tar.hpp"

namespace davit::image {

/// Throws davit::Error "cannot <doing> '<path>': …", with the code "disk-full" and a hint when that is the reason.
[[noreturn]] void throw_entry_error(std::string_view doing, std::string_view path, int error_number);

/// `trusted.overlay.opaque` or `user.overlay.opaque`.
[[nodiscard]] const char* opaque_xattr(OverlayMarks marks);

class RootedTree {
 public:
  /// `root` is the caller's, and outlives this.
  RootedTree(int root, OverlayMarks marks) : root_(root), marks_(marks) {}

  /// A descriptor of the folder, good until the next call. Missing folders are made (0755); one that a whiteout stands
  /// for replaces it and hides what is below in lower layers. nullopt when something else than a folder is in the way.
  [[nodiscard]] std::optional<int> make_folder(std::string_view path);
  /// The same, but nullopt too when the folder is not there.
  [[nodiscard]] std::optional<int> find_folder(std::string_view path);
  /// Opens the folder itself for fchmod and the like; an empty Fd, and an errno, when it cannot.
  [[nodiscard]] Fd open_folder(std::string_view path) const;
  /// Something that may have been a folder or a link to one was removed: resolved folders are no longer sure.
  void forget();

  [[nodiscard]] int root() const { return root_; }

 private:
  /// O_PATH descriptor, or the errno.
  [[nodiscard]] int resolve(std::string_view path, Fd& into) const;
  [[nodiscard]] bool make_one(int parent, const std::string& name, std::string_view path) const;

  int root_;
  OverlayMarks marks_;
  std::string cached_path_;
  Fd cached_;
};

}  // namespace davit::image
