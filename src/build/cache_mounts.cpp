#include "build/cache_mounts.hpp"

#include <fcntl.h>
#include <fts.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <set>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

enum class Lock { Shared, ExclusiveNow };

fs::path beside(const fs::path& folder, const char* ending) {
  return folder.string() + ending;
}

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::optional<std::int64_t> modified(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return nanoseconds(info.st_mtim);
}

/// The file may be removed between its opening and its locking: a lock counts only on the one that has the name.
bool has_the_name(const Fd& file, const fs::path& path) {
  struct stat by_name{};
  struct stat by_fd{};
  return ::stat(path.c_str(), &by_name) == 0 && ::fstat(file.get(), &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
         by_name.st_dev == by_fd.st_dev;
}

/// The lock on the file `.use`, which is made if it is missing. Nothing when it is to be had now and is not.
std::optional<Fd> lock_use(const fs::path& path, Lock kind) {
  for (;;) {
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw_system_error("open", path.string(), errno);
    while (::flock(file.get(), kind == Lock::Shared ? LOCK_SH : LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno != EINTR) throw_system_error("lock", path.string(), errno);
    }
    if (has_the_name(file, path)) return file;
  }
}

/// Bytes on the disk of all that is in the folder, each file once. What goes away meanwhile does not count.
std::int64_t measure(const fs::path& folder) {
  std::string path = folder.string();
  std::array<char*, 2> roots{path.data(), nullptr};
  const std::unique_ptr<FTS, int (*)(FTS*)> walk(
      ::fts_open(roots.data(), FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, nullptr), ::fts_close);
  if (!walk) throw_system_error("measure", path, errno);
  constexpr std::int64_t kBlock = 512;  // unit of st_blocks, stat(3type)
  std::set<ino_t> linked;
  std::int64_t bytes = 0;
  while (const FTSENT* const entry = ::fts_read(walk.get())) {
    if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR) continue;
    const struct stat& info = *entry->fts_statp;
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1 && !linked.insert(info.st_ino).second) continue;
    bytes += info.st_blocks * kBlock;
  }
  return bytes;
}

std::optional<std::int64_t> measured_size(const fs::path& folder, std::int64_t used) {
  const fs::path file = beside(folder, ".size");
  if (modified(file).value_or(0) <= used) return std::nullopt;
  const auto text = DiskFiles().read(file.string(), 64);
  std::int64_t bytes = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), bytes).ec != std::errc()) return std::nullopt;
  return bytes;
}

std::int64_t size_of(const fs::path& folder, const CacheItem& item) {
  if (const auto known = measured_size(folder, item.used)) return *known;
  const std::int64_t bytes = measure(folder);
  if (item.holder == CacheItem::Holder::Build) return bytes;
  // Only to be quicker the next time: a failure does not matter.
  const Fd file(::open(beside(folder, ".size").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string text = std::to_string(bytes);
  if (file) (void)!::write(file.get(), text.data(), text.size());
  return bytes;
}

CacheItem item_of(const fs::path& folder) {
  const fs::path use = beside(folder, ".use");
  CacheItem item;
  item.kind = CacheItem::Kind::Mount;
  item.id = folder.filename().string();
  item.description = "cache mount";
  if (const auto id = DiskFiles().read(use.string(), 4096); id && !id->empty()) item.description += " " + *id;
  // Folders that were made before there was such a file have none.
  item.used = modified(use).value_or(modified(folder).value_or(0));
  item.created = item.used;
  if (!lock_use(use, Lock::ExclusiveNow)) item.holder = CacheItem::Holder::Build;
  item.bytes = size_of(folder, item);
  return item;
}

}  // namespace

fs::path cache_mounts_folder(const fs::path& data_root) {
  return data_root / "build" / "cache";
}

CacheMountUse::CacheMountUse(const fs::path& folder, const std::string& id)
    : lock_(lock_use(beside(folder, ".use"), Lock::Shared).value()) {
  struct stat info{};
  if (::fstat(lock_.get(), &info) == 0 && info.st_size == 0) (void)!::write(lock_.get(), id.data(), id.size());
  (void)::futimens(lock_.get(), nullptr);
}

CacheMountUse::~CacheMountUse() {
  if (lock_) (void)::futimens(lock_.get(), nullptr);
}

std::vector<CacheItem> list_cache_mounts(const fs::path& data_root) {
  std::vector<CacheItem> items;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache_mounts_folder(data_root), error))
    if (entry.is_directory(error)) items.push_back(item_of(entry.path()));
  return items;
}

bool take_cache_mount(const fs::path& data_root, const std::string& id, const fs::path& trash) {
  const fs::path folder = cache_mounts_folder(data_root) / id;
  const auto lock = lock_use(beside(folder, ".use"), Lock::ExclusiveNow);
  if (!lock) return false;
  if (::rename(folder.c_str(), trash.c_str()) != 0 && errno != ENOENT)
    throw_system_error("remove", folder.string(), errno);
  // The one that keeps others away is the last to go.
  for (const char* ending : {".lock", ".making", ".size", ".use"}) ::unlink(beside(folder, ending).c_str());
  return true;
}

}  // namespace davit::build
