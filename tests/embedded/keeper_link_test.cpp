#include "embedded/keeper_link.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "davit/base/error.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;

class KeeperLinkTest : public testing::Test {
 protected:
  KeeperLinkTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_.reset(ends[0]);
    keepers_.reset(ends[1]);
  }

  /// Puts packets of no meaning until the socket takes no more.
  [[nodiscard]] std::size_t fill() const {
    std::size_t sent = 0;
    while (::send(ours_.get(), "full", 4, MSG_DONTWAIT) == 4) ++sent;
    EXPECT_EQ(errno, EAGAIN);
    return sent;
  }

  [[nodiscard]] Fd our_copy() const { return Fd(::fcntl(ours_.get(), F_DUPFD_CLOEXEC, 3)); }

  /// The names of so many messages, in their order.
  [[nodiscard]] std::vector<std::string> read(std::size_t count) const {
    std::vector<std::string> names;
    for (std::array<std::byte, keeper::kMaxPacket> packet{}; names.size() < count;) {
      const ssize_t got = ::recv(keepers_.get(), packet.data(), packet.size(), 0);
      if (got <= 0) break;
      const auto message = keeper::decode({packet.data(), static_cast<std::size_t>(got)});
      names.emplace_back(message ? message->name() : "?");
    }
    return names;
  }

  asio::io_context loop_;
  Fd ours_;
  Fd keepers_;
};

TEST_F(KeeperLinkTest, ABurstWaitsForTheKeeper) {
  KeeperLink link(loop_, our_copy());
  asio::co_spawn(loop_, link.listen([](ProcessExit) {}), [](const std::exception_ptr&) {});
  loop_.poll();  // from here on the socket does not block
  const std::size_t before = fill();
  constexpr std::size_t kBurst = 3000;
  std::vector<std::string> names;
  std::thread keeper([&] { names = read(before + kBurst); });
  std::string failure;
  try {
    for (std::size_t i = 0; i < kBurst; ++i) link.drop(std::to_string(i));
  } catch (const Error& error) {
    failure = error.what();
    ::shutdown(ours_.get(), SHUT_RDWR);
  }
  keeper.join();
  EXPECT_EQ(failure, "");
  ASSERT_EQ(names.size(), before + kBurst);
  EXPECT_EQ(names[before], "0");
  EXPECT_EQ(names.back(), std::to_string(kBurst - 1));
}

TEST_F(KeeperLinkTest, WhatTheKeeperCannotHoldIsRefused) {
  KeeperLink link(loop_, our_copy());
  std::thread keeper([&] { (void)read(keeper::kMostHeld + 3); });
  const Fd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (std::size_t i = 0; i < keeper::kMostHeld; ++i) link.put("p/" + std::to_string(i), any.get());
  link.put("p/0", any.get());  // in place of another one
  EXPECT_THROW(link.put("q/0", any.get()), Error);
  link.drop_all("p/1");
  EXPECT_NO_THROW(link.put("q/0", any.get()));
  ::shutdown(ours_.get(), SHUT_RDWR);
  keeper.join();
}

TEST_F(KeeperLinkTest, AKeeperThatDoesNotReadIsNotWaitedForForEver) {
  KeeperLink link(loop_, our_copy(), 1ms);
  (void)fill();
  try {
    link.drop("x");
    FAIL() << "where did it go?";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostic().code, "keeper-silent");
  }
}

TEST_F(KeeperLinkTest, AKeeperThatIsGoneIsSaidToBe) {
  KeeperLink link(loop_, our_copy());
  (void)fill();
  keepers_.reset();
  EXPECT_THROW(link.drop("x"), Error);
}

}  // namespace
}  // namespace davit::embedded
