#pragma once
// libarchive over a ByteSource.

#include <archive.h>

#include <exception>
#include <memory>
#include <string>

#include "davit/image/byte_source.hpp"

namespace davit::image {

/// Reads one archive. Formats and filters are enabled by the caller on get(), then open() begins.
class ArchiveReader {
 public:
  /// `source` must outlive it.
  explicit ArchiveReader(ByteSource& source);

  [[nodiscard]] ::archive* get() const { return archive_.get(); }
  /// False when the bytes are of no enabled format.
  [[nodiscard]] bool open();
  /// The next entry, or null at the end. Throws davit::Error, also what the source threw.
  [[nodiscard]] ::archive_entry* next_entry();
  /// Throws davit::Error when `code` says that reading failed.
  void check(int code);
  /// Rethrows what the source threw.
  void rethrow_failure();

 private:
  struct Free {
    void operator()(::archive* a) const { archive_read_free(a); }
  };
  static la_ssize_t read_block(::archive* archive, void* self, const void** buffer);

  ByteSource& source_;
  std::unique_ptr<::archive, Free> archive_;
  std::exception_ptr failure_;
};

/// Names in archives are UTF-8 or bytes; libarchive converts them to the locale's encoding. This makes it UTF-8 for the
/// calling thread, whatever LANG says.
class Utf8Scope {
 public:
  Utf8Scope();
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;
  ~Utf8Scope();

 private:
  void* locale_;
  void* previous_;
};

}  // namespace davit::image
