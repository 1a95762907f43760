#include "embedded/host_resolv_conf.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

namespace fs = std::filesystem;

class HostResolvConfTest : public testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text) const { std::ofstream(path) << text; }
  static std::string servers_of(const HostResolvConf& conf) {
    std::string out;
    for (const auto& server : conf.value().nameservers) out += server.to_string() + " ";
    return out;
  }

  davit::test::TempDir temp_;
  const fs::path file_ = temp_.path() / "resolv.conf";
};

TEST_F(HostResolvConfTest, SeesAnotherText) {
  write(file_, "nameserver 10.0.0.1\n");
  HostResolvConf conf(file_);
  EXPECT_EQ(servers_of(conf), "10.0.0.1 ");
  EXPECT_FALSE(conf.look());
  write(file_, "nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
  EXPECT_TRUE(conf.look());
  EXPECT_EQ(servers_of(conf), "10.0.0.1 10.0.0.2 ");
  EXPECT_FALSE(conf.look()) << "once is enough";
}

TEST_F(HostResolvConfTest, SeesAnotherFileInItsPlace) {
  write(file_, "nameserver 10.0.0.1\n");
  HostResolvConf conf(file_);
  const fs::path next = temp_.path() / "next";
  write(next, "nameserver 10.0.0.9\n");  // no byte more or less
  fs::last_write_time(next, fs::last_write_time(file_));
  fs::rename(next, file_);
  EXPECT_TRUE(conf.look());
  EXPECT_EQ(servers_of(conf), "10.0.0.9 ");
}

TEST_F(HostResolvConfTest, SeesWhatALinkLeadsTo) {
  const fs::path wifi = temp_.path() / "wifi";
  write(wifi, "nameserver 10.0.0.1\n");
  write(temp_.path() / "vpn", "nameserver 10.8.0.1\n");
  fs::create_symlink("wifi", file_);
  HostResolvConf conf(file_);
  fs::remove(file_);
  fs::create_symlink("vpn", file_);
  EXPECT_TRUE(conf.look());
  EXPECT_EQ(servers_of(conf), "10.8.0.1 ");
}

TEST_F(HostResolvConfTest, AnAbsentFileIsAnEmptyOne) {
  HostResolvConf conf(file_);
  EXPECT_EQ(servers_of(conf), "");
  EXPECT_FALSE(conf.look());
  write(file_, "nameserver 10.0.0.1\n");
  EXPECT_TRUE(conf.look());
  fs::remove(file_);
  EXPECT_TRUE(conf.look());
  EXPECT_EQ(servers_of(conf), "");
}

TEST_F(HostResolvConfTest, AWriteThatSaysTheSameIsNoChange) {
  write(file_, "nameserver 10.0.0.1\n");
  HostResolvConf conf(file_);
  write(file_, "# by hand\nnameserver 10.0.0.1\n");
  EXPECT_FALSE(conf.look());
}

}  // namespace
}  // namespace davit::embedded
