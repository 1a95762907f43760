#include "davit/container/user.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

const UserFiles kFiles{
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken\n"
    "app:x:1000:1000:App:/home/app:/bin/sh\n"
    "nohome:x:1001:50::::\n"
    "2000:x:2001:2001::/odd:\n"
    "huge:x:99999999999:1::/:\n",
    "root:x:0:\nstaff:x:50:app,nohome\nvideo:x:44:app\n7:x:700:\napp:x:1000:\n"};

ResolvedUser user(std::uint32_t uid, std::uint32_t gid, std::vector<std::uint32_t> groups, std::string home) {
  return {uid, gid, std::move(groups), std::move(home)};
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(resolve_user(text, {}, kFiles));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(ResolveUser, NoUserIsRoot) {
  EXPECT_EQ(resolve_user("", {}, kFiles), user(0, 0, {0}, "/root"));
  EXPECT_EQ(resolve_user("", {}, {}), user(0, 0, {0}, "/"));
}

TEST(ResolveUser, ANameTakesItsGroups) {
  EXPECT_EQ(resolve_user("app", {}, kFiles), user(1000, 1000, {1000, 50, 44}, "/home/app"));
}

TEST(ResolveUser, AKnownNumberIsThatUser) {
  EXPECT_EQ(resolve_user("1000", {}, kFiles), user(1000, 1000, {1000, 50, 44}, "/home/app"));
}

TEST(ResolveUser, AnUnknownNumberHasGroupZero) {
  EXPECT_EQ(resolve_user("4711", {}, kFiles), user(4711, 0, {0}, "/"));
}

TEST(ResolveUser, ANumberIsNeverAName) {
  EXPECT_EQ(resolve_user("2000", {}, kFiles), user(2000, 0, {0}, "/"));
  EXPECT_EQ(resolve_user("0:7", {}, kFiles).gid, 7U);
}

TEST(ResolveUser, AnExplicitGroupLeavesTheOthersOut) {
  EXPECT_EQ(resolve_user("app:staff", {}, kFiles), user(1000, 50, {50}, "/home/app"));
  EXPECT_EQ(resolve_user("1000:123", {}, kFiles), user(1000, 123, {123}, "/home/app"));
}

TEST(ResolveUser, GroupAddComesOnTop) {
  EXPECT_EQ(resolve_user("app:staff", {"video", "9", "50"}, kFiles).groups, (std::vector<std::uint32_t>{50, 44, 9}));
}

TEST(ResolveUser, AnEmptyHomeIsTheRoot) {
  EXPECT_EQ(resolve_user("nohome", {}, kFiles).home, "/");
}

TEST(ResolveUser, UnknownNamesAreErrors) {
  EXPECT_EQ(error_of("nobody"), "unable to find user 'nobody': no matching entry in /etc/passwd of the image");
  EXPECT_EQ(error_of("huge"), "unable to find user 'huge': no matching entry in /etc/passwd of the image");
  EXPECT_EQ(error_of("app:nogroup"), "unable to find group 'nogroup': no matching entry in /etc/group of the image");
  EXPECT_EQ(error_of("4294967296"), "user or group id '4294967296' is out of range: 0 to 2147483647");
}

TEST(ResolveUser, ProposesTheNearestName) {
  try {
    static_cast<void>(resolve_user("ap:stafff", {}, kFiles));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.diagnostic().hint, "did you mean 'app'?");
  }
}

TEST(ResolveOwner, ANumberIsTheGroupTooAndANameBringsItsGroup) {
  EXPECT_EQ(resolve_owner("1001", kFiles), (Owner{1001, 1001})) << "a number is not looked up";
  EXPECT_EQ(resolve_owner("nohome", kFiles), (Owner{1001, 50}));
  EXPECT_EQ(resolve_owner("app:video", kFiles), (Owner{1000, 44}));
  EXPECT_EQ(resolve_owner("app:", kFiles), (Owner{1000, 1000}));
  EXPECT_EQ(resolve_owner(":video", kFiles), (Owner{0, 44}));
  EXPECT_EQ(resolve_owner("root:root", {}), (Owner{0, 0}));
}

TEST(ResolveOwner, WhatIsNoIdIsAnError) {
  for (const char* text : {"nobody", "huge", "4294967295", "2147483648", "0:4294967295", "app:none", "-1"})
    EXPECT_THROW(static_cast<void>(resolve_owner(text, kFiles)), Error) << text;
}

}  // namespace
}  // namespace davit::container
