#pragma once
// Writes what COPY, ADD and WORKDIR bring into a new layer (BuildKit's copy rules).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "build/identity.hpp"
#include "build/layer_manifest.hpp"
#include "build/layer_target.hpp"
#include "build/source_tree.hpp"

namespace davit::build {

/// A layer that an earlier build made with the same instruction.
struct EarlierLayer {
  Root root;
  LayerManifest manifest;
};

class CopyWriter {
 public:
  /// `step` says owner, mode and destination. `earlier` may be null. All must outlive it. Throws davit::Error for a bad
  /// owner or mode.
  CopyWriter(const LayerTarget& target, const CopyStep& step, const Span& where, const EarlierLayer* earlier);

  /// Items of a tree, then the step's own files. Throws davit::Error; what was written until then is the caller's to
  /// drop.
  void write(const SourceTree& tree, const std::vector<Item>& items);
  void write_files();
  [[nodiscard]] bool saw_changes() const { return saw_changes_; }  ///< a source was written to while it was copied
  /// The files written, as far as their digests are known. Empty when one source replaced what another had written.
  [[nodiscard]] LayerManifest take_manifest();

 private:
  struct Owner {
    uid_t uid;
    gid_t gid;
  };
  [[nodiscard]] Owner owner_of(const struct stat& info) const;
  [[nodiscard]] mode_t mode_of(const struct stat& info) const;
  [[nodiscard]] bool destination_is_folder() const;
  enum class Destination { Itself, Folder };  ///< Folder: a single file keeps its name in it
  void write_item(const SourceTree& tree, const Item& item, Destination destination);
  /// Throws davit::Error when there are several sources.
  void check_is_one(std::size_t sources) const;
  void write_folder(const SourceTree& tree, const Item& item, const std::string& target);
  [[nodiscard]] std::vector<bool> link_unchanged(const SourceTree& tree, const Item& item, const std::string& target);
  /// The earlier layer has the same file at the same place.
  [[nodiscard]] bool is_unchanged(const Entry& entry, const std::string& target) const;
  void write_entry(const SourceTree& tree, const Entry& entry, const std::string& target);
  void write_regular(const SourceTree& tree, const Entry& entry, const std::string& target);
  /// Takes the file from the earlier layer when it is the same there; false when it is not.
  bool link_earlier(const Entry& entry, const std::string& target);
  void write_special(const SourceTree& tree, const Entry& entry, const std::string& target);
  void unpack(const SourceTree& tree, const Entry& entry, const std::string& target);
  [[nodiscard]] ManifestFile manifest_file(const Entry& entry) const;
  void write_folder_entry(const SourceTree& tree, const Entry& entry, const std::string& target);
  /// Throws when a folder of the state below stands where a file is to go.
  void check_below(const std::string& path);
  /// Runs `make`, which makes one name in the layer; when something has the name already, removes it and runs `make`
  /// again. Looking first would cost a call for each file. `make` returns 0 or leaves an errno.
  template <class Make>
  void make_at(const std::string& path, std::string_view doing, const Make& make);
  /// Removes a file of the layer that a later source replaces; throws for a folder.
  void make_room(const std::string& path);
  void set_owner_and_times(int folder, const std::string& name, const struct stat& info) const;
  /// The folder of a resolved path, kept open while entries go into the same one.
  int folder_fd(std::string_view resolved);
  int source_fd(const SourceTree& tree, std::string_view folder);
  int earlier_fd(std::string_view folder);

  const LayerTarget& target_;
  const EarlierLayer* earlier_;
  const CopyStep& step_;
  Span where_;
  std::string destination_;  ///< resolved
  std::optional<std::pair<uid_t, gid_t>> owner_;
  std::optional<ModeChange> mode_;
  bool from_context_;
  std::pair<std::string, Fd> open_target_;
  std::optional<Fd> open_below_;  ///< the same folder in the state below, if it is there
  std::pair<std::string, Fd> open_source_;
  std::pair<std::string, Fd> open_earlier_;
  LayerManifest written_;
  bool saw_changes_ = false;
  bool replaced_ = false;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;      ///< files with several names, to where they went
  std::vector<std::pair<std::string, struct stat>> folders_;  ///< times are set when they are full
};

}  // namespace davit::build
