#pragma once
// What one load may make of time and memory, whatever its files say. docs/limits.md tells users.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "davit/base/files.hpp"
#include "davit/yaml/node.hpp"

namespace davit::compose {

constexpr std::size_t kMostMistakes = 200;            ///< reported by one phase about one file
constexpr std::size_t kMostFiles = 1000;              ///< different ones that are read
constexpr std::uint64_t kMostFileBytes = 16U << 20U;  ///< of one file; YAML has a narrower limit of its own
constexpr std::uint64_t kMostBytes = 24U << 20U;      ///< read altogether, a file that is read twice counts twice
constexpr std::size_t kMostParsed = 1000;             ///< Compose files parsed, each 'include' of the same one counts
constexpr std::size_t kMostValues = 600'000;          ///< keys and values in all Compose files, and what copies them
constexpr std::size_t kMostMerged = 20'000'000;       ///< values looked at while documents merge
constexpr std::size_t kDeepestInclude = 100;          ///< files, each of which includes the next
constexpr std::size_t kMostPoolPairs = 1000;          ///< address pools of one network in two documents, multiplied
constexpr std::size_t kLongestExtends = 200;          ///< services, each of which extends the next
constexpr std::size_t kMostObjects = 20'000;          ///< services, networks, volumes, … of a project
constexpr std::size_t kMostPorts = 70'000;            ///< that short forms such as "8000-9000:8000-9000" stand for
constexpr std::size_t kMostTags = 2000;               ///< `!reset` and `!override` in one document
constexpr std::size_t kMostVariables = 200'000;  ///< of one env file, and those that such files give to all services
constexpr std::size_t kMostServiceText = 32U
                                         << 20U;  ///< bytes of the variables that env and label files give to services
constexpr std::size_t kMostText = 16U << 20U;     ///< bytes that variables put into the texts of a file, or a service
constexpr std::size_t kDeepestVariables = 64;     ///< `${A:-${B:-…}}` in each other

/// Keys and values of a tree.
[[nodiscard]] inline std::size_t count_values(const yaml::Node& node) {
  std::size_t values = 1;
  for (const yaml::Node& item : node.items) values += count_values(item);
  for (const yaml::Entry& entry : node.entries) values += 1 + count_values(entry.value);
  return values;
}

/// Counts against a limit. take() is false from the first time on that the limit is passed.
class Budget {
 public:
  explicit Budget(std::size_t limit) : left_(limit) {}
  [[nodiscard]] bool take(std::size_t amount) {
    if (amount > left_) spent_ = true;
    left_ -= spent_ ? 0 : amount;
    return !spent_;
  }
  [[nodiscard]] std::size_t left() const { return spent_ ? 0 : left_; }
  /// True once, when the limit has been passed: for the one message about it.
  [[nodiscard]] bool report() { return spent_ && !std::exchange(reported_, true); }

 private:
  std::size_t left_;
  bool spent_ = false;
  bool reported_ = false;
};

/// The files of a load: no more of them, and no more of each, than the limits allow.
class BoundedFiles final : public Files {
 public:
  explicit BoundedFiles(const Files& files) : files_(files) {}
  Result<std::string> read(const std::string& path, std::uint64_t limit = kDefaultLimit) const override;
  Kind kind(const std::string& path) const override { return files_.kind(path); }
  std::vector<std::string> list(const std::string& path) const override { return files_.list(path); }

 private:
  const Files& files_;
  mutable std::set<std::string> paths_;
  mutable std::uint64_t bytes_ = 0;
};

}  // namespace davit::compose
