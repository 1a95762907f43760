#pragma once
// Names of images: "redis", "ghcr.io/acme/api:1.2", "name@sha256:…". Grammar: distribution/reference.

#include <optional>
#include <string>
#include <string_view>

#include "davit/base/result.hpp"

namespace davit::image {

/// A name in full form: domain and path always there, and a tag ("latest") unless there is a digest.
class Reference {
 public:
  /// Reads what a user wrote. 64 hex digits alone are an image id, not a name, and refused here.
  [[nodiscard]] static Result<Reference> parse(std::string_view text);

  [[nodiscard]] const std::string& domain() const { return domain_; }  ///< "docker.io"
  [[nodiscard]] const std::string& path() const { return path_; }      ///< "library/redis"
  [[nodiscard]] const std::optional<std::string>& tag() const { return tag_; }
  /// Rules over the tag when both are there.
  [[nodiscard]] const std::optional<std::string>& digest() const { return digest_; }

  /// "docker.io/library/redis".
  [[nodiscard]] std::string full_name() const { return domain_ + "/" + path_; }
  /// "redis": as docker prints it, without what it would add by itself.
  [[nodiscard]] std::string familiar_name() const;
  /// "docker.io/library/redis:7", "docker.io/library/redis@sha256:…", both with tag and digest.
  [[nodiscard]] std::string to_string() const { return full_name() + suffix(); }
  /// "redis:7".
  [[nodiscard]] std::string familiar() const { return familiar_name() + suffix(); }
  /// The form under which the store keeps it: with a digest the tag is dropped.
  [[nodiscard]] std::string key() const;

  friend bool operator==(const Reference&, const Reference&) = default;

 private:
  [[nodiscard]] std::string suffix() const;

  std::string domain_;
  std::string path_;
  std::optional<std::string> tag_;
  std::optional<std::string> digest_;
};

}  // namespace davit::image
