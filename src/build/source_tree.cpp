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

void SourceTree::Choice::add(const std::vector<std::string>& patterns, const Span& where) {
  if (patterns.empty()) return;
  auto rules = dockerfile::IgnoreRules::from_patterns(patterns, where);
  if (!rules) throw Error(rules.error());
  rules_.push_back(*std::move(rules));
}

bool SourceTree::Choice::excludes(const std::string& path) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& rules) { return rules.excludes(path); });
}

bool SourceTree::Choice::prunes(const std::string& path) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const auto& rules) { return rules.excludes(path) && rules.prunes(path); });
}

std::optional<struct stat> SourceTree::look(const std::string& resolved) const {
  const auto info = root_.look(resolved);
  const bool gone = info && ignored(resolved) && !(S_ISDIR(info->st_mode) && !ignore_->prunes(resolved));
  return gone ? std::nullopt : info;
}

std::string SourceTree::resolve(std::string_view path) const {
  return resolve_links(
      path, [this](const std::string& part) { return look(part); },
      [this](const std::string& part) { return root_.link_target(part); });
}

dockerfile::Word source_of(const Mount& mount) {
  std::string pattern;
  for (const char c : mount.options.source.empty() ? std::string_view("/") : std::string_view(mount.options.source)) {
    if (std::string_view("\\*?[").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return {std::move(pattern), mount.where};
}

std::vector<Item> SourceTree::select(const CopyStep& step) const {
  std::vector<Item> items;
  for (const auto& source : step.sources) {
    const std::string path = dockerfile::clean_relative(source.text);
    if (step.parents) {
      with_parents(step, source, items);
    } else if (dockerfile::has_wildcard(path)) {
      for (const Match& match : wildcard(path, source)) {
        Item item = make_item(match, step, source);
        if (!is_only_kept_out(item)) items.push_back(std::move(item));
      }
    } else {
      items.push_back(make_item(find(unescaped(path), source), step, source));
      if (is_only_kept_out(items.back())) missing(unescaped(path), source);
    }
  }
  return items;
}

/// A folder that is kept out counts as there when something below it was brought back.
bool SourceTree::is_only_kept_out(const Item& item) const {
  return item.entries.size() == 1 && ignored(item.entries.front().path);
}

/// As BuildKit: links are followed up to the first part with a wildcard, and where a match is one; not in between.
std::vector<SourceTree::Match> SourceTree::wildcard(const std::string& pattern, const dockerfile::Word& source) const {
  const auto parts = components(pattern);
  const auto first = std::find_if(parts.begin(), parts.end(), dockerfile::has_wildcard);
  std::string named;
  for (auto part = parts.begin(); part != first; ++part) named = joined(named, unescaped(*part));
  const Match folder = find(named, source);
  std::vector<Match> out;
  if (!S_ISDIR(folder.info.st_mode)) return out;
  const std::size_t above = folder.resolved.empty() ? 0 : folder.resolved.size() + 1;
  for (const std::string& path : match_below(folder.resolved, {first, parts.end()})) {
    out.push_back(find(path, source));
    out.back().named = joined(named, path.substr(above));
  }
  return out;
}

SourceTree::Match SourceTree::find(const std::string& path, const dockerfile::Word& source) const {
  Match found{path, resolve(path), {}};
  const auto info = look(found.resolved);
  if (!info) missing(path, source);
  found.info = *info;
  return found;
}

std::vector<std::string> SourceTree::match_below(const std::string& folder, std::span<const std::string> parts) const {
  std::vector<std::string> out;
  for (const std::string& name : sorted_names(root_, folder)) {
    if (!dockerfile::wildcard_match(parts.front(), name)) continue;
    std::string path = joined(folder, name);
    const auto info = look(path);
    if (!info) continue;
    if (parts.size() == 1) {
      out.push_back(std::move(path));
    } else if (S_ISDIR(info->st_mode)) {
      for (std::string& below : match_below(path, parts.subspan(1))) out.push_back(std::move(below));
    }
  }
  return out;
}

Item SourceTree::make_item(const Match& match, const CopyStep& step, const dockerfile::Word& source) const {
  Item item;
  item.name = base_of(match.named);
  item.path = match.named;
  item.folder = S_ISDIR(match.info.st_mode);
  item.where = source.where;
  item.entries.push_back({match.resolved, "", match.info, {}});
  Choice choice;
  choice.add(step.excludes, source.where);
  if (item.folder) {
    walk_parallel(match.resolved, "", choice, item.entries);
  } else if (choice.excludes(item.name)) {
    item.entries.clear();
  }
  return item;
}

/// As BuildKit (dispatchCopy with IncludePatterns): the source is a pattern of .dockerignore's kind, so `**` works;
/// what it matches is taken with all that is in it, and the folders above it come with their own modes.
void SourceTree::with_parents(const CopyStep& step, const dockerfile::Word& source, std::vector<Item>& out) const {
  constexpr std::string_view kPivot = "/./";
  const std::size_t cut = source.text.find(kPivot);
  const std::string base = cut == std::string::npos ? "" : dockerfile::clean_relative(source.text.substr(0, cut));
  const std::string pattern =
      dockerfile::clean_relative(cut == std::string::npos ? source.text : source.text.substr(cut + kPivot.size()));
  const bool one = !dockerfile::has_wildcard(base) && !dockerfile::has_wildcard(pattern);
  if (one) refuse_links(base, pattern, source);
  const auto bases =
      dockerfile::has_wildcard(base) ? wildcard(base, source) : std::vector<Match>{find(unescaped(base), source)};
  Choice choice;
  if (!pattern.empty()) choice.add({"**", "!" + pattern}, source.where);
  choice.add(step.excludes, source.where);
  for (const Match& match : bases) {
    if (!S_ISDIR(match.info.st_mode)) continue;
    Item item;
    item.name = base_of(match.named);
    item.path = joined(match.named, pattern);
    item.folder = true;
    item.where = source.where;
    item.entries.push_back({match.resolved, "", match.info, {}});
    walk_parallel(match.resolved, "", choice, item.entries);
    if (one && step.excludes.empty() && item.entries.size() == 1 && !pattern.empty())
      missing(unescaped(joined(base, pattern)), source);
    out.push_back(std::move(item));
  }
}

SourceTree::Found SourceTree::look_at(int folder_fd, const std::string& name, const std::string& folder,
                                      const std::string& to, const Choice& choice) const {
  Found found{{joined(folder, name), joined(to, name), {}, {}}, Take::No};
  Entry& entry = found.entry;
  const bool dropped = ignored(entry.path);
  const bool excluded = choice.excludes(entry.to);
  if (::fstatat(folder_fd, name.c_str(), &entry.info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return found;  // removed meanwhile
    throw_system_error("look at", root_.path() + "/" + entry.path, errno);
  }
  const bool is_folder = S_ISDIR(entry.info.st_mode);
  if (!dropped && !excluded) {
    found.take = is_folder ? Take::WithContents : Take::Itself;
  } else if (is_folder && !(dropped && ignore_->prunes(entry.path)) && !(excluded && choice.prunes(entry.to))) {
    // Only what a `!` line brings back: the folder itself comes along when there is something in it.
    found.take = Take::ForItsContents;
  }
  return found;
}

void SourceTree::walk(const std::string& folder, const std::string& to, const Choice& choice,
                      std::vector<Entry>& out) const {
  const Folder listed = open_folder(root_, folder);
  for (const std::string& name : listed.names) {
    Found found = look_at(listed.fd(), name, folder, to, choice);
    if (found.take == Take::No) continue;
    out.push_back(std::move(found.entry));
    if (found.take == Take::Itself) continue;
    const std::size_t before = out.size();
    const std::string path = out.back().path;
    const std::string below = out.back().to;
    walk(path, below, choice, out);
    if (found.take == Take::ForItsContents && out.size() == before) out.pop_back();
  }
}

void SourceTree::walk_parallel(const std::string& folder, const std::string& to, const Choice& choice,
                               std::vector<Entry>& out) const {
  std::vector<Found> level;
  {
    const Folder listed = open_folder(root_, folder);
    for (const std::string& name : listed.names) level.push_back(look_at(listed.fd(), name, folder, to, choice));
  }
  std::vector<std::size_t> folders;
  for (std::size_t i = 0; i < level.size(); ++i)
    if (level[i].take == Take::WithContents || level[i].take == Take::ForItsContents) folders.push_back(i);
  // With few folders here, there may be many in one of them.
  constexpr std::size_t kMany = 8;
  std::vector<std::vector<Entry>> contents(level.size());
  const auto read = [&](std::size_t i) {
    const Entry& entry = level[folders[i]].entry;
    if (folders.size() < kMany) return walk_parallel(entry.path, entry.to, choice, contents[folders[i]]);
    walk(entry.path, entry.to, choice, contents[folders[i]]);
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

std::vector<std::string> SourceTree::left_out(const std::string& folder) const {
  std::vector<std::string> out;
  if (ignore_ != nullptr && !ignore_->empty()) (void)gather_left_out(folder, "", out);
  return out;
}

bool SourceTree::gather_left_out(const std::string& folder, const std::string& to,
                                 std::vector<std::string>& out) const {
  bool any_stays = false;
  const Folder listed = open_folder(root_, folder);
  for (const std::string& name : listed.names) {
    const Found found = look_at(listed.fd(), name, folder, to, Choice());
    const std::string& path = found.entry.to;
    const std::size_t before = out.size();
    bool stays = found.take == Take::Itself;
    if (found.take == Take::WithContents || found.take == Take::ForItsContents)
      stays = gather_left_out(found.entry.path, path, out) || found.take == Take::WithContents;
    if (stays) {
      any_stays = true;
    } else {
      out.resize(before);  // the folder whole, instead of all that is in it
      out.push_back(path);
    }
  }
  return any_stays;
}

void SourceTree::refuse_links(const std::string& base, const std::string& pattern,
                              const dockerfile::Word& source) const {
  if (pattern.empty()) return;
  const std::string path = unescaped(joined(base, pattern));
  const std::string folder = find(parent_of(path), source).resolved;
  const std::string real = joined(folder, base_of(path));
  if (!look(real)) missing(path, source);
  if (real == joined(resolve(unescaped(base)), unescaped(pattern))) return;
  throw Error(Diagnostic::error("link-in-parents",
                                "'" + source.text + "' leads through a symbolic link, which --parents does not follow",
                                source.where)
                  .with_hint("name the real path: '" + real + "'"));
}

std::optional<std::string> SourceTree::kept_out_on_the_way(const std::string& path) const {
  std::optional<std::string> found;
  const auto watch = [&](const std::string& part) {
    const auto info = root_.look(part);
    if (!found && info && !look(part)) found = part;
    return info;
  };
  const auto read_link = [this](const std::string& part) { return root_.link_target(part); };
  const std::string end = resolve_links(path, watch, read_link);
  if (!found && ignored(end)) found = end;
  return found;
}

void SourceTree::missing(const std::string& path, const dockerfile::Word& source) const {
  // Of a wildcard it is one match, or the folder to look in, that is missing.
  const std::string subject = "'" + (dockerfile::has_wildcard(source.text) ? path : source.text) + "'";
  auto diagnostic = Diagnostic::error("missing-source", subject + " is not in " + shown_, source.where);
  if (const auto kept_out = kept_out_on_the_way(path)) {
    const auto line = ignore_->excluded_by(*kept_out);
    diagnostic.message = subject + " is excluded from " + shown_;
    if (!(path + "/").starts_with(*kept_out + "/")) diagnostic.note("its path leads over '" + *kept_out + "'");
    diagnostic.note("line " + std::to_string(line->number) + " of " + ignore_->file() + " excludes it: '" +
                    line->pattern + "'");
    throw Error(std::move(diagnostic));
  }
  // The deepest folder that is there, and the nearest name in it.
  std::string folder;
  for (const std::string& part : components(path)) {
    const std::string next = joined(folder, part);
    const std::string place = joined(root_.resolve(folder), part);
    const auto info = root_.look(root_.resolve(next));
    if (info && S_ISDIR(info->st_mode)) {
      folder = next;
      continue;
    }
    if (const auto itself = root_.look(place); !info && itself && S_ISLNK(itself->st_mode)) {
      diagnostic.note("'" + next + "' is a symbolic link to '" + root_.link_target(place) + "', which is not in " +
                      shown_);
      break;
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
