#pragma once
// Bytes that come in blocks: from a file, from memory, from a decompressor.

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "davit/base/fd.hpp"

namespace davit::image {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The next block; empty at the end. Valid until the next call. Throws davit::Error when the source breaks.
  virtual std::span<const char> next() = 0;
};

/// Reads a descriptor in large blocks. `name` is what error messages call it.
class FdSource final : public ByteSource {
 public:
  FdSource(Fd fd, std::string name);
  std::span<const char> next() override;

 private:
  Fd fd_;
  std::string name_;
  std::vector<char> buffer_;
};

/// Bytes in memory, which must outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const char> bytes) : rest_(bytes) {}
  std::span<const char> next() override { return std::exchange(rest_, {}); }

 private:
  std::span<const char> rest_;
};

/// Opens a file for reading as a source; "-" is standard input. Throws davit::Error naming the file.
[[nodiscard]] std::unique_ptr<ByteSource> open_source(const std::string& path);

}  // namespace davit::image
