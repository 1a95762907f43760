// Values of a file that no container can be given, and where they stand.

#include <gmock/gmock.h>

#include "compose/support.hpp"
#include "davit/plan/make_spec.hpp"

namespace davit::plan {
namespace {

using ::testing::HasSubstr;

/// What is said, and where, of a service 'a' with these lines.
std::string said_of(const std::string& lines) {
  const compose::test::LoadTest test("services:\n  a:\n    image: x\n" + lines);
  const compose::LoadResult result = test.load();
  if (!result.loaded) return "not loaded: " + compose::test::LoadTest::messages(result);
  const model::Project& project = result.loaded->project;
  const Diagnostics problems = check_supported(project, project.services.at("a"));
  std::string out;
  for (const Diagnostic& item : problems.items())
    out +=
        (item.where ? std::to_string(item.where->begin.line) + ":" + std::to_string(item.where->begin.column) : "-") +
        " " + item.message + "\n";
  return out;
}

TEST(Values, NamesOfContainersAreDockers) {
  EXPECT_EQ(said_of("    container_name: ../../evil\n"),
            "4:21 'container_name' of service 'a' cannot be '../../evil'\n");
  EXPECT_EQ(said_of("    container_name: my x\n"), "4:21 'container_name' of service 'a' cannot be 'my x'\n");
  EXPECT_EQ(said_of("    container_name: -ab\n"), "4:21 'container_name' of service 'a' cannot be '-ab'\n");
  EXPECT_EQ(said_of("    container_name: shop_db.1\n"), "");
}

TEST(Values, WhatConfigOfDockerComposeRefusesIsRefusedAtLoading) {
  for (const char* name : {"a", "_a", "a/b", "\u00fcn\u00ef", "''"})
    EXPECT_THAT(said_of("    container_name: " + std::string(name) + "\n"), HasSubstr("not loaded: ")) << name;
  EXPECT_THAT(said_of("    extra_hosts: ['=1.2.3.4']\n"), HasSubstr("not loaded: "));
}

TEST(Values, HostnamesAreWhatTheKernelTakes) {
  EXPECT_EQ(said_of("    hostname: " + std::string(65, 'h') + "\n"),
            "4:15 'hostname' of service 'a' has 65 bytes; the most is 64\n");
  EXPECT_EQ(said_of("    domainname: " + std::string(65, 'd') + "\n"),
            "4:17 'domainname' of service 'a' has 65 bytes; the most is 64\n");
  for (const char* name : {"my x", "../../evil", "a_b", "-a", "\u00fcn\u00ef"})
    EXPECT_EQ(said_of("    hostname: '" + std::string(name) + "'\n"), "") << name;
}

TEST(Values, NameServersAreAddresses) {
  EXPECT_EQ(said_of("    dns: [1.1.1.1, nonsense, '::1']\n"),
            "4:20 'dns' of service 'a' must be IP addresses, found 'nonsense'\n");
  EXPECT_EQ(said_of("    dns: 1.2.3\n"), "4:10 'dns' of service 'a' must be IP addresses, found '1.2.3'\n");
}

TEST(Values, HostsHaveAddresses) {
  EXPECT_EQ(said_of("    extra_hosts: [ok=1.2.3.4, x=nonsense]\n"),
            "4:31 'extra_hosts' of service 'a' gives 'x' the address 'nonsense', which is no IP address\n");
  EXPECT_EQ(said_of("    extra_hosts:\n      x: 01.2.3.4\n"),
            "5:10 'extra_hosts' of service 'a' gives 'x' the address '01.2.3.4', which is no IP address\n");
  EXPECT_EQ(said_of("    extra_hosts: ['x=']\n"),
            "4:19 'extra_hosts' of service 'a' gives 'x' the address '', which is no IP address\n");
  EXPECT_EQ(said_of("    extra_hosts: [a=host-gateway, 'b=[::1]', 'c:::1', 'd=::ffff:1.2.3.4']\n"), "");
}

TEST(Values, InterfacesHaveAddressesOfTheirKind) {
  EXPECT_EQ(said_of("    mac_address: foo\n"),
            "4:18 'mac_address' of service 'a' is 'foo', which is no hardware address of an interface\n");
  EXPECT_EQ(said_of("    mac_address: 02-42-ac-11-00-02\n"), "");
  EXPECT_EQ(said_of("    networks:\n      default:\n        ipv4_address: foo\n"),
            "6:23 'networks.default.ipv4_address' of service 'a' is 'foo', which is no IPv4 address\n");
  EXPECT_EQ(said_of("    networks: {default: {ipv6_address: 1.2.3.4}}\n"),
            "4:40 'networks.default.ipv6_address' of service 'a' is '1.2.3.4', which is no IPv6 address\n");
}

TEST(Values, InterfacesHaveTheKernelsNames) {
  EXPECT_EQ(said_of("    networks: {default: {interface_name: a/b}}\n"),
            "4:42 'networks.default.interface_name' of service 'a' cannot be 'a/b'\n");
}

TEST(Values, NothingIsMountedOverTheRoot) {
  EXPECT_EQ(said_of("    volumes: ['./d:/', './e:/e']\n"), "4:15 'volumes' of service 'a' cannot be mounted at '/'\n");
  EXPECT_EQ(said_of("    tmpfs: /\n"), "4:12 'tmpfs' of service 'a' cannot be mounted at '/'\n");
}

TEST(Values, MountsStandAtAbsolutePaths) {
  EXPECT_EQ(said_of("    volumes: ['v:/v']\n"),
            "4:15 'volumes' of service 'a' must be mounted at an absolute path, found 'v:/v'\n");
  EXPECT_EQ(said_of("    tmpfs: rel\n"),
            "4:12 'tmpfs' of service 'a' must be mounted at an absolute path, found 'rel'\n");
}

TEST(Values, TheWorkingFolderIsAbsolute) {
  EXPECT_EQ(said_of("    working_dir: rel\n"),
            "4:18 'working_dir' of service 'a' must be an absolute path, found 'rel'\n");
}

}  // namespace
}  // namespace davit::plan
