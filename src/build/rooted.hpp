#pragma once
// Paths inside a root file system that is not ours: symbolic links never lead out of it.

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "davit/base/fd.hpp"

namespace davit::build {

/// A folder seen as `/`.
class Root {
 public:
  /// Throws davit::Error when the folder cannot be opened.
  explicit Root(const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Follows every symbolic link of `path`, the last one too, inside the root. The result is relative to the root,
  /// without links, and may not exist (its missing tail is as written). Throws davit::Error after 255 links.
  [[nodiscard]] std::string resolve(std::string_view path) const;

  /// What stands at a resolved path, links not followed; nullopt when nothing does. "" is the root itself.
  [[nodiscard]] std::optional<struct stat> look(const std::string& resolved) const;

  /// The text of a symbolic link at a resolved path. Throws davit::Error when there is none.
  [[nodiscard]] std::string link_target(const std::string& resolved) const;

  /// Opens a resolved path; links are refused. Throws davit::Error.
  [[nodiscard]] Fd open(const std::string& resolved, int flags, mode_t mode = 0) const;
  /// As open, but nullopt when it is not there.
  [[nodiscard]] std::optional<Fd> try_open(const std::string& resolved, int flags) const;

  /// The text of a file, links followed inside the root; nullopt when it is none.
  [[nodiscard]] std::optional<std::string> read(std::string_view path) const;

 private:
  std::string path_;
  Fd fd_;
};

/// Follows the links of a path within a root that `look` and `read_link` show; as Root::resolve.
[[nodiscard]] std::string resolve_links(std::string_view path,
                                        const std::function<std::optional<struct stat>(const std::string&)>& look,
                                        const std::function<std::string(const std::string&)>& read_link);

/// The part before the last slash, "" when there is none; and the part behind.
[[nodiscard]] std::string parent_of(const std::string& path);
[[nodiscard]] std::string base_of(const std::string& path);

}  // namespace davit::build
