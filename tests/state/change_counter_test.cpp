#include "davit/state/change_counter.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "davit/base/error.hpp"
#include "support/temp_dir.hpp"

namespace davit::state {
namespace {

TEST(ChangeCounter, IsOneNumberForAllWhoOpenTheFile) {
  const test::TempDir dir;
  ChangeCounter one(dir.path() / "counter");
  ChangeCounter other(dir.path() / "counter");
  const std::uint64_t before = one.value();
  other.advance();
  EXPECT_NE(one.value(), before);
  EXPECT_EQ(one.value(), other.value());
}

TEST(ChangeCounter, KeepsItsNumberWhenNobodyHasItOpen) {
  const test::TempDir dir;
  ChangeCounter(dir.path() / "counter").advance();
  const std::uint64_t before = ChangeCounter(dir.path() / "counter").value();
  ChangeCounter(dir.path() / "counter").advance();
  EXPECT_EQ(ChangeCounter(dir.path() / "counter").value(), before + 1);
}

TEST(ChangeCounter, CountsEveryProcess) {
  const test::TempDir dir;
  const ChangeCounter counter(dir.path() / "counter");
  const std::uint64_t before = counter.value();
  constexpr int kProcesses = 4;
  for (int i = 0; i < kProcesses; ++i) {
    if (::fork() != 0) continue;
    ChangeCounter own(dir.path() / "counter");
    for (int n = 0; n < 1000; ++n) own.advance();
    ::_exit(0);
  }
  for (int i = 0; i < kProcesses; ++i) ::wait(nullptr);
  EXPECT_EQ(counter.value(), before + kProcesses * 1000);
}

TEST(ChangeCounter, SaysWhichFileCannotBeMade) {
  EXPECT_THROW(ChangeCounter("/proc/no/such/folder/counter"), Error);
}

}  // namespace
}  // namespace davit::state
