#pragma once
// Where COPY takes files from: the build context or the file system of another stage. Read in place, never copied
// first.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

  /// What COPY sees at a resolved path, links not followed; nullopt also for what .dockerignore keeps out. A folder
  /// that is kept out is there when a `!` line may bring something below it back.
  [[nodiscard]] std::optional<struct stat> look(const std::string& resolved) const;
  /// As Root::resolve; links that .dockerignore keeps out lead nowhere.
  [[nodiscard]] std::string resolve(std::string_view path) const;

  /// What .dockerignore keeps out of a resolved folder: paths below it, parents before what stands beside them, none
  /// below another.
  [[nodiscard]] std::vector<std::string> left_out(const std::string& folder) const;

 private:
  /// What is not taken although it is there: by --exclude; with --parents, all that the source does not name.
  class Choice {
   public:
    void add(const std::vector<std::string>& patterns, const Span& where);
    [[nodiscard]] bool excludes(const std::string& path) const;
    /// Call only for a path that is excluded: nothing below it is taken either.
    [[nodiscard]] bool prunes(const std::string& path) const;

   private:
    std::vector<dockerfile::IgnoreRules> rules_;
  };
  [[nodiscard]] bool ignored(const std::string& path) const { return ignore_ != nullptr && ignore_->excludes(path); }
  struct Match {
    std::string named;     ///< as the user knows it
    std::string resolved;  ///< links followed
    struct stat info{};
  };
  /// Throws when COPY does not see it.
  [[nodiscard]] Match find(const std::string& path, const dockerfile::Word& source) const;
  [[nodiscard]] std::vector<Match> wildcard(const std::string& pattern, const dockerfile::Word& source) const;
  /// Real paths that match, below the folder.
  [[nodiscard]] std::vector<std::string> match_below(const std::string& folder,
                                                     std::span<const std::string> parts) const;
  [[nodiscard]] Item make_item(const Match& match, const CopyStep& step, const dockerfile::Word& source) const;
  [[nodiscard]] bool is_only_kept_out(const Item& item) const;
  /// --parents: everything that matches, with its path below the pivot `/./`.
  void with_parents(const CopyStep& step, const dockerfile::Word& source, std::vector<Item>& out) const;
  /// Throws when a path without wildcards is not there, or leads through a link behind the pivot.
  void refuse_links(const std::string& base, const std::string& pattern, const dockerfile::Word& source) const;
  /// What becomes of a name in a folder.
  enum class Take { No, Itself, WithContents, ForItsContents };
  struct Found {
    Entry entry;
    Take take = Take::No;
  };
  [[nodiscard]] Found look_at(int folder_fd, const std::string& name, const std::string& folder, const std::string& to,
                              const Choice& choice) const;
  void walk(const std::string& folder, const std::string& to, const Choice& choice, std::vector<Entry>& out) const;
  /// The same, folders side by side as soon as there are many in one.
  void walk_parallel(const std::string& folder, const std::string& to, const Choice& choice,
                     std::vector<Entry>& out) const;
  /// Whether anything below stays; `out` gets what does not, `to` is the folder's path in it.
  bool gather_left_out(const std::string& folder, const std::string& to, std::vector<std::string>& out) const;
  [[noreturn]] void missing(const std::string& path, const dockerfile::Word& source) const;
  /// The first part of the way to `path`, links followed, that .dockerignore keeps out.
  [[nodiscard]] std::optional<std::string> kept_out_on_the_way(const std::string& path) const;

  Root root_;
  std::string shown_;
  const dockerfile::IgnoreRules* ignore_;
};

/// What a mount shows, as a source for select(): the path of a mount is meant literally, so no letter is a wildcard.
[[nodiscard]] dockerfile::Word source_of(const Mount& mount);

/// By name: "" is the build context, the others are additional ones.
using Contexts = std::map<std::string, SourceTree>;

enum class Owners { Count, Ignore };  ///< whether uid and gid are part of the digest

/// Digest over names, kinds, modes, links, contents, extended attributes; not over times. `cache` may be null.
/// Notes each file's own digest in its entry.
[[nodiscard]] std::string digest_of_item(const SourceTree& tree, Item& item, Owners owners, DigestCache* cache);

}  // namespace davit::build
