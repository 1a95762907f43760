#include "build/source_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>

#include "build/parallel.hpp"
#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::build {
namespace {

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

/// A folder, open, with the names in it.
struct Folder {
  std::unique_ptr<DIR, int (*)(DIR*)> stream;
  std::vector<std::string> names;  ///< sorted
  [[nodiscard]] int fd() const { return ::dirfd(stream.get()); }
};

Folder open_folder(const Root& root, const std::string& folder) {
  Fd fd = root.open(folder, O_RDONLY | O_DIRECTORY);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd.get()), &::closedir);
  if (!stream) throw_system_error("read folder", root.path() + "/" + folder, errno);
  (void)fd.release();  // the stream closes it
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw_system_error("read folder", root.path() + "/" + folder, errno);
  std::sort(names.begin(), names.end());
  return {std::move(stream), std::move(names)};
}

std::vector<std::string> sorted_names(const Root& root, const std::string& folder) {
  return open_folder(root, folder).names;
}

std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    out.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return out;
}

/// Drops the escapes of a source that is no pattern: `a\*` names the file "a*".
std::string unescaped(const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) ++i;
    out += path[i];
  }
  return out;
}

}  // namespace

std::vector<Item> SourceTree::select(const CopyStep& step) const {
  std::vector<Item> items;
  for (const auto& source : step.sources) {
    const std::string path = dockerfile::clean_relative(source.text);
    if (dockerfile::has_wildcard(path)) {
      wildcard(path, step, source, items);
    } else {
      items.push_back(literal(unescaped(path), step, source));
    }
  }
  return items;
}

Item SourceTree::literal(const std::string& path, const CopyStep& step, const dockerfile::Word& source) const {
  const std::string resolved = root_.resolve(path);
  const auto info = root_.look(resolved);
  if (!info || ignored(resolved)) {
    // An excluded folder counts as there when a `!` line brings something below it back.
    const bool partly = info && S_ISDIR(info->st_mode) && !ignore_->prunes(resolved);
    if (!partly) missing(path, source);
    Item item = make_item(path, resolved, *info, step, source);
    if (item.entries.size() <= 1) missing(path, source);
    return item;
  }
  return make_item(path, resolved, *info, step, source);
}

void SourceTree::wildcard(const std::string& pattern, const CopyStep& step, const dockerfile::Word& source,
                          std::vector<Item>& out) const {
  match_below("", pattern, step, source, out);
}

void SourceTree::match_below(const std::string& folder, const std::string& pattern, const CopyStep& step,
                             const dockerfile::Word& source, std::vector<Item>& out) const {
  const auto parts = components(pattern);
  const std::size_t depth = folder.empty() ? 0 : components(folder).size();
  for (const std::string& name : sorted_names(root_, folder)) {
    if (!dockerfile::wildcard_match(parts[depth], name)) continue;
    const std::string path = joined(folder, name);
    const auto info = root_.look(path);
    if (!info) continue;
    const bool excluded = ignored(path);
    if (depth + 1 < parts.size()) {
      if (S_ISDIR(info->st_mode) && !(excluded && ignore_->prunes(path))) match_below(path, pattern, step, source, out);
      continue;
    }
    if (excluded && (!S_ISDIR(info->st_mode) || ignore_->prunes(path))) continue;
    const std::string resolved = root_.resolve(path);
    const auto target = root_.look(resolved);
    if (!target) continue;
    out.push_back(make_item(path, resolved, *target, step, source));
  }
}

Item SourceTree::make_item(const std::string& as_named, const std::string& resolved, const struct stat& info,
                           const CopyStep& step, const dockerfile::Word& source) const {
  Item item;
  item.name = base_of(as_named);
  item.path = as_named;
  item.folder = S_ISDIR(info.st_mode);
  item.where = source.where;
  item.entries.push_back({resolved, "", info, {}});
  if (item.folder) {
    auto excludes = dockerfile::IgnoreRules::from_patterns(step.excludes, source.where);
    if (!excludes) throw Error(excludes.error());
    walk_parallel(resolved, "", *excludes, item.entries);
  } else if (!step.excludes.empty()) {
    auto excludes = dockerfile::IgnoreRules::from_patterns(step.excludes, source.where);
    if (!excludes) throw Error(excludes.error());
    if (excludes->excludes(item.name)) item.entries.clear();
  }
  return item;
}

