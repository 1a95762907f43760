#pragma once
// The new layer as COPY, ADD and WORKDIR write it: without a mount over it, and with the layers below in view.

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "build/rooted.hpp"
#include "davit/base/span.hpp"

namespace davit::build {

/// Names of a file's extended attributes, each with a zero behind it. `shown`: for messages.
[[nodiscard]] std::string attribute_names(int file, std::string_view shown);

class LayerTarget {
 public:
  /// Writes go to `layer`. `below` shows the state the layer comes on top of; null when `layer` is itself a mounted
  /// view of both (what unpacking an archive needs). Both must outlive it.
  LayerTarget(const Root& layer, const Root* below) : layer_(layer), below_(below) {}

  /// Where users and groups are looked up.
  [[nodiscard]] const Root& files() const { return below_ != nullptr ? *below_ : layer_; }
  [[nodiscard]] const Root& layer() const { return layer_; }

  /// As Root::resolve and Root::look, over both.
  [[nodiscard]] std::string resolve(std::string_view path) const;
  [[nodiscard]] std::optional<struct stat> look(const std::string& resolved) const;
  /// The folder as it is below, for looking only; nullopt when there is none.
  [[nodiscard]] std::optional<Fd> folder_below(const std::string& resolved) const;

  /// A folder to write into. One that is only below is made in the layer with the same owner, mode and attributes, as
  /// overlayfs would. Throws davit::Error when there is none.
  [[nodiscard]] Fd folder(const std::string& resolved) const;

  /// mkdir -p, following links; new folders get the owner and mode. Returns the resolved path. Throws davit::Error when
  /// a file is in the way.
  std::string make_folders(std::string_view path, std::pair<uid_t, gid_t> owner, mode_t mode, const Span& where) const;

 private:
  const Root& layer_;
  const Root* below_;
};

/// Copies extended attributes, but those of overlayfs and the kernel; what the file system does not know is left out,
/// and labels that only the host may set. Throws davit::Error about `shown` for any other that is not to be had.
void copy_attributes(int from, int to, std::string_view shown);

}  // namespace davit::build
