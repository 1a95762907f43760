#include "build/identity.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::build {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = text.find(separator);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

using Table = std::vector<std::vector<std::string>>;

Table read_table(const Root& root, const std::string& path, std::size_t columns) {
  Table table;
  for (const std::string& line : split(root.read(path).value_or(""), '\n')) {
    auto fields = split(line, ':');
    if (fields.size() >= columns) table.push_back(std::move(fields));
  }
  return table;
}

/// First match by name, else by number in column 2.
const std::vector<std::string>* find_row(const Table& table, const std::string& wanted) {
  const auto by_name = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row[0] == wanted; });
  if (by_name != table.end()) return &*by_name;
  const auto by_number =
      std::find_if(table.begin(), table.end(), [&](const auto& row) { return number(wanted) && row[2] == wanted; });
  return by_number == table.end() ? nullptr : &*by_number;
}

[[noreturn]] void unknown(const std::string& what, const std::string& name, const std::string& file, const Table& table,
                          const Span& where) {
  auto diagnostic =
      Diagnostic::error("unknown-user", "unable to find " + what + " '" + name + "' in the image's " + file, where);
  std::vector<std::string> names;
  for (const auto& row : table) names.push_back(row[0]);
  if (const auto best = nearest(name, names)) diagnostic.with_hint("did you mean '" + *best + "'?");
  throw Error(std::move(diagnostic));
}

std::uint32_t find_group(const Root& root, const std::string& group, const Span& where) {
  const Table groups = read_table(root, "/etc/group", 3);
  if (const auto* row = find_row(groups, group))
    if (const auto gid = number((*row)[2])) return *gid;
  if (const auto gid = number(group)) return *gid;
  unknown("group", group, "/etc/group", groups, where);
}

std::vector<std::uint32_t> supplementary(const Root& root, const std::string& user) {
  std::vector<std::uint32_t> out;
  for (const auto& row : read_table(root, "/etc/group", 4)) {
    const auto members = split(row[3], ',');
    if (std::find(members.begin(), members.end(), user) == members.end()) continue;
    if (const auto gid = number(row[2])) out.push_back(*gid);
  }
  return out;
}

}  // namespace

Identity find_identity(const Root& root, const std::string& user, const Span& where) {
  const std::size_t colon = user.find(':');
  const std::string name = user.empty() ? "0" : user.substr(0, colon);
  const Table users = read_table(root, "/etc/passwd", 6);
  Identity out;
  const auto* row = find_row(users, name);
  if (row != nullptr) {
    out.uid = number((*row)[2]).value_or(0);
    out.gid = number((*row)[3]).value_or(0);
    if (!(*row)[5].empty()) out.home = (*row)[5];
  } else if (const auto uid = number(name)) {
    out.uid = *uid;
    out.home = *uid == 0 ? "/root" : "/";
  } else {
    unknown("user", name, "/etc/passwd", users, where);
  }
  if (colon != std::string::npos) {
    out.gid = find_group(root, user.substr(colon + 1), where);
  } else if (row != nullptr) {
    out.groups = supplementary(root, (*row)[0]);
  }
  return out;
}

std::pair<uid_t, gid_t> find_owner(const Root& root, const std::string& owner, const Span& where) {
  const std::size_t colon = owner.find(':');
  const std::string name = owner.substr(0, colon);
  const Table users = read_table(root, "/etc/passwd", 4);
  uid_t uid = 0;
  gid_t gid = 0;
  if (const auto numeric = number(name)) {
    uid = *numeric;
    gid = *numeric;
  } else if (const auto* row = find_row(users, name)) {
    uid = number((*row)[2]).value_or(0);
    gid = number((*row)[3]).value_or(0);
  } else if (name != "root") {
    unknown("user", name, "/etc/passwd", users, where);
  }
  if (colon != std::string::npos) {
    const std::string group = owner.substr(colon + 1);
    gid = group == "root" ? 0 : find_group(root, group, where);
  }
  return {uid, gid};
}

ModeChange::ModeChange(std::string text, const Span& where) : text_(std::move(text)) {
  mode_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value, 8);
  if (error == std::errc{} && end == text_.data() + text_.size() && value <= 07777) fixed_ = value;
  if (fixed_ || symbolic(0, false)) return;
  throw Error(Diagnostic::error(
      "bad-chmod", "--chmod is '" + text_ + "'; it takes an octal number up to 7777, or letters such as 'u=rwX,go=rX'",
      where));
}

mode_t ModeChange::apply(mode_t mode, bool folder) const {
  if (fixed_) return *fixed_;
  return symbolic(mode & 07777U, folder).value_or(mode & 07777U);
}

std::optional<mode_t> ModeChange::symbolic(mode_t mode, bool folder) const {
  for (const std::string& clause : split(text_, ',')) {
    std::size_t at = 0;
    mode_t who = 0;
    for (; at < clause.size() && std::string_view("ugoa").find(clause[at]) != std::string_view::npos; ++at)
      who |= clause[at] == 'u' ? 04700U : clause[at] == 'g' ? 02070U : clause[at] == 'o' ? 01007U : 07777U;
    if (who == 0) who = 07777U;
    if (at == clause.size()) return std::nullopt;
    while (at < clause.size()) {
      const char operation = clause[at++];
      if (operation != '+' && operation != '-' && operation != '=') return std::nullopt;
      mode_t bits = 0;
      for (; at < clause.size() && std::string_view("+-=").find(clause[at]) == std::string_view::npos; ++at) {
        switch (clause[at]) {
          case 'r':
            bits |= 0444U;
            break;
          case 'w':
            bits |= 0222U;
            break;
          case 'x':
            bits |= 0111U;
            break;
          case 'X':
            bits |= folder || (mode & 0111U) != 0 ? 0111U : 0U;
            break;
          case 's':
            bits |= 06000U;
            break;
          case 't':
            bits |= 01000U;
            break;
          default:
            return std::nullopt;
        }
      }
      bits &= who;
      if (operation == '+') mode |= bits;
      if (operation == '-') mode &= ~bits;
      if (operation == '=') mode = (mode & ~(who & (folder ? 0777U : 07777U))) | bits;
    }
  }
  return mode;
}

}  // namespace davit::build
