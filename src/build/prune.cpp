#include "davit/build/prune.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <sstream>

#include "build/cache_mounts.hpp"
#include "build/step_error.hpp"
#include "build/work_area.hpp"
#include "davit/base/error.hpp"
#include "davit/image/remove_tree.hpp"
#include "davit/state/build_cache.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;
using Kind = CacheItem::Kind;
using Holder = CacheItem::Holder;

constexpr std::chrono::hours kTablesStay{60 * 24};
constexpr std::size_t kMostMessages = std::size_t{64} << 10U;  // bytes

/// Records of one layer are one item, named by the first of them: without the others, none sets the layer free.
struct CachedSteps {
  std::vector<CacheItem> items;
  std::map<std::string, std::vector<std::string>> keys;  ///< of the records, by item
};

CachedSteps steps_of(const std::vector<state::BuildRecordUse>& records) {
  CachedSteps out;
  std::map<std::string, std::size_t> by_layer;
  for (const state::BuildRecordUse& record : records) {
    const auto [place, is_new] = by_layer.emplace(record.diff_id.value_or(record.key), out.items.size());
    if (is_new)
      out.items.push_back({.id = record.key,
                           .kind = Kind::Step,
                           .description = record.description,
                           .bytes = record.layer_bytes,
                           .created = record.created,
                           .holder = record.image_has_layer ? Holder::Image : Holder::Nobody});
    CacheItem& item = out.items[place->second];
    item.bytes += record.record_bytes;
    item.used = std::max(item.used, record.used);
    out.keys[item.id].push_back(record.key);
  }
  return out;
}

