#pragma once
// Files from one place to another as a stream, as `cp` does it: here, in a running container, or a tar.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "copy_paths.hpp"
#include "davit/base/fd.hpp"
#include "davit/engine/observed.hpp"

namespace davit::cli {

/// A file system to copy from or to: that of this process, or that of a container, in which no link leads outside.
class FileTree {
 public:
  /// Ours; relative paths are those of this process.
  static FileTree here();
  /// That of a running container, with everything mounted in it. Throws Error when it is not running.
  static FileTree of(const engine::ObservedContainer& container);

  [[nodiscard]] PathKind look(const std::string& path) const;
  /// Opens a folder. Throws Error naming the path.
  [[nodiscard]] Fd open_folder(const std::string& path) const;
  /// Where a path that is a symbolic link leads to, one step after another; the path itself when it is none.
  [[nodiscard]] std::string follow(std::string path) const;

 private:
  explicit FileTree(Fd root) : root_(std::move(root)) {}
  [[nodiscard]] int open(const std::string& path, int flags) const;

  Fd root_;  ///< invalid: ours
};

using TarSink = std::function<void(std::span<const char>)>;

/// The source as a tar: a file or folder under `name`, or, when that is empty, what is in the folder.
void send_tree(const FileTree& from, const std::string& source, const std::string& name, const TarSink& sink);

/// Copies; `owner` of everything instead of the source's. Throws Error; what was copied until then stays.
void copy_tree(const FileTree& from, const std::string& source, const FileTree& to, const CopyTarget& target,
               std::optional<std::pair<uid_t, gid_t>> owner);

/// Unpacks a tar from standard input into a folder.
void receive_tree(const FileTree& to, const std::string& folder, std::optional<std::pair<uid_t, gid_t>> owner);

}  // namespace davit::cli
