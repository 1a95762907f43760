#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "davit/container/oci_spec.hpp"

namespace davit::container {
namespace {

using Names = std::vector<std::string>;

Names effective(Names add, Names drop, bool privileged = false) {
  engine::ContainerSpec spec;
  spec.cap_add = std::move(add);
  spec.cap_drop = std::move(drop);
  spec.privileged = privileged;
  return effective_capabilities(spec, HostFacts{});
}

TEST(Capabilities, DefaultsAreDockersFourteen) {
  EXPECT_EQ(effective({}, {}), (Names{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
                                      "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",
                                      "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"}));
}

TEST(Capabilities, NamesWorkInEveryForm) {
  EXPECT_EQ(effective({"cap_sys_time"}, {"ALL"}), Names{"CAP_SYS_TIME"});
  EXPECT_EQ(effective({"Sys_Time"}, {"all"}), Names{"CAP_SYS_TIME"});
}

TEST(Capabilities, ADropWinsOverAddingAll) {
  const Names all_but_one = effective({"ALL"}, {"NET_RAW"});
  EXPECT_EQ(all_but_one.size(), 40U);
  EXPECT_EQ(std::count(all_but_one.begin(), all_but_one.end(), "CAP_NET_RAW"), 0);
}

TEST(Capabilities, AnAddedNameWinsOverItsDrop) {
  EXPECT_EQ(effective({"CHOWN"}, {"CHOWN", "ALL"}), Names{"CAP_CHOWN"});
  EXPECT_EQ(effective({"CHOWN"}, {"CHOWN"}), effective({}, {}));
}

TEST(Capabilities, PrivilegedHasAllThatTheHostHas) {
  HostFacts old;
  old.capabilities = 0x3fffffffff;
  engine::ContainerSpec spec;
  spec.privileged = true;
  EXPECT_EQ(effective_capabilities(spec, old).size(), 38U);
}

TEST(Capabilities, WhatTheHostLacksIsAnErrorOnlyWhenAskedFor) {
  HostFacts poor;
  poor.capabilities = 1;
  engine::ContainerSpec spec;
  EXPECT_EQ(effective_capabilities(spec, poor), Names{"CAP_CHOWN"});
  spec.cap_add = {"SYS_TIME"};
  EXPECT_THROW(static_cast<void>(effective_capabilities(spec, poor)), Error);
}

TEST(Capabilities, AnUnknownNameIsAnErrorWithASuggestion) {
  try {
    effective({"NET_ADMN"}, {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unknown capability 'NET_ADMN'");
    EXPECT_EQ(e.diagnostic().hint, "did you mean 'CAP_NET_ADMIN'?");
  }
}

}  // namespace
}  // namespace davit::container
