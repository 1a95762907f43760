#pragma once
// Layer archives: unpacking them into a folder, and the deterministic archive of a folder.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "davit/image/byte_source.hpp"

namespace davit::image {

/// Which extended attributes overlayfs keeps its marks in: trusted.overlay.* needs real root, user.overlay.* a mount
/// with `userxattr`.
enum class OverlayMarks { Trusted, User };

/// What the archive's `.wh.` names mean: marks of overlayfs, or (ADD of an archive) plain files.
enum class Whiteouts { ToOverlay, Literal };

struct UnpackOptions {
  Whiteouts whiteouts = Whiteouts::ToOverlay;
  OverlayMarks marks = OverlayMarks::Trusted;
  /// Owner of everything instead of the archive's.
  std::optional<std::pair<uid_t, gid_t>> owner;
  std::uint64_t max_entries = 20'000'000;
  std::uint64_t max_bytes = std::uint64_t{1} << 42U;  ///< of all files together
};

struct UnpackedTar {
  std::uint64_t entries = 0;
  std::int64_t bytes = 0;  ///< of regular files
};

/// Unpacks an uncompressed tar below `root`, a descriptor of a folder. Nothing is ever written outside of it: every
/// parent is resolved inside (openat2 RESOLVE_IN_ROOT), `..` that leaves it is an error. A later entry replaces an
/// earlier one; folders merge. Throws davit::Error naming the entry; what was unpacked until then stays for the caller
/// to remove.
UnpackedTar unpack_tar(ByteSource& tar, int root, const UnpackOptions& options);

/// Decompresses gzip, zstd, xz or bzip2, told by content; anything else passes as it is.
[[nodiscard]] std::unique_ptr<ByteSource> decompress(ByteSource& source);

/// True when the file is a tar archive, compressed or not: what ADD unpacks.
[[nodiscard]] bool looks_like_tar(const std::string& path);

struct TarOfTree {
  std::uint64_t entries = 0;
  std::int64_t bytes = 0;
};

/// Writes the tree below `root` (a layer in overlayfs form) as a tar to `sink`: names sorted by bytes, times in whole
/// seconds, no user names, whiteouts and opaque marks as `.wh.` files; the same tree gives the same bytes, always.
/// Sockets are left out. Throws davit::Error for what cannot be archived (a renamed folder: redirect_dir must be off).
TarOfTree write_layer_tar(int root, OverlayMarks marks, const std::function<void(std::span<const char>)>& sink);

/// Writes what stands at `name` in a folder, links not followed, as a tar whose first entry is called `as`; with an
/// empty name all that is in the folder. Nothing in it is taken for a mark of overlayfs. Throws davit::Error.
TarOfTree write_tree_tar(int folder, const std::string& name, const std::string& as,
                         const std::function<void(std::span<const char>)>& sink);

}  // namespace davit::image
