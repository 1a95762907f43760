#include "cli/copy_paths.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

using Kind = PathKind;

std::string target(const std::string& source, Kind source_kind, const std::string& destination, Kind destination_kind) {
  const auto result = copy_target(source, source_kind, destination, destination_kind);
  return result ? result->folder + " as '" + result->name + "'" : "error: " + result.error().message;
}

TEST(CopyPaths, AColonMakesAService) {
  EXPECT_EQ(parse_copy_end("web:/etc/hosts"), (CopyEnd{"web", "/etc/hosts"}));
  EXPECT_EQ(parse_copy_end("web:log"), (CopyEnd{"web", "log"}));
  EXPECT_EQ(parse_copy_end("./a:b"), (CopyEnd{std::nullopt, "./a:b"}));
  EXPECT_EQ(parse_copy_end("/a:b"), (CopyEnd{std::nullopt, "/a:b"}));
  EXPECT_EQ(parse_copy_end("folder/a:b"), (CopyEnd{std::nullopt, "folder/a:b"}));
  EXPECT_TRUE(parse_copy_end("-").is_stream());
}

TEST(CopyPaths, AFileGoesIntoAFolderOrBecomesThePath) {
  EXPECT_EQ(target("a/f", Kind::File, "/d", Kind::Folder), "/d as 'f'");
  EXPECT_EQ(target("a/f", Kind::File, "/d/g", Kind::Absent), "/d as 'g'");
  EXPECT_EQ(target("a/f", Kind::File, "/d/g", Kind::File), "/d as 'g'");
  EXPECT_EQ(target("f", Kind::File, "g", Kind::Absent), ". as 'g'");
  EXPECT_EQ(target("a/f", Kind::File, "/d/g/", Kind::Absent), "error: the folder '/d/g/' does not exist");
}

TEST(CopyPaths, AFolderGoesIntoAFolderOrBecomesThePath) {
  EXPECT_EQ(target("a/b", Kind::Folder, "/d", Kind::Folder), "/d as 'b'");
  EXPECT_EQ(target("a/b/", Kind::Folder, "/d", Kind::Folder), "/d as 'b'");
  EXPECT_EQ(target("a/b/.", Kind::Folder, "/d", Kind::Folder), "/d as ''") << "only what is in it";
  EXPECT_EQ(target(".", Kind::Folder, "/d", Kind::Folder), "/d as ''");
  EXPECT_EQ(target("a/b", Kind::Folder, "/d/new", Kind::Absent), "/d as 'new'");
  EXPECT_EQ(target("a/b/.", Kind::Folder, "/d/new", Kind::Absent), "/d as 'new'");
  EXPECT_EQ(target("a/b", Kind::Folder, "/d/f", Kind::File), "error: '/d/f' is a file, and 'a/b' a folder");
}

TEST(CopyPaths, WhatIsNotThereIsNamed) {
  EXPECT_EQ(target("gone", Kind::Absent, "/d", Kind::Folder), "error: no such file or folder: 'gone'");
}

}  // namespace
}  // namespace davit::cli
