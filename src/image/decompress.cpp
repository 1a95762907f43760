#include <archive_entry.h>

#include "davit/base/error.hpp"
#include "davit/image/layer_tar.hpp"
#include "image/sources.hpp"

namespace davit::image {
namespace {

void enable_filters(::archive* archive) {
  archive_read_support_filter_gzip(archive);
  archive_read_support_filter_zstd(archive);
  archive_read_support_filter_xz(archive);
  archive_read_support_filter_bzip2(archive);
}

/// libarchive's filters below its "raw" format, which is one entry with all the bytes.
class DecompressedSource final : public ByteSource {
 public:
  explicit DecompressedSource(ByteSource& source) : source_(source), reader_(source_) {
    enable_filters(reader_.get());
    archive_read_support_format_raw(reader_.get());
  }

  std::span<const char> next() override {
    if (!begun_) begin();
    if (ended_) return {};
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    do {
      const int code = archive_read_data_block(reader_.get(), &data, &size, &offset);
      ended_ = code == ARCHIVE_EOF;
      if (!ended_) reader_.check(code);
    } while (!ended_ && size == 0);
    if (ended_) reader_.rethrow_failure();
    return ended_ ? std::span<const char>{} : std::span(static_cast<const char*>(data), size);
  }

 private:
  /// The raw format refuses to begin with nothing at all.
  class NotEmpty final : public ByteSource {
   public:
    explicit NotEmpty(ByteSource& inner) : inner_(inner) {}
    bool peek() {
      first_ = inner_.next();
      return !first_.empty();
    }
    std::span<const char> next() override { return first_.empty() ? inner_.next() : std::exchange(first_, {}); }

   private:
    ByteSource& inner_;
    std::span<const char> first_;
  };

  void begin() {
    begun_ = true;
    if (!source_.peek()) {
      ended_ = true;
      return;
    }
    if (!reader_.open()) reader_.check(ARCHIVE_FATAL);
    ended_ = reader_.next_entry() == nullptr;
  }

  NotEmpty source_;
  ArchiveReader reader_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> decompress(ByteSource& source) {
  return std::make_unique<DecompressedSource>(source);
}

bool looks_like_tar(const std::string& path) {
  const auto file = open_source(path);
  ArchiveReader reader(*file);
  enable_filters(reader.get());
  archive_read_support_format_tar(reader.get());
  try {
    return reader.open() && reader.next_entry() != nullptr;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace davit::image
