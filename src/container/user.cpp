#include "davit/container/user.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "davit/container/rootfs.hpp"

namespace davit::container {
namespace {

constexpr std::uint32_t kLargestId = 0x7fffffff;  // as moby/sys/user: ids are at most 2^31-1

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::uint32_t checked_id(std::uint64_t value, std::string_view text) {
  if (value > kLargestId)
    throw Error("user or group id '" + std::string(text) + "' is out of range: 0 to " + std::to_string(kLargestId));
  return static_cast<std::uint32_t>(value);
}

struct PasswdEntry {
  std::string_view name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string_view home;
};

/// Broken lines are skipped, as the C library does.
template <class Matches>
std::optional<PasswdEntry> find_passwd(std::string_view passwd, Matches matches) {
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 6) continue;
    const auto uid = number(fields[2]);
    const auto gid = number(fields[3]);
    if (!uid || !gid || *uid > kLargestId || *gid > kLargestId) continue;
    PasswdEntry entry{fields[0], static_cast<std::uint32_t>(*uid), static_cast<std::uint32_t>(*gid), fields[5]};
    if (matches(entry)) return entry;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> find_group(std::string_view group, std::string_view name) {
  for (const std::string_view line : split(group, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[0] != name) continue;
    if (const auto gid = number(fields[2]); gid && *gid <= kLargestId) return static_cast<std::uint32_t>(*gid);
  }
  return std::nullopt;
}

std::vector<std::uint32_t> groups_of(std::string_view group, std::string_view user) {
  std::vector<std::uint32_t> out;
  for (const std::string_view line : split(group, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 4) continue;
    const auto members = split(fields[3], ',');
    const auto gid = number(fields[2]);
    if (gid && *gid <= kLargestId && std::find(members.begin(), members.end(), user) != members.end())
      out.push_back(static_cast<std::uint32_t>(*gid));
  }
  return out;
}

void add_once(std::vector<std::uint32_t>& groups, std::uint32_t gid) {
  if (std::find(groups.begin(), groups.end(), gid) == groups.end()) groups.push_back(gid);
}

/// `file` is that of UserFiles whose lines begin with the names.
[[noreturn]] void unknown(const std::string& what, std::string_view name, std::string_view file) {
  std::vector<std::string> names;
  for (const std::string_view line : split(file, '\n')) names.emplace_back(split(line, ':').front());
  const auto best = nearest(name, names);
  throw Error(Diagnostic::error("unknown-" + what, "unable to find " + what + " '" + std::string(name) +
                                                       "': no matching entry in /etc/" +
                                                       (what == "user" ? "passwd" : "group") + " of the image")
                  .with_hint(best ? "did you mean '" + *best + "'?" : "use a " + what + " of the image, or a number"));
}

std::uint32_t group_id(std::string_view name, const UserFiles& files) {
  if (const auto value = number(name)) return checked_id(*value, name);
  if (const auto gid = find_group(files.group, name)) return *gid;
  unknown("group", name, files.group);
}

}  // namespace

namespace {

/// The user and, unless a group is named, its groups.
ResolvedUser find_user(const std::string& user, const UserFiles& files) {
  const std::size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : user.substr(colon + 1);

  const auto value = number(name);
  // What looks like a number is one, even if a user has that name.
  const auto is_meant = [&](const PasswdEntry& e) {
    return value || name.empty() ? e.uid == value.value_or(0) : e.name == name;
  };
  const auto entry = find_passwd(files.passwd, is_meant);
  if (!entry && !value && !name.empty()) unknown("user", name, files.passwd);

  ResolvedUser result;
  if (entry) {
    result.uid = entry->uid;
    result.gid = entry->gid;
    if (!entry->home.empty()) result.home = entry->home;
  } else if (value) {
    result.uid = checked_id(*value, name);
  }
  if (!group.empty()) result.gid = group_id(group, files);
  add_once(result.groups, result.gid);
  if (entry && group.empty())
    for (const std::uint32_t gid : groups_of(files.group, entry->name)) add_once(result.groups, gid);
  return result;
}

}  // namespace

ResolvedUser resolve_user(const std::string& user, const std::vector<std::string>& group_add, const UserFiles& files) {
  ResolvedUser result = concerning("user", "", [&] { return find_user(user, files); });
  for (const std::string& extra : group_add)
    concerning("group_add", extra, [&] { add_once(result.groups, group_id(extra, files)); });
  return result;
}

Owner resolve_owner(const std::string& owner, const UserFiles& files) {
  const std::size_t colon = owner.find(':');
  const std::string name = owner.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : owner.substr(colon + 1);
  Owner result;
  if (const auto value = number(name)) {
    result.uid = result.gid = checked_id(*value, name);
  } else if (const auto entry = find_passwd(files.passwd, [&](const PasswdEntry& e) { return e.name == name; })) {
    result = {entry->uid, entry->gid};
  } else if (name != "root" && !name.empty()) {
    unknown("user", name, files.passwd);
  }
  if (!group.empty()) result.gid = group == "root" ? 0 : group_id(group, files);
  return result;
}

UserFiles read_user_files(const std::string& root) {
  const Root inside(root);
  return UserFiles{inside.read("/etc/passwd"), inside.read("/etc/group")};
}

}  // namespace davit::container
