#pragma once
// Writes what COPY, ADD and WORKDIR bring into a mounted root file system (BuildKit's copy rules).

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "build/identity.hpp"
#include "build/source_tree.hpp"

namespace davit::build {

class CopyWriter {
 public:
  /// `target` is the merged root; `step` says owner, mode and destination. Both must outlive it. Throws davit::Error
  /// for a bad owner or mode.
  CopyWriter(const Root& target, const CopyStep& step, const Span& where);

  /// Items of a tree, then the step's own files. Throws davit::Error; what was written until then is the caller's to
  /// drop.
  void write(const SourceTree& tree, const std::vector<Item>& items);
  void write_files();

 private:
  struct Owner {
    uid_t uid;
    gid_t gid;
  };
  [[nodiscard]] Owner owner_of(const struct stat& info, bool from_context) const;
  [[nodiscard]] mode_t mode_of(const struct stat& info) const;
  [[nodiscard]] bool destination_is_folder() const;
  void write_item(const SourceTree& tree, const Item& item, bool into_folder);
  void write_folder(const SourceTree& tree, const Item& item, const std::string& target);
  void write_entry(const SourceTree& tree, const Entry& entry, const std::string& target);
  void write_regular(const SourceTree& tree, const Entry& entry, int folder, const std::string& name);
  void write_special(const SourceTree& tree, const Entry& entry, int folder, const std::string& name);
  void unpack(const SourceTree& tree, const Entry& entry, const std::string& target);
  void prepare_place(const std::string& path, bool folder);
  void set_owner_and_times(int folder, const std::string& name, const struct stat& info) const;
  /// The folder of a resolved path, kept open while entries go into the same one.
  int folder_fd(const std::string& resolved);
  int source_fd(const SourceTree& tree, const std::string& folder);

  const Root& target_;
  const CopyStep& step_;
  Span where_;
  std::string destination_;  ///< resolved
  std::optional<std::pair<uid_t, gid_t>> owner_;
  std::optional<ModeChange> mode_;
  bool from_context_;
  std::pair<std::string, Fd> open_target_;
  std::pair<std::string, Fd> open_source_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;      ///< files with several names, to where they went
  std::vector<std::pair<std::string, struct stat>> folders_;  ///< times are set when they are full
};

/// mkdir -p inside the root, following links in it; new folders get the owner and mode. Returns the resolved path.
/// Throws davit::Error when a file is in the way.
std::string make_folders(const Root& root, std::string_view path, std::pair<uid_t, gid_t> owner, mode_t mode,
                         const Span& where);

}  // namespace davit::build
