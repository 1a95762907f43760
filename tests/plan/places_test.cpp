// Where the cause of a failure stands.

#include "davit/plan/places.hpp"

#include <gtest/gtest.h>

#include "compose/support.hpp"

namespace davit::plan {
namespace {

/// "LINE:COLUMN" of the subject in service 'a', which the lines make.
std::string place(const std::string& lines, const Diagnostic::Subject& subject) {
  const compose::test::LoadTest test("services:\n  a:\n" + lines);
  const compose::LoadResult result = test.load();
  if (!result.loaded) return compose::test::LoadTest::messages(result);
  const model::Project& project = result.loaded->project;
  const Span where = place_of(project, project.services.at("a"), subject);
  return std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column);
}

TEST(Places, AnItemElseItsAttributeElseTheService) {
  const std::string lines =
      "    image: x\n    cap_add: [NET_ADMIN, FOO]\n    sysctls: {net.a: 1, vm.b: 2}\n    ulimits:\n      nofile: 3\n";
  EXPECT_EQ(place(lines, {"cap_add", "FOO"}), "4:26");
  EXPECT_EQ(place(lines, {"cap_add", "BAR"}), "4:14");
  EXPECT_EQ(place(lines, {"sysctls", "vm.b"}), "5:25");
  EXPECT_EQ(place(lines, {"ulimits", "nofile"}), "7:7");
  EXPECT_EQ(place(lines, {"cap_drop", "FOO"}), "2:3");
}

TEST(Places, WhatIsOfTheImagePointsAtIt) {
  EXPECT_EQ(place("    image: x\n    user: bob\n", {"user", ""}), "4:11");
  EXPECT_EQ(place("    image: x\n", {"user", ""}), "3:12");
  EXPECT_EQ(place("    build: .\n", {"working_dir", ""}), "3:12");
  EXPECT_EQ(place("    image: x\n", {"volumes", "/data"}), "3:12");
}

TEST(Places, AProgramIsThatOfTheEntrypointFirst) {
  EXPECT_EQ(place("    image: x\n    command: [nosuch]\n", {"command", ""}), "4:14");
  EXPECT_EQ(place("    image: x\n    command: [a]\n    entrypoint: [b]\n", {"command", ""}), "5:17");
  EXPECT_EQ(place("    image: x\n    command: [a]\n    entrypoint: []\n", {"command", ""}), "4:14");
  EXPECT_EQ(place("    image: x\n", {"command", ""}), "3:12");
}

TEST(Places, AMountIsFoundByItsTargetWhereverItIsWritten) {
  const std::string lines =
      "    image: x\n"
      "    volumes: [./a:/a, {type: tmpfs, target: /b/}]\n"
      "    tmpfs: ['/c:size=1m']\n"
      "    secrets: [{source: s, target: /d}]\n"
      "    configs: [{source: c, target: /e}]\n"
      "secrets: {s: {file: ./nosuch}}\n"
      "configs:\n  c:\n    file: ./neither\n";
  EXPECT_EQ(place(lines, {"volumes", "/a"}), "4:15");
  EXPECT_EQ(place(lines, {"volumes", "/b"}), "4:23");
  EXPECT_EQ(place(lines, {"volumes", "/c"}), "5:13");
  EXPECT_EQ(place(lines, {"volumes", "/d"}), "6:15");
  EXPECT_EQ(place(lines, {"volumes", "/e"}), "7:15");
  EXPECT_EQ(place(lines, {"secrets.file", "s"}), "8:21");
  EXPECT_EQ(place(lines, {"configs.file", "c"}), "11:11");
}

TEST(Places, NetworksGoByTheirWholeName) {
  const std::string lines =
      "    image: x\n    networks:\n      back:\n        ipv4_address: 10.0.0.9\n      front:\n"
      "networks: {front: {}, back: {name: other}}\n";
  EXPECT_EQ(place(lines, {"ipv4_address", "other"}), "6:23");
  EXPECT_EQ(place(lines, {"ipv4_address", "p_front"}), "7:7");
}

TEST(Places, PortsGoByTheirNumberAndDevicesByTheirPath) {
  const std::string lines = "    image: x\n    ports: ['80:80', '127.0.0.2:80:99']\n    devices: [/dev/a:/dev/b]\n";
  EXPECT_EQ(place(lines, {"ports", "1"}), "4:22");
  EXPECT_EQ(place(lines, {"ports", "7"}), "4:12");
  EXPECT_EQ(place(lines, {"devices", "/dev/a"}), "5:15");
  EXPECT_EQ(place(lines, {"devices", "/dev/b"}), "5:15");
}

TEST(Places, LimitsMayBeThoseOfDeploy) {
  EXPECT_EQ(place("    image: x\n    cpus: 99\n", {"cpus", ""}), "4:11");
  EXPECT_EQ(place("    image: x\n    deploy: {resources: {limits: {cpus: '99'}}}\n", {"cpus", ""}), "4:13");
}

}  // namespace
}  // namespace davit::plan
