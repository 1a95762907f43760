#include "build/digest_cache.hpp"

#include <fcntl.h>

#include <cstring>
#include <ctime>

#include "build/checked_file.hpp"

namespace davit::build {
namespace {

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

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// The least age of a file that cannot change again unseen. Time stamps move in steps of the kernel's tick, 10 ms at
/// most; but some file systems keep whole seconds, which the stamp itself tells (ext4 with small inodes, some NFS).
std::int64_t least_age(std::int64_t changed) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return changed % kSecond == 0 ? 2 * kSecond : 20'000'000;
}

}  // namespace

DigestCache::DigestCache(std::string file) : file_(std::move(file)) {
  if (file_.empty()) return;
  load();
  keep_young();
}

void DigestCache::keep_young() const {
  constexpr std::int64_t kDay = 86'400'000'000'000;
  struct stat info{};
  struct timespec now{};
  if (::stat(file_.c_str(), &info) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0) return;
  if (nanoseconds(now) - nanoseconds(info.st_mtim) > kDay) (void)::utimensat(AT_FDCWD, file_.c_str(), nullptr, 0);
}

DigestCache::Key DigestCache::key_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino)};
}

DigestCache::Value DigestCache::value_of(const struct stat& info) {
  return {static_cast<std::int64_t>(info.st_size), nanoseconds(info.st_mtim), nanoseconds(info.st_ctim), {}, true};
}

void DigestCache::load() {
  const auto body = read_checked_file(file_, kMagic);
  if (!body) return;
  const std::size_t count = body->size() / sizeof(Record);
  table_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Record record{};
    std::memcpy(&record, body->data() + i * sizeof(Record), sizeof(Record));
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
  struct timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (nanoseconds(now) - value.ctime < least_age(value.ctime)) return;
  Value& place = table_[key_of(before)];
  if (!place.seen) ++seen_;
  place = value;
  place.digest = digest;
  changed_ = true;
}

std::string DigestCache::serialized() const {
  constexpr std::size_t kFew = 1000;
  const bool keep_unseen = table_.size() <= 2 * seen_ + kFew;
  std::string out;
  out.reserve(table_.size() * sizeof(Record));
  for (const auto& [key, value] : table_) {
    if (!value.seen && !keep_unseen) continue;
    const Record record{key.device, key.inode, value.size, value.mtime, value.ctime, value.digest};
    out.append(reinterpret_cast<const char*>(&record), sizeof(record));
  }
  return out;
}

void DigestCache::save() noexcept {
  if (!changed_ || file_.empty()) return;
  try {
    write_checked_file(file_, kMagic, serialized());
    changed_ = false;
  } catch (const std::exception&) {
    // Out of memory: the next build hashes again.
  }
}

}  // namespace davit::build
