#include "davit/process/proc_stat.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "davit/base/files.hpp"

namespace davit::process {
namespace {

TEST(ProcStat, FieldsAreFoundBehindAnyName) {
  const auto stat = parse_proc_stat(
      "17 (a) b (c) S 4 17 17 34816 17 4194560 1 2 3 4 50 60 7 8 20 0 1 0 12345 1000 2 18446744073709551615\n");
  const ProcStat expected{
      .name = "a) b (c", .state = 'S', .parent = 4, .terminal = 34816, .cpu_time = 110, .start_time = 12345};
  EXPECT_EQ(stat, expected);
}

TEST(ProcStat, WhatIsCutOffIsNoProcess) {
  for (const char* text : {"", "17", "17 (a", "17 )a(", "17 (a) S 4", "17 (a) S 4 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0"})
    EXPECT_EQ(parse_proc_stat(text), std::nullopt) << text;
}

TEST(ProcStat, ReadsThisProcess) {
  const auto text = DiskFiles().read("/proc/self/stat");
  ASSERT_TRUE(text);
  const auto stat = parse_proc_stat(*text);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, ::getppid());
  EXPECT_EQ(stat->state, 'R');
}

}  // namespace
}  // namespace davit::process
