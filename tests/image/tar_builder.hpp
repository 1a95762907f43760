#pragma once
// Archives for tests, made with libarchive, and by hand where libarchive would not.

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <functional>
#include <string>
#include <string_view>

namespace davit::image::test {

class TarBuilder {
 public:
  enum class Compression { None, Gzip, Zstd, Xz, Bzip2, Lzma };

  explicit TarBuilder(Compression compression = Compression::None) : archive_(archive_write_new()) {
    archive_write_set_format_pax(archive_);
    // No padding to tape blocks: it would stand behind the compressed stream.
    archive_write_set_bytes_per_block(archive_, 512);
    archive_write_set_bytes_in_last_block(archive_, 1);
    switch (compression) {
      case Compression::None:
        break;
      case Compression::Gzip:
        archive_write_add_filter_gzip(archive_);
        break;
      case Compression::Zstd:
        archive_write_add_filter_zstd(archive_);
        break;
      case Compression::Xz:
        archive_write_add_filter_xz(archive_);
        break;
      case Compression::Bzip2:
        archive_write_add_filter_bzip2(archive_);
        break;
      case Compression::Lzma:
        archive_write_add_filter_lzma(archive_);
        break;
    }
    archive_write_open(archive_, this, nullptr, append, nullptr);
  }
  TarBuilder(const TarBuilder&) = delete;
  TarBuilder& operator=(const TarBuilder&) = delete;
  ~TarBuilder() { archive_write_free(archive_); }

  using Change = std::function<void(::archive_entry*)>;

  TarBuilder& file(const std::string& name, std::string_view content, const Change& change = {}) {
    return add(name, AE_IFREG, 0644, content, change);
  }
  TarBuilder& folder(const std::string& name, mode_t mode = 0755, const Change& change = {}) {
    return add(name, AE_IFDIR, mode, {}, change);
  }
  TarBuilder& symlink(const std::string& name, const std::string& target) {
    return add(name, AE_IFLNK, 0777, {}, [&](::archive_entry* e) { archive_entry_set_symlink(e, target.c_str()); });
  }
  TarBuilder& hardlink(const std::string& name, const std::string& target) {
    return add(name, AE_IFREG, 0644, {}, [&](::archive_entry* e) { archive_entry_set_hardlink(e, target.c_str()); });
  }
  TarBuilder& device(const std::string& name, mode_t type, unsigned major, unsigned minor, mode_t mode = 0600) {
    return add(name, type, mode, {}, [&](::archive_entry* e) { archive_entry_set_rdev(e, makedev(major, minor)); });
  }

  /// The archive; nothing may be added after it.
  std::string done() {
    archive_write_close(archive_);
    return bytes_;
  }

 private:
  TarBuilder& add(const std::string& name, mode_t type, mode_t mode, std::string_view content, const Change& change) {
    ::archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, mode);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_mtime(entry, 1'000'000'000, 0);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    if (change) change(entry);
    archive_write_header(archive_, entry);
    if (!content.empty()) archive_write_data(archive_, content.data(), content.size());
    archive_entry_free(entry);
    return *this;
  }

  static la_ssize_t append(::archive*, void* self, const void* data, std::size_t size) {
    static_cast<TarBuilder*>(self)->bytes_.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }

  ::archive* archive_;
  std::string bytes_;
};

}  // namespace davit::image::test
