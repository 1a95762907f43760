#include "keeper/tables.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>

namespace davit::keeper {
namespace {

int some_descriptor() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(HeldTable, ReplacesAndClosesTheSameName) {
  const auto table = std::make_unique<HeldTable>();
  const int first = some_descriptor();
  const int second = some_descriptor();
  EXPECT_TRUE(table->put("a", first));
  EXPECT_TRUE(table->put("a", second));
  EXPECT_FALSE(is_open(first));
  EXPECT_TRUE(is_open(second));
  EXPECT_EQ(table->used(), 1U);
  table->drop("a");
  EXPECT_FALSE(is_open(second));
  EXPECT_EQ(table->used(), 0U);
}

TEST(HeldTable, DropsByPrefixOnly) {
  const auto table = std::make_unique<HeldTable>();
  const int kept = some_descriptor();
  EXPECT_TRUE(table->put("c/1/out", some_descriptor()));
  EXPECT_TRUE(table->put("c/2/out", kept));
  EXPECT_TRUE(table->put("c/1/err", some_descriptor()));
  table->drop_all("c/1/");
  EXPECT_TRUE(is_open(kept));
  EXPECT_TRUE(table->put("new", some_descriptor())) << "an empty slot is used again";
  EXPECT_EQ(table->used(), 2U);
  table->drop_all("");
  EXPECT_EQ(table->used(), 0U);
}

TEST(ExitTable, ForgetsTheOldestWhenFull) {
  const auto table = std::make_unique<ExitTable>();
  for (std::size_t i = 0; i < ExitTable::kCapacity; ++i) EXPECT_TRUE(table->add(static_cast<std::int32_t>(i), 0, 0));
  EXPECT_FALSE(table->add(9999, 7, 0));
  EXPECT_EQ(table->size(), ExitTable::kCapacity);
  EXPECT_EQ(table->at(0).pid, 1);
  EXPECT_EQ(table->at(table->size() - 1).pid, 9999);
  table->forget(9999);
  EXPECT_EQ(table->size(), ExitTable::kCapacity - 1);
}

TEST(RestartPacing, IsImmediateForASupervisorThatLived) {
  RestartPacing pacing;
  EXPECT_EQ(pacing.died_after(5000), 0);
  EXPECT_EQ(pacing.died_after(10), 0);
  EXPECT_EQ(pacing.died_after(10), 0);
  EXPECT_EQ(pacing.died_after(10), 10);
  EXPECT_EQ(pacing.died_after(10), 20);
  EXPECT_EQ(pacing.died_after(2000), 0);
  EXPECT_EQ(pacing.died_after(10), 0);
}

TEST(RestartPacing, GivesUpAfterShortLivesInARow) {
  RestartPacing pacing;
  for (int i = 0; i < RestartPacing::kMaxShortLives; ++i) EXPECT_TRUE(pacing.died_after(1)) << i;
  EXPECT_FALSE(pacing.died_after(1));
}

}  // namespace
}  // namespace davit::keeper
