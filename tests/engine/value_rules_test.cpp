#include "davit/engine/value_rules.hpp"

#include <gtest/gtest.h>

namespace davit::engine {
namespace {

TEST(ContainerName, IsALetterOrDigitAndAtLeastOneMoreCharacter) {
  for (const char* name : {"db", "a1", "0.9", "shop-db-1", "A_b.c-d"}) EXPECT_TRUE(is_container_name(name)) << name;
  for (const char* name : {"", "a", "-ab", "_a", ".a", "a/b", "../../evil", "my x", "a\n", "\u00fcn\u00ef"})
    EXPECT_FALSE(is_container_name(name)) << name;
}

TEST(IpAddress, IsReadWithoutZoneBracketsOrLeadingZeros) {
  for (const char* text : {"1.2.3.4", "0.0.0.0", "::1", "fd00::53", "::ffff:1.2.3.4"})
    EXPECT_TRUE(is_ip_address(text)) << text;
  for (const char* text : {"", "nonsense", "1.2.3", "1.2.3.4.5", "01.2.3.4", " 1.2.3.4", "1.2.3.256", "[::1]",
                           "fe80::1%eth0", "host-gateway"})
    EXPECT_FALSE(is_ip_address(text)) << text;
  EXPECT_FALSE(is_ip_address(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_FALSE(is_ipv4_address("::1"));
  EXPECT_FALSE(is_ipv6_address("1.2.3.4"));
}

TEST(MacAddress, IsThatOfOneInterface) {
  for (const char* text : {"02:42:ac:11:00:02", "02-42-AC-11-00-02", "00:00:00:00:00:01"})
    EXPECT_TRUE(is_mac_address(text)) << text;
  for (const char* text :
       {"", "foo", "02:42:ac:11:00", "02:42:ac:11:00:0g", "02:42:ac:11:00:02:03:04", "-2:42:ac:11:00:02",
        "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "0242.ac11.0002"})
    EXPECT_FALSE(is_mac_address(text)) << text;
}

TEST(InterfaceName, IsTheKernels) {
  for (const char* name : {"eth0", "a", "wan.10", "exactly15bytes_"}) EXPECT_TRUE(is_interface_name(name)) << name;
  for (const char* name : {"", ".", "..", "a/b", "a b", "a:1", "a\n", "sixteen_bytes_xx"})
    EXPECT_FALSE(is_interface_name(name)) << name;
}

}  // namespace
}  // namespace davit::engine
