#include "embedded/host_resolv_conf.hpp"

#include <tuple>
#include <utility>

#include "davit/base/files.hpp"

namespace davit::embedded {
namespace {

/// Of the file behind the links: /etc/resolv.conf is one where systemd-resolved or resolvconf writes it.
struct stat stat_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) info = {};
  return info;
}

/// Replaced files have another inode, rewritten ones other times.
bool is_same(const struct stat& a, const struct stat& b) {
  const auto facts = [](const struct stat& s) {
    return std::tuple(s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ctim.tv_sec,
                      s.st_ctim.tv_nsec);
  };
  return facts(a) == facts(b);
}

}  // namespace

HostResolvConf::HostResolvConf(std::string path) : path_(std::move(path)) {
  (void)look();
}

bool HostResolvConf::look() {
  const struct stat now = stat_of(path_);
  if (is_same(now, seen_)) return false;
  const auto text = DiskFiles().read(path_);
  const bool is_there = now.st_nlink > 0;
  if (!text && is_there) return false;  // descriptors or memory are short: the next look reads it
  seen_ = now;
  const dns::ResolvConf before = std::exchange(value_, text ? dns::parse_resolv_conf(*text) : dns::ResolvConf{});
  return value_ != before;
}

}  // namespace davit::embedded
