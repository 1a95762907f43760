#pragma once
// The address of a unix socket in a folder of any depth.

#include <sys/un.h>

#include <optional>
#include <string>

#include "davit/base/fd.hpp"

namespace davit {

/// An address holds 108 bytes (unix(7)), and a project's name alone may fill them. So the socket is named through a
/// descriptor of its folder, which this owns: it must live until bind(2) or connect(2) has returned. Good in this
/// process only.
class UnixAddress {
 public:
  /// The socket `name` in an open folder; `name` is a file name, not a path.
  UnixAddress(Fd folder, const std::string& name);
  /// The socket at `path`; its folder must be there, the socket need not. Throws Error when the folder cannot be
  /// opened.
  static UnixAddress of(const std::string& path);
  /// The same; nullopt when there is no such folder.
  static std::optional<UnixAddress> find(const std::string& path);

  /// For interfaces that take a path; always short enough.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] sockaddr_un raw() const;
  [[nodiscard]] const Fd& folder() const { return folder_; }

 private:
  Fd folder_;
  std::string path_;
};

}  // namespace davit
