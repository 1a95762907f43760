#include "davit/keeper/message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace davit::keeper {
namespace {

std::array<std::byte, kMaxPacket> packet{};

std::size_t encoded(const Message& message) {
  packet.fill(std::byte{0xee});
  return encode(message, packet);
}

TEST(KeeperMessage, ComesBackAsItWasSent) {
  Message message;
  message.kind = Kind::Exited;
  message.pid = 4711;
  message.status = -9;
  message.time = 1'700'000'000'123'456'789;
  ASSERT_TRUE(message.set_name("c/abc/out"));
  const auto back = decode({packet.data(), encoded(message)});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, Kind::Exited);
  EXPECT_EQ(back->pid, 4711);
  EXPECT_EQ(back->status, -9);
  EXPECT_EQ(back->time, 1'700'000'000'123'456'789);
  EXPECT_EQ(back->name(), "c/abc/out");
}

TEST(KeeperMessage, TakesTheLongestNameAndRefusesALongerOne) {
  Message message;
  ASSERT_TRUE(message.set_name(std::string(Message::kMaxName, 'x')));
  EXPECT_FALSE(message.set_name(std::string(Message::kMaxName + 1, 'y')));
  const std::size_t size = encoded(message);
  EXPECT_EQ(size, kMaxPacket);
  EXPECT_EQ(decode({packet.data(), size})->name(), std::string(Message::kMaxName, 'x'));
}

TEST(KeeperMessage, RefusesWhatItDidNotMake) {
  Message message;
  ASSERT_TRUE(message.set_name("name"));
  const std::size_t size = encoded(message);
  EXPECT_FALSE(decode({packet.data(), size - 1})) << "cut";
  EXPECT_FALSE(decode({packet.data(), size + 1})) << "too long";
  EXPECT_FALSE(decode({packet.data(), 0}));
  auto other = packet;
  other[0] = std::byte{9};
  EXPECT_FALSE(decode({other.data(), size})) << "another version";
  other = packet;
  other[1] = std::byte{77};
  EXPECT_FALSE(decode({other.data(), size})) << "unknown kind";
  other = packet;
  other[2] = std::byte{255};
  EXPECT_FALSE(decode({other.data(), size})) << "wrong name size";
}

}  // namespace
}  // namespace davit::keeper
