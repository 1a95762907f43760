#pragma once
// Route netlink messages, many in one send, each acknowledged. Messages are built by libnl.

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "davit/network/address.hpp"

namespace davit::network {

/// One request under construction.
class NetlinkMessage {
 public:
  /// `type` such as RTM_NEWLINK; NLM_F_REQUEST and NLM_F_ACK are added to `flags`.
  NetlinkMessage(int type, int flags);

  template <class Header>
  void append(const Header& header) {
    append_bytes(&header, sizeof header);
  }
  void put_u32(int attribute, std::uint32_t value);
  void put_u8(int attribute, std::uint8_t value);
  void put_string(int attribute, const std::string& text);
  void put_address(int attribute, const IpAddress& address);
  void put_mac(int attribute, const MacAddress& mac);
  /// Closes the attribute when it goes.
  class Nest {
   public:
    Nest(NetlinkMessage& message, int attribute);
    ~Nest();
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    nl_msg* message_;
    nlattr* start_;
  };

  [[nodiscard]] nlmsghdr* header() const;

 private:
  friend class Nest;
  void append_bytes(const void* data, std::size_t size);
  struct Free {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
  };
  std::unique_ptr<nl_msg, Free> message_;
};

/// A socket of the calling thread's network namespace, and the requests to send over it.
class NetlinkBatch {
 public:
  NetlinkBatch();

  /// `operation` and `object` are for the error: "cannot <operation> '<object>': …". Errors in `expected` are ignored.
  void add(const NetlinkMessage& message, std::string operation, std::string object, std::vector<int> expected = {});

  /// Sends everything and waits for every acknowledgement; the batch is empty afterwards. The kernel does them in order
  /// and goes on after one that fails; the first failure is thrown.
  void execute();

  [[nodiscard]] nl_sock* socket() const { return socket_.get(); }

 private:
  struct Request {
    std::string bytes;
    std::string operation;
    std::string object;
    std::vector<int> expected;
  };
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };

  void send(std::size_t from, std::size_t to);
  void receive(std::size_t from, std::size_t to);
  void take_acknowledgement(const nlmsghdr& header, std::size_t from, std::size_t to);

  std::unique_ptr<nl_sock, Free> socket_;
  std::vector<Request> requests_;
  std::string failure_;
  std::vector<char> buffer_;
};

/// The index of a link in this namespace; throws when there is none.
[[nodiscard]] int link_index(const std::string& name);

}  // namespace davit::network
