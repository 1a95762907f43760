#include "image/entry_path.hpp"

#include <gtest/gtest.h>

namespace davit::image {
namespace {

TEST(EntryPath, IsRelativeAndClean) {
  EXPECT_EQ(clean_entry_path("./usr//bin/"), "usr/bin");
  EXPECT_EQ(clean_entry_path("/etc/passwd"), "etc/passwd");
  EXPECT_EQ(clean_entry_path("a/./b/../c"), "a/c");
  EXPECT_EQ(clean_entry_path("a/.."), "");
  for (const char* root : {"", ".", "./", "/", "//."}) EXPECT_EQ(clean_entry_path(root), "") << root;
  EXPECT_EQ(clean_entry_path("..."), "...");
}

TEST(EntryPath, MayNotLeaveTheRoot) {
  for (const char* bad : {"..", "../x", "/../x", "a/../../x", "./../x"}) EXPECT_FALSE(clean_entry_path(bad)) << bad;
}

TEST(EntryPath, SplitsBeforeTheLastName) {
  EXPECT_EQ(split_entry_path("a/b/c").parent, "a/b");
  EXPECT_EQ(split_entry_path("a/b/c").name, "c");
  EXPECT_EQ(split_entry_path("c").parent, "");
}

}  // namespace
}  // namespace davit::image
