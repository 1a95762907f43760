#include "davit/base/unix_address.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "davit/base/error.hpp"

namespace davit {
namespace {

class UnixAddressTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = ::testing::TempDir() + "davit-unix-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    root_ = path;
    deep_ = root_ / std::string(100, 'a') / std::string(100, 'b');
    std::filesystem::create_directories(deep_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
  std::filesystem::path deep_;
};

TEST_F(UnixAddressTest, AFolderOfAnyDepthCanBeBoundAndReached) {
  const std::string path = (deep_ / "s.sock").string();
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    const UnixAddress where = UnixAddress::of(path);
    const sockaddr_un raw = where.raw();
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&raw), sizeof raw), 0);
  }
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_TRUE(std::filesystem::is_socket(path));
  const Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UnixAddress where = UnixAddress::of(path);
  const sockaddr_un raw = where.raw();
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&raw), sizeof raw), 0);
}

TEST_F(UnixAddressTest, AMissingFolderIsNamed) {
  try {
    (void)UnixAddress::of((deep_ / "none" / "s.sock").string());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("none"), std::string::npos) << error.what();
  }
}

TEST_F(UnixAddressTest, ANameThatNoAddressHoldsIsRefused) {
  EXPECT_THROW((void)UnixAddress::of((deep_ / std::string(120, 'n')).string()), Error);
}

}  // namespace
}  // namespace davit
