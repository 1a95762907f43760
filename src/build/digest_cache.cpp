#include "build/digest_cache.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <ctime>

#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"

namespace davit::build {
namespace {

// File: magic, then records, then the CRC-32 of all before it. Host byte order: the file never leaves the machine.
constexpr std::string_view kMagic = "davit-digests-1\n";

struct Record {
  std::uint64_t device;
  std::uint64_t inode;
  std::int64_t size;
  std::int64_t mtime;
  std::int64_t ctime;
  FileDigest digest;
};
static_assert(sizeof(Record) == 72);

// Time stamps move in steps of the kernel's tick, 10 ms at most; a file younger than this may change again unseen.
constexpr std::int64_t kTooYoung = 20'000'000;

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::uint32_t checksum(std::string_view text) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

}  // namespace

DigestCache::DigestCache(std::string file) : file_(std::move(file)) {
  if (!file_.empty()) load();
}

DigestCache::Key DigestCache::key_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino)};
}

DigestCache::Value DigestCache::value_of(const struct stat& info) {
  return {static_cast<std::int64_t>(info.st_size), nanoseconds(info.st_mtim), nanoseconds(info.st_ctim), {}, true};
}

void DigestCache::load() {
  const auto text = DiskFiles().read(file_, std::uint64_t{1} << 30U);
  if (!text || text->size() < kMagic.size() + 4 || !text->starts_with(kMagic)) return;
  const std::string_view body(text->data(), text->size() - 4);
  std::uint32_t sum = 0;
  std::memcpy(&sum, text->data() + body.size(), 4);
  if (sum != checksum(body)) return;
  const std::size_t count = (body.size() - kMagic.size()) / sizeof(Record);
  table_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Record record{};
    std::memcpy(&record, body.data() + kMagic.size() + i * sizeof(Record), sizeof(Record));
    table_[{record.device, record.inode}] = {record.size, record.mtime, record.ctime, record.digest, false};
  }
}

std::optional<FileDigest> DigestCache::find(const struct stat& info) {
  const auto found = table_.find(key_of(info));
  if (found == table_.end()) return std::nullopt;
  Value& value = found->second;
  const Value now = value_of(info);
  if (value.size != now.size || value.mtime != now.mtime || value.ctime != now.ctime) return std::nullopt;
  if (!value.seen) ++seen_;
  value.seen = true;
  return value.digest;
}

void DigestCache::put(const struct stat& before, const struct stat& after, const FileDigest& digest) {
  const Value value = value_of(before);
  const Value later = value_of(after);
  if (value.size != later.size || value.mtime != later.mtime || value.ctime != later.ctime) return;
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (nanoseconds(now) - value.ctime < kTooYoung) return;
  Value& place = table_[key_of(before)];
  if (!place.seen) ++seen_;
  place = value;
  place.digest = digest;
  changed_ = true;
}

std::string DigestCache::serialized() const {
  constexpr std::size_t kFew = 1000;
  const bool keep_unseen = table_.size() <= 2 * seen_ + kFew;
  std::string out(kMagic);
  out.reserve(kMagic.size() + table_.size() * sizeof(Record) + 4);
  for (const auto& [key, value] : table_) {
    if (!value.seen && !keep_unseen) continue;
    const Record record{key.device, key.inode, value.size, value.mtime, value.ctime, value.digest};
    out.append(reinterpret_cast<const char*>(&record), sizeof(record));
  }
  const std::uint32_t sum = checksum(out);
  out.append(reinterpret_cast<const char*>(&sum), 4);
  return out;
}

void DigestCache::save() noexcept {
  if (!changed_ || file_.empty()) return;
  try {
    const std::string text = serialized();
    const std::string temporary = file_ + "." + std::to_string(::getpid());
    {
      const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      if (!fd) return;
      std::size_t written = 0;
      while (written < text.size()) {
        const ssize_t count = ::write(fd.get(), text.data() + written, text.size() - written);
        if (count <= 0) break;
        written += static_cast<std::size_t>(count);
      }
      if (written != text.size()) {
        ::unlink(temporary.c_str());
        return;
      }
    }
    if (::rename(temporary.c_str(), file_.c_str()) != 0) ::unlink(temporary.c_str());
    changed_ = false;
  } catch (const std::exception&) {
    // Out of memory: the next build hashes again.
  }
}

}  // namespace davit::build
