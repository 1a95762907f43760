#include "container/console_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

constexpr const char* kName = "console.sock";

}  // namespace

ConsoleSocket::ConsoleSocket(const std::string& folder)
    : address_(UnixAddress::of(folder + "/" + kName)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!listener_) throw_system_error("make", "a console socket", errno);
  ::unlinkat(address_.folder().get(), kName, 0);
  const sockaddr_un address = address_.raw();
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 1) != 0)
    throw_system_error("listen on", folder + "/" + kName, errno);
}

ConsoleSocket::~ConsoleSocket() {
  ::unlinkat(address_.folder().get(), kName, 0);
}

std::string ConsoleSocket::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(address_.folder().get()) + "/" + kName;
}

Fd ConsoleSocket::receive() const {
  const Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) throw Error("the container runtime has not handed over the terminal");
  std::array<char, 4096> name{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec data{name.data(), name.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* header = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    throw Error("the container runtime has not handed over the terminal");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

}  // namespace davit::container
