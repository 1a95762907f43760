#include "network/netlink.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "davit/base/error.hpp"

namespace davit::network {
namespace {

// Bounds one send well below the socket buffers; the acknowledgements of a chunk must fit the receive buffer too.
constexpr std::size_t kChunk = 64;
constexpr std::size_t kReceiveBuffer = 64 * 1024;

void check(int error, std::string_view doing) {
  if (error < 0) throw Error("cannot " + std::string(doing) + ": " + nl_geterror(error));
}

/// What the kernel says beside the error number (NETLINK_EXT_ACK).
std::string kernel_text(const nlmsghdr& header, const nlmsgerr& error) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  std::size_t offset = sizeof(nlmsghdr) + sizeof(nlmsgerr);
  if ((header.nlmsg_flags & NLM_F_CAPPED) == 0) offset += error.msg.nlmsg_len - sizeof(nlmsghdr);
  if (offset >= header.nlmsg_len) return {};
  const auto* start = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(&header) + offset);
  const auto* text = nla_find(start, static_cast<int>(header.nlmsg_len - offset), NLMSGERR_ATTR_MSG);
  return text == nullptr ? std::string() : std::string(nla_get_string(text));
}

}  // namespace

NetlinkMessage::NetlinkMessage(int type, int flags)
    : message_(nlmsg_alloc_simple(type, flags | NLM_F_REQUEST | NLM_F_ACK)) {
  if (!message_) throw Error("out of memory for a netlink message");
}

void NetlinkMessage::append_bytes(const void* data, std::size_t size) {
  check(nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO), "build a netlink message");
}
void NetlinkMessage::put_u32(int attribute, std::uint32_t value) {
  check(nla_put_u32(message_.get(), attribute, value), "build a netlink message");
}
void NetlinkMessage::put_u8(int attribute, std::uint8_t value) {
  check(nla_put_u8(message_.get(), attribute, value), "build a netlink message");
}
void NetlinkMessage::put_string(int attribute, const std::string& text) {
  check(nla_put_string(message_.get(), attribute, text.c_str()), "build a netlink message");
}
void NetlinkMessage::put_address(int attribute, const IpAddress& address) {
  check(nla_put(message_.get(), attribute, static_cast<int>(address.size()), address.bytes().data()),
        "build a netlink message");
}
void NetlinkMessage::put_mac(int attribute, const MacAddress& mac) {
  check(nla_put(message_.get(), attribute, static_cast<int>(mac.bytes.size()), mac.bytes.data()),
        "build a netlink message");
}
nlmsghdr* NetlinkMessage::header() const {
  return nlmsg_hdr(message_.get());
}

NetlinkMessage::Nest::Nest(NetlinkMessage& message, int attribute)
    : message_(message.message_.get()), start_(nla_nest_start(message_, attribute)) {
  if (start_ == nullptr) throw Error("out of memory for a netlink message");
}
NetlinkMessage::Nest::~Nest() {
  nla_nest_end(message_, start_);
}

NetlinkBatch::NetlinkBatch() : socket_(nl_socket_alloc()), buffer_(kReceiveBuffer) {
  if (!socket_) throw Error("out of memory for a netlink socket");
  check(nl_connect(socket_.get(), NETLINK_ROUTE), "open a netlink socket");
  const int on = 1;
  ::setsockopt(nl_socket_get_fd(socket_.get()), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(nl_socket_get_fd(socket_.get()), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

void NetlinkBatch::add(const NetlinkMessage& message, std::string operation, std::string object,
                       std::vector<int> expected) {
  const nlmsghdr* header = message.header();
  Request request{std::string(reinterpret_cast<const char*>(header), NLMSG_ALIGN(header->nlmsg_len)),
                  std::move(operation), std::move(object), std::move(expected)};
  requests_.push_back(std::move(request));
}

void NetlinkBatch::execute() {
  for (std::size_t from = 0; from < requests_.size() && failure_.empty(); from += kChunk) {
    const std::size_t to = std::min(requests_.size(), from + kChunk);
    send(from, to);
    receive(from, to);
  }
  requests_.clear();
  const std::string failure = std::exchange(failure_, {});
  if (!failure.empty()) throw Error(failure);
}

void NetlinkBatch::send(std::size_t from, std::size_t to) {
  std::string bytes;
  for (std::size_t i = from; i < to; ++i) {
    // The sequence number is the place in the batch, by which the acknowledgement is known again.
    const auto sequence = static_cast<std::uint32_t>(i);
    std::string& request = requests_[i].bytes;
    std::memcpy(request.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
    bytes += request;
  }
  check(nl_sendto(socket_.get(), bytes.data(), bytes.size()), "send over netlink");
}

void NetlinkBatch::receive(std::size_t from, std::size_t to) {
  std::size_t open = to - from;
  while (open > 0) {
    const auto size = ::recv(nl_socket_get_fd(socket_.get()), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_system_error("read from", "netlink", errno);
    int left = static_cast<int>(size);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(header, left);
         header = nlmsg_next(header, &left)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      take_acknowledgement(*header, from, to);
      --open;
    }
  }
}

void NetlinkBatch::take_acknowledgement(const nlmsghdr& header, std::size_t from, std::size_t to) {
  if (header.nlmsg_seq < from || header.nlmsg_seq >= to) return;
  const Request& request = requests_[header.nlmsg_seq];
  const auto& error = *static_cast<const nlmsgerr*>(nlmsg_data(&header));
  if (error.error == 0 || !failure_.empty()) return;
  const int number = -error.error;
  if (std::find(request.expected.begin(), request.expected.end(), number) != request.expected.end()) return;
  failure_ = "cannot " + request.operation + " '" + request.object + "': " + system_error_text(number);
  const std::string said = kernel_text(header, error);
  if (!said.empty()) failure_ += " (" + said + ")";
}

int link_index(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) throw_system_error("find link", name, errno);
  return static_cast<int>(index);
}

}  // namespace davit::network