SourceTree::Found SourceTree::look_at(int folder_fd, const std::string& name, const std::string& folder,
                                      const std::string& to, const dockerfile::IgnoreRules& excludes) const {
  Found found{{joined(folder, name), joined(to, name), {}, {}}, Take::No};
  Entry& entry = found.entry;
  const bool dropped = ignored(entry.path);
  const bool excluded = excludes.excludes(entry.to);
  if (::fstatat(folder_fd, name.c_str(), &entry.info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return found;  // removed meanwhile
    throw_system_error("look at", root_.path() + "/" + entry.path, errno);
  }
  const bool is_folder = S_ISDIR(entry.info.st_mode);
  if (!dropped && !excluded) {
    found.take = is_folder ? Take::WithContents : Take::Itself;
  } else if (is_folder && !(dropped && ignore_->prunes(entry.path)) && !(excluded && excludes.prunes(entry.to))) {
    // Only what a `!` line brings back: the folder itself comes along when there is something in it.
    found.take = Take::ForItsContents;
  }
  return found;
}

void SourceTree::walk(const std::string& folder, const std::string& to, const dockerfile::IgnoreRules& excludes,
                      std::vector<Entry>& out) const {
  const Folder listed = open_folder(root_, folder);
  for (const std::string& name : listed.names) {
    Found found = look_at(listed.fd(), name, folder, to, excludes);
    if (found.take == Take::No) continue;
    out.push_back(std::move(found.entry));
    if (found.take == Take::Itself) continue;
    const std::size_t before = out.size();
    const std::string path = out.back().path;
    const std::string below = out.back().to;
    walk(path, below, excludes, out);
    if (found.take == Take::ForItsContents && out.size() == before) out.pop_back();
  }
}

void SourceTree::walk_parallel(const std::string& folder, const std::string& to,
                               const dockerfile::IgnoreRules& excludes, std::vector<Entry>& out) const {
  std::vector<Found> level;
  {
    const Folder listed = open_folder(root_, folder);
    for (const std::string& name : listed.names) level.push_back(look_at(listed.fd(), name, folder, to, excludes));
  }
  std::vector<std::size_t> folders;
  for (std::size_t i = 0; i < level.size(); ++i)
    if (level[i].take == Take::WithContents || level[i].take == Take::ForItsContents) folders.push_back(i);
  // With few folders here, there may be many in one of them.
  constexpr std::size_t kMany = 8;
  std::vector<std::vector<Entry>> contents(level.size());
  const auto read = [&](std::size_t i) {
    const Entry& entry = level[folders[i]].entry;
    if (folders.size() < kMany) return walk_parallel(entry.path, entry.to, excludes, contents[folders[i]]);
    walk(entry.path, entry.to, excludes, contents[folders[i]]);
  };
  if (folders.size() < kMany) {
    for (std::size_t i = 0; i < folders.size(); ++i) read(i);
  } else {
    for_each_parallel(folders.size(), read);
  }
  std::size_t total = out.size() + level.size();
  for (const auto& below : contents) total += below.size();
  out.reserve(total);
  for (std::size_t i = 0; i < level.size(); ++i) {
    const Take take = level[i].take;
    if (take == Take::No || (take == Take::ForItsContents && contents[i].empty())) continue;
    out.push_back(std::move(level[i].entry));
    std::move(contents[i].begin(), contents[i].end(), std::back_inserter(out));
  }
}

void SourceTree::missing(const std::string& path, const dockerfile::Word& source) const {
  auto diagnostic = Diagnostic::error("missing-source", "'" + source.text + "' is not in " + shown_, source.where);
  if (ignore_ != nullptr) {
    if (const auto line = ignore_->excluded_by(path)) {
      diagnostic.message = "'" + source.text + "' is excluded from " + shown_;
      diagnostic.note("line " + std::to_string(line->number) + " of " + ignore_->file() + " excludes it: '" +
                      line->pattern + "'");
      throw Error(std::move(diagnostic));
    }
  }
  // The deepest folder that is there, and the nearest name in it.
  std::string folder;
  for (const std::string& part : components(path)) {
    const std::string next = joined(folder, part);
    const auto info = root_.look(root_.resolve(next));
    if (info && S_ISDIR(info->st_mode)) {
      folder = next;
      continue;
    }
    std::vector<std::string> names;
    for (const std::string& name : sorted_names(root_, root_.resolve(folder)))
      if (!ignored(joined(folder, name))) names.push_back(name);
    if (const auto best = nearest(part, names)) {
      diagnostic.with_hint("did you mean '" + joined(folder, *best) + "'?");
    } else if (!names.empty()) {
      diagnostic.note((folder.empty() ? "there is: " : "in '" + folder + "' there is: ") + join_names(names, 8));
    }
    break;
  }
  throw Error(std::move(diagnostic));
}

}  // namespace davit::build
