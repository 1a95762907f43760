#pragma once
// Who the program runs as, by the container's own /etc/passwd and /etc/group (rules: moby/sys/user GetExecUser).

#include <cstdint>
#include <string>
#include <vector>

namespace davit::container {

struct ResolvedUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary, with gid first, then those of the user, then group_add
  std::string home = "/";
  friend bool operator==(const ResolvedUser&, const ResolvedUser&) = default;
};

/// Contents of the two files; empty when absent.
struct UserFiles {
  std::string passwd;
  std::string group;
};

/// `user` is "", "name", "uid", "name:group", "uid:gid" or a mix. A known number takes that entry's group, home and
/// supplementary groups; an unknown number is group 0 without any; an explicit group leaves supplementary groups out.
/// Throws Error for an unknown name ("unable to find user 'x': ...") and for a number out of range.
[[nodiscard]] ResolvedUser resolve_user(const std::string& user, const std::vector<std::string>& group_add,
                                        const UserFiles& files);

/// Who owns a file.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  friend bool operator==(const Owner&, const Owner&) = default;
};
/// Who owns what COPY --chown brings ("user", "uid", "user:group", …): unlike for resolve_user, a number is never
/// looked up and is the group too; a name alone brings its group; "root" needs no entry. Throws as resolve_user does.
[[nodiscard]] Owner resolve_owner(const std::string& owner, const UserFiles& files);

/// Reads the two files below `root`; symbolic links are resolved inside it.
[[nodiscard]] UserFiles read_user_files(const std::string& root);

}  // namespace davit::container
