#pragma once
// Sources made of other sources: hashing, reading ahead in a thread, one entry of an archive.

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "davit/image/byte_source.hpp"
#include "davit/image/digest.hpp"
#include "image/libarchive.hpp"

namespace davit::image {

/// Hashes what passes.
class HashingSource final : public ByteSource {
 public:
  explicit HashingSource(ByteSource& inner) : inner_(inner) {}
  std::span<const char> next() override;
  /// The digest of all that passed; call it once, after the end.
  [[nodiscard]] std::string digest() { return finish_digest(hash_); }

 private:
  ByteSource& inner_;
  Sha256 hash_;
};

/// Runs the inner source in a thread of its own, a few blocks ahead: decompressing and hashing overlap with unpacking.
/// After the end (an empty block) or this object's end, nothing touches the inner source any more.
class ReadAhead final : public ByteSource {
 public:
  explicit ReadAhead(ByteSource& inner);
  ~ReadAhead() override;
  std::span<const char> next() override;

 private:
  void run();
  bool put(std::vector<char> block);

  ByteSource& inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<char>> ready_;
  std::vector<std::vector<char>> spare_;
  std::vector<char> current_;
  std::exception_ptr failure_;
  bool ended_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

/// The bytes of the entry an archive reader stands at.
class EntrySource final : public ByteSource {
 public:
  explicit EntrySource(ArchiveReader& reader) : reader_(reader), buffer_(256U << 10U) {}
  std::span<const char> next() override;

 private:
  ArchiveReader& reader_;
  std::vector<char> buffer_;
};

/// A first block that was looked at already, then the rest.
class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::span<const char> first, ByteSource& rest) : first_(first), rest_(rest) {}
  std::span<const char> next() override { return first_.empty() ? rest_.next() : std::exchange(first_, {}); }

 private:
  std::span<const char> first_;
  ByteSource& rest_;
};

}  // namespace davit::image
