#pragma once
// How the image of a service is built.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/span.hpp"
#include "davit/model/mounts.hpp"

namespace davit::model {

/// A soft and a hard limit; one number in the file sets both. -1 means unlimited.
struct Ulimit {
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  friend bool operator==(const Ulimit&, const Ulimit&) = default;
};

/// `build:` of a service.
struct Build {
  Span where;
  std::map<std::string, Span> places;  ///< of the keys that were written
  /// Where the key's value stands, or `build:` itself.
  [[nodiscard]] const Span& of(const std::string& key) const {
    const auto found = places.find(key);
    return found == places.end() ? where : found->second;
  }

  std::string context;     ///< absolute folder, or a URL
  std::string dockerfile;  ///< absolute, or relative to the context; empty with dockerfile_inline
  std::string dockerfile_inline;
  std::map<std::string, std::optional<std::string>> args;  ///< nullopt: the builder takes it from its environment
  std::string target;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> additional_contexts;  ///< a value "service:x" is the image of service x
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  bool no_cache = false;
  std::vector<std::string> no_cache_filter;
  bool pull = false;
  bool privileged = false;
  std::string network;
  std::string isolation;
  std::optional<std::int64_t> shm_size;  ///< bytes
  std::vector<std::string> tags;
  std::vector<std::string> platforms;
  std::vector<std::string> entitlements;
  std::map<std::string, std::string> ssh;  ///< id to path
  std::vector<FileGrant> secrets;
  std::map<std::string, std::vector<std::string>> extra_hosts;
  std::map<std::string, Ulimit> ulimits;
  std::string provenance;
  std::string sbom;
  friend bool operator==(const Build&, const Build&) = default;
};

}  // namespace davit::model
