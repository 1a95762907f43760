#include "image/libarchive.hpp"

#include <archive_entry.h>
#include <locale.h>

#include <cerrno>
#include <utility>

#include "davit/base/error.hpp"

namespace davit::image {

ArchiveReader::ArchiveReader(ByteSource& source) : source_(source), archive_(archive_read_new()) {
  if (!archive_) throw Error("cannot make an archive reader: out of memory");
}

la_ssize_t ArchiveReader::read_block(::archive* archive, void* self, const void** buffer) {
  auto* reader = static_cast<ArchiveReader*>(self);
  // An exception must not pass through C.
  try {
    const std::span<const char> block = reader->source_.next();
    *buffer = block.data();
    return static_cast<la_ssize_t>(block.size());
  } catch (...) {
    reader->failure_ = std::current_exception();
    archive_set_error(archive, EIO, "the source broke");
    return -1;
  }
}

bool ArchiveReader::open() {
  const int code = archive_read_open(archive_.get(), this, nullptr, read_block, nullptr);
  rethrow_failure();
  return code == ARCHIVE_OK || code == ARCHIVE_WARN;
}

::archive_entry* ArchiveReader::next_entry() {
  ::archive_entry* entry = nullptr;
  const int code = archive_read_next_header(archive_.get(), &entry);
  if (code == ARCHIVE_EOF) {
    rethrow_failure();
    return nullptr;
  }
  check(code);
  return entry;
}

void ArchiveReader::check(int code) {
  rethrow_failure();
  if (code >= ARCHIVE_WARN) return;
  const char* text = archive_error_string(archive_.get());
  throw Error(Diagnostic::error(
      "bad-archive", std::string("the archive is malformed: ") + (text != nullptr ? text : "unknown format")));
}

void ArchiveReader::rethrow_failure() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

Utf8Scope::Utf8Scope() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), previous_(nullptr) {
  if (locale_ != nullptr) previous_ = uselocale(static_cast<locale_t>(locale_));
}

Utf8Scope::~Utf8Scope() {
  if (locale_ == nullptr) return;
  uselocale(static_cast<locale_t>(previous_));
  freelocale(static_cast<locale_t>(locale_));
}

}  // namespace davit::image
