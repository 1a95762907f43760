#pragma once
// Where COPY takes files from: the build context or the file system of another stage. Read in place, never copied
// first.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build/digest_cache.hpp"
#include "build/rooted.hpp"
#include "davit/build/plan.hpp"
#include "davit/dockerfile/patterns.hpp"

namespace davit::build {

/// A file, folder, link or node to be copied.
struct Entry {
  std::string path;  ///< below the tree's root
  std::string to;    ///< below the item's destination; empty for the item itself
  struct stat info{};
  std::optional<FileDigest> digest;  ///< of a regular file, once digest_of_item was asked
};

/// What one source (or one match of a wildcard) comes to.
struct Item {
  std::string name;     ///< last part of the path as the user knows it
  std::string path;     ///< the whole path as the user knows it, below the root
  bool folder = false;  ///< its contents are copied, not the folder itself
  std::vector<Entry>
      entries;  ///< parents before children, names in order; a folder's own entry is first, with `to` empty
  Span where;
};

class SourceTree {
 public:
  /// `shown` is what messages call it: "the build context '.'", "stage 'build'". `ignore` may be null and must outlive
  /// it.
  SourceTree(const std::string& path, std::string shown, const dockerfile::IgnoreRules* ignore)
      : root_(path), shown_(std::move(shown)), ignore_(ignore) {}

  [[nodiscard]] const Root& root() const { return root_; }

  /// Everything the step's sources name, after .dockerignore and --exclude. Throws davit::Error for a source that is
  /// not there: with the line that excludes it, or the nearest name.
  [[nodiscard]] std::vector<Item> select(const CopyStep& step) const;

 private:
  [[nodiscard]] bool ignored(const std::string& path) const { return ignore_ != nullptr && ignore_->excludes(path); }
  [[nodiscard]] Item literal(const std::string& path, const CopyStep& step, const dockerfile::Word& source) const;
  void wildcard(const std::string& pattern, const CopyStep& step, const dockerfile::Word& source,
                std::vector<Item>& out) const;
  void match_below(const std::string& folder, const std::string& pattern, const CopyStep& step,
                   const dockerfile::Word& source, std::vector<Item>& out) const;
  [[nodiscard]] Item make_item(const std::string& as_named, const std::string& resolved, const struct stat& info,
                               const CopyStep& step, const dockerfile::Word& source) const;
  /// What becomes of a name in a folder.
  enum class Take { No, Itself, WithContents, ForItsContents };
  struct Found {
    Entry entry;
    Take take = Take::No;
  };
  [[nodiscard]] Found look_at(int folder_fd, const std::string& name, const std::string& folder, const std::string& to,
                              const dockerfile::IgnoreRules& excludes) const;
  void walk(const std::string& folder, const std::string& to, const dockerfile::IgnoreRules& excludes,
            std::vector<Entry>& out) const;
  /// The same, folders side by side as soon as there are many in one.
  void walk_parallel(const std::string& folder, const std::string& to, const dockerfile::IgnoreRules& excludes,
                     std::vector<Entry>& out) const;
  [[noreturn]] void missing(const std::string& path, const dockerfile::Word& source) const;

  Root root_;
  std::string shown_;
  const dockerfile::IgnoreRules* ignore_;
};

/// By name: "" is the build context, the others are additional ones.
using Contexts = std::map<std::string, SourceTree>;

enum class Owners { Count, Ignore };  ///< whether uid and gid are part of the digest

/// Digest over names, kinds, modes, links, contents, extended attributes; not over times. `cache` may be null.
/// Notes each file's own digest in its entry.
[[nodiscard]] std::string digest_of_item(const SourceTree& tree, Item& item, Owners owners, DigestCache* cache);

}  // namespace davit::build