std::vector<CacheItem> joined(std::vector<CacheItem> first, const std::vector<CacheItem>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

state::Database open_database(const image::ImageStore& store) {
  return state::Database::open(store.data_root() / "davit.db");
}

/// One pruning.
class Pruning {
 public:
  Pruning(image::ImageStore& store, const std::vector<CacheRule>& rules,
          const std::function<void(const Diagnostic&)>& warn)
      : store_(store),
        rules_(rules),
        warn_(warn),
        area_(store.data_root(), {}, warn),
        database_(open_database(store)),
        mounts_(list_cache_mounts(store.data_root())) {}

  Pruned run() {
    std::vector<CacheItem> chosen;
    if (!store_.collect_layers([&] { chosen = forget_steps(); })) {
      pruned_.steps = Pruned::Steps::Busy;
      CachedSteps steps = steps_of(state::BuildCache(database_).usage());
      for (CacheItem& step : steps.items) step.holder = Holder::Build;
      chosen = choose(steps);
    }
    for (CacheItem& item : chosen)
      if (item.kind == Kind::Step || remove_mount(item)) pruned_.removed.push_back(std::move(item));
    return std::move(pruned_);
  }

 private:
  [[nodiscard]] std::vector<CacheItem> choose(const CachedSteps& steps) const {
    return items_to_remove(joined(steps.items, mounts_), rules_, disk_of(store_.data_root()), state::wall_time_now());
  }

  /// While nobody makes layers.
  std::vector<CacheItem> forget_steps() {
    state::BuildCache cache(database_);
    const CachedSteps steps = steps_of(cache.usage());
    std::vector<CacheItem> chosen = choose(steps);
    state::Transaction transaction(database_);
    for (const CacheItem& item : chosen)
      if (item.kind == Kind::Step)
        for (const std::string& key : steps.keys.at(item.id)) cache.remove(key);
    transaction.commit();
    return chosen;
  }

  bool remove_mount(const CacheItem& mount) {
    try {
      const fs::path trash = area_.folder("trash") / mount.id;
      if (!take_cache_mount(store_.data_root(), mount.id, trash)) return false;
      image::remove_tree(trash);
      return true;
    } catch (const std::exception& failure) {
      warn_(Diagnostic::warning("not-removed", "the " + mount.description + " cannot be removed: " + failure.what()));
      return false;
    }
  }

  image::ImageStore& store_;
  const std::vector<CacheRule>& rules_;
  const std::function<void(const Diagnostic&)>& warn_;
  WorkArea area_;
  state::Database database_;
  std::vector<CacheItem> mounts_;
  Pruned pruned_;
};

fs::path stamp(const fs::path& data_root) {
  return data_root / "build" / "pruned";
}

/// Since it was put there; nothing when there is none.
std::optional<std::chrono::nanoseconds> age_of_stamp(const fs::path& data_root) {
  std::error_code error;
  const auto time = fs::last_write_time(stamp(data_root), error);
  if (error) return std::nullopt;
  return fs::file_time_type::clock::now() - time;
}

/// With what is to be told by the next build, a line each. On a full disk there is none, and the next build asks again.
void put_stamp(const fs::path& data_root, const std::string& messages) {
  const Fd file(::open(stamp(data_root).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return;
  (void)!::write(file.get(), messages.data(), messages.size());
  (void)::futimens(file.get(), nullptr);
}

/// The messages in the stamp, which are gone then; it keeps its time.
std::string take_messages(const fs::path& data_root) {
  const Fd file(::open(stamp(data_root).c_str(), O_RDWR | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_size == 0) return {};
  std::string out(std::min<std::size_t>(static_cast<std::size_t>(info.st_size), kMostMessages), '\0');
  const ssize_t got = ::pread(file.get(), out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::array<struct timespec, 2> times{info.st_atim, info.st_mtim};
  if (::ftruncate(file.get(), 0) == 0) (void)::futimens(file.get(), times.data());
  return out;
}

void remove_old_tables(const fs::path& folder) {
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (now - entry.last_write_time(error) > kTablesStay && !error) fs::remove(entry.path(), error);
}

}  // namespace

std::vector<CacheItem> cache_items(image::ImageStore& store) {
  auto database = open_database(store);
  return joined(steps_of(state::BuildCache(database).usage()).items, list_cache_mounts(store.data_root()));
}

Disk disk_of(const fs::path& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) throw_system_error("look at the disk of", folder.string(), errno);
  const auto bytes = [&info](fsblkcnt_t blocks) { return static_cast<std::int64_t>(blocks * info.f_frsize); };
  return {bytes(info.f_blocks), bytes(info.f_bavail)};
}

Pruned prune_cache(image::ImageStore& store, const std::vector<CacheRule>& rules,
                   const std::function<void(const Diagnostic&)>& warn) {
  return Pruning(store, rules, warn).run();
}

bool automatic_pruning_is_due(const fs::path& data_root) noexcept {
  try {
    const auto age = age_of_stamp(data_root);
    if (!age) put_stamp(data_root, "");
    return age && is_due(*age, disk_of(data_root));
  } catch (const std::exception&) {
    return false;  // the disk does not tell how full it is
  }
}

void prune_automatically(const fs::path& data_root) {
  if (!automatic_pruning_is_due(data_root)) return;
  image::ImageStore store = image::ImageStore::open(data_root);
  std::string messages;  // nobody looks on, so the next build tells them
  const auto keep = [&messages](const Diagnostic& warning) {
    const std::string line = warning.message + "\n";
    if (messages.find(line) == std::string::npos) messages += line;
  };
  const Pruned pruned = prune_cache(store, automatic_rules(disk_of(data_root)), keep);
  remove_old_tables(data_root / "build" / "digests");
  // The build that is at work will see to the rest.
  if (pruned.steps == Pruned::Steps::Done) put_stamp(data_root, messages);
}

void tell_of_last_pruning(const fs::path& data_root, const std::function<void(const Diagnostic&)>& warn) {
  std::istringstream lines(take_messages(data_root));
  for (std::string line; std::getline(lines, line);)
    warn(Diagnostic::warning("not-removed", std::move(line)).with_hint("'davit builder prune' tries again"));
}

}  // namespace davit::build
