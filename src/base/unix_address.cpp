#include "davit/base/unix_address.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "davit/base/error.hpp"

namespace davit {

UnixAddress::UnixAddress(Fd folder, const std::string& name)
    : folder_(std::move(folder)), path_("/proc/self/fd/" + std::to_string(folder_.get()) + "/" + name) {
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) throw Error("the name of the socket '" + name + "' is too long");
}

UnixAddress UnixAddress::of(const std::string& path) {
  if (auto found = find(path)) return *std::move(found);
  throw_system_error("open the folder of", path, ENOENT);
}

std::optional<UnixAddress> UnixAddress::find(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd folder(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno == ENOENT) return std::nullopt;
  if (!folder) throw_system_error("open", parent, errno);
  return UnixAddress(std::move(folder), slash == std::string::npos ? path : path.substr(slash + 1));
}

sockaddr_un UnixAddress::raw() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  return address;
}

}  // namespace davit
