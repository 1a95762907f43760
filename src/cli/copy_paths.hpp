#pragma once
// What `cp` copies where, by docker's rules. Pure.

#include <optional>
#include <string>

#include "davit/base/result.hpp"

namespace davit::cli {

/// One side of a copy: "web:/etc/hosts" or "./hosts" or "-".
struct CopyEnd {
  std::optional<std::string> service;
  std::string path;
  [[nodiscard]] bool is_stream() const { return !service && path == "-"; }
  friend bool operator==(const CopyEnd&, const CopyEnd&) = default;
};

/// A colon makes a service of what is in front of it, unless that looks like a path ("./a:b", "/a:b").
[[nodiscard]] CopyEnd parse_copy_end(const std::string& text);

/// What is at a path; a symbolic link counts as what it leads to.
enum class PathKind { Absent, File, Folder };

/// Into which folder, and under which name; an empty name: what is in the source folder goes into it.
struct CopyTarget {
  std::string folder;
  std::string name;
  friend bool operator==(const CopyTarget&, const CopyTarget&) = default;
};

/// docker's table (`docker cp --help`): a file goes into a folder or becomes the path; a folder goes into a folder,
/// with
/// "/." at its end only what is in it, or becomes the path. The error is docker's, said of the path.
[[nodiscard]] Result<CopyTarget> copy_target(const std::string& source, PathKind source_kind,
                                             const std::string& destination, PathKind destination_kind);

/// The last part of a path and the folder it is in, without slashes at its end: "/a/b/" → "/a", "b".
[[nodiscard]] std::pair<std::string, std::string> split_path(std::string path);

}  // namespace davit::cli
