#pragma once
// Reading files, as a parameter: the disk in the program, a map in tests.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/result.hpp"

namespace davit {

/// Reads files and folders. Paths are absolute or relative to the current folder. Implementations: DiskFiles,
/// MemoryFiles (tests/support).
class Files {
 public:
  enum class Kind { Absent, Regular, Directory, Other };

  virtual ~Files() = default;
  /// The whole file. An error says why not (absent, a folder, no permission, over `limit` bytes).
  virtual Result<std::string> read(const std::string& path, std::uint64_t limit = kDefaultLimit) const = 0;
  /// What stands at the path, symbolic links followed. Unreadable counts as Absent.
  virtual Kind kind(const std::string& path) const = 0;
  /// Names in a folder, sorted; empty when it is none.
  virtual std::vector<std::string> list(const std::string& path) const = 0;

  static constexpr std::uint64_t kDefaultLimit = 64U << 20U;
};

class DiskFiles final : public Files {
 public:
  Result<std::string> read(const std::string& path, std::uint64_t limit = kDefaultLimit) const override;
  Kind kind(const std::string& path) const override;
  std::vector<std::string> list(const std::string& path) const override;
};

/// Puts a file with this text at `path`, mode 0600, in place of what is there: a reader sees the old text or the new
/// one, also when several write at once. 0, or the errno value of what failed; then nothing has changed. Not synced to
/// the disk: after a power cut the file may be empty.
[[nodiscard]] int replace_file(const std::string& path, const std::string& text);

}  // namespace davit
