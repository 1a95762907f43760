#include "embedded/keeper_link.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "davit/base/error.hpp"

namespace davit::embedded {

KeeperLink::KeeperLink(asio::io_context& context, Fd socket, std::chrono::milliseconds patience)
    : socket_(context, socket.release()), synced_(context.get_executor()), patience_(patience) {}

/// A burst (a range of ports) is more than the socket takes at once. The keeper never waits for us, not even when we do
/// not read, so waiting for it cannot lock up; only one that somebody has stopped takes longer than a moment.
void KeeperLink::wait_for_room() {
  const auto limit = std::chrono::steady_clock::now() + patience_;
  pollfd room{socket_.native_handle(), POLLOUT, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - std::chrono::steady_clock::now()).count();
    const int ready = ::poll(&room, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw_system_error("wait for", "the keeper", errno);
    if (ready == 0)
      throw Error(Diagnostic::error("keeper-silent", "the keeper does not read what the supervisor tells it")
                      .with_hint("if it is stopped, let it go on: kill -CONT " + std::to_string(::getppid())));
  }
}

void KeeperLink::send(keeper::Kind kind, std::string_view name, int pid, int fd) {
  keeper::Message message;
  message.kind = kind;
  message.pid = pid;
  if (!message.set_name(name)) throw Error("the name '" + std::string(name) + "' is too long for the keeper");
  std::array<std::byte, keeper::kMaxPacket> packet{};
  iovec data{packet.data(), keeper::encode(message, packet)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  while (::sendmsg(socket_.native_handle(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EAGAIN) {
      wait_for_room();
    } else if (errno != EINTR) {
      throw_system_error("reach", "the keeper", errno);
    }
  }
}

void KeeperLink::put(std::string_view name, int fd) {
  const bool is_new = !held_.contains(name);
  if (is_new && held_.size() >= keeper::kMostHeld)
    throw Error(Diagnostic::error("too-many-descriptors", "the containers of this project need more than " +
                                                              std::to_string(keeper::kMostHeld) +
                                                              " sockets and pipes outside of them")
                    .with_hint("publish fewer ports: each takes a socket for each address"));
  send(keeper::Kind::Put, name, 0, fd);
  if (is_new) held_.emplace(name);
}
void KeeperLink::drop(std::string_view name) {
  send(keeper::Kind::Drop, name, 0, -1);
  if (const auto found = held_.find(name); found != held_.end()) held_.erase(found);
}
void KeeperLink::drop_all(std::string_view prefix) {
  send(keeper::Kind::DropAll, prefix, 0, -1);
  const auto first = held_.lower_bound(prefix);
  auto last = first;
  while (last != held_.end() && last->starts_with(prefix)) ++last;
  held_.erase(first, last);
}
void KeeperLink::forget(int pid) {
  send(keeper::Kind::Forget, "", pid, -1);
}

std::optional<KeeperLink::Received> KeeperLink::receive(Wait wait) {
  std::array<std::byte, keeper::kMaxPacket> packet{};
  iovec data{packet.data(), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = 0;
  do got = ::recvmsg(socket_.native_handle(), &header, MSG_CMSG_CLOEXEC | (wait == Wait::No ? MSG_DONTWAIT : 0));
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::nullopt;
  if (got < 0) throw_system_error("hear", "the keeper", errno);
  if (got == 0) throw Error("the keeper is gone");
  // Without it a container would lose its output or a port: the next supervisor is given it again.
  if ((header.msg_flags & MSG_CTRUNC) != 0)
    throw_system_error("take over", "a descriptor that the keeper holds", EMFILE);
  Received received;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    received.fd.reset(fd);
  }
  const auto message = keeper::decode({packet.data(), static_cast<std::size_t>(got)});
  if (!message) throw Error("the keeper speaks another version of the protocol");
  received.message = *message;
  return received;
}

KeeperLink::Recovered KeeperLink::recover() {
  send(keeper::Kind::Recover, "", 0, -1);
  Recovered recovered;
  for (;;) {
    std::optional<Received> received = receive(Wait::Yes);
    if (!received) continue;
    const keeper::Message& message = received->message;
    if (message.kind == keeper::Kind::Held) {
      held_.emplace(message.name());
      recovered.held.insert_or_assign(std::string(message.name()), std::move(received->fd));
    }
    if (message.kind == keeper::Kind::Exited) recovered.exits.push_back({message.pid, message.status, message.time});
    if (message.kind == keeper::Kind::Recovered) {
      recovered.deaths = message.status;
      return recovered;
    }
  }
}

Task<void> KeeperLink::settled() {
  const int number = ++asked_;
  send(keeper::Kind::Sync, "", number, -1);
  while (answered_ < number) co_await synced_.wait();
}

Task<void> KeeperLink::listen(std::function<void(ProcessExit)> on_exit) {
  for (;;) {
    while (const std::optional<Received> received = receive(Wait::No)) {
      const keeper::Message& message = received->message;
      if (message.kind == keeper::Kind::Exited) on_exit({message.pid, message.status, message.time});
      if (message.kind == keeper::Kind::Synced) {
        answered_ = message.pid;
        synced_.notify();
      }
    }
    co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  }
}

}  // namespace davit::embedded
