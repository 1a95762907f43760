#pragma once
// The host's resolv.conf, which changes while containers run: a laptop comes to another network, a VPN is switched on.

#include <sys/stat.h>

#include <string>

#include "davit/dns/resolv_conf.hpp"

namespace davit::embedded {

class HostResolvConf {
 public:
  /// Reads it. A file that is absent counts as empty, as resolv.conf(5) says.
  explicit HostResolvConf(std::string path);

  /// Reads it again if it is not the file, or not the text, that was read last. True: what it says is different now.
  /// One stat() when nothing has changed.
  bool look();
  [[nodiscard]] const dns::ResolvConf& value() const { return value_; }

 private:
  std::string path_;
  struct stat seen_{};  ///< before it was read: what is written meanwhile is seen by the next look
  dns::ResolvConf value_;
};

}  // namespace davit::embedded
