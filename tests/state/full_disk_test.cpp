// The database on a disk that is full.

#include <gtest/gtest.h>

#include <thread>

#include "davit/base/error.hpp"
#include "davit/state/database.hpp"
#include "davit/state/journal.hpp"
#include "davit/state/volumes.hpp"
#include "support/small_disk.hpp"

namespace davit::state {
namespace {

class FullDisk : public testing::Test {
 protected:
  /// What a container's life writes: rows that come and go, and events that stay.
  static void write_some(Database& database, int number) {
    Transaction transaction(database);
    const std::string name = "volume-" + std::to_string(number);
    ASSERT_TRUE(Volumes(database).insert({.name = name, .project = "p"}));
    Journal(database).append({.project = "p", .kind = "create", .subject = name, .attributes_json = "{}"});
    transaction.commit();
    Volumes(database).remove(name);
  }

  test::SmallDisk disk_{16 << 20};
  std::filesystem::path file_ = disk_.path() / "data" / "davit.db";
};

TEST_F(FullDisk, ADatabaseGoesOn) {
  Database database = Database::open(file_);
  disk_.fill();
  for (int i = 0; i < 1000; ++i) ASSERT_NO_THROW(write_some(database, i)) << i;
  EXPECT_EQ(Journal(database).since(0, "p", 10'000).size(), 1000U);
}

TEST_F(FullDisk, ADatabaseThatIsOpenedAgainGoesOn) {
  (void)Database::open(file_);
  disk_.fill();
  const std::jthread greedy([this](const std::stop_token& stop) {  // takes whatever becomes free
    while (!stop.stop_requested()) disk_.fill();
  });
  for (int i = 0; i < 200; ++i) {
    Database database = Database::open(file_);
    ASSERT_NO_THROW(write_some(database, i)) << i;
  }
}

TEST_F(FullDisk, WhatFilledTheRoomItHadIsRefusedAndTheRestGoesOn) {
  Database database = Database::open(file_);
  disk_.fill();
  const std::string large(8 << 20, 'x');
  try {
    Journal(database).append({.project = "p", .kind = "large", .attributes_json = large});
    FAIL() << "there is no room for it";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostic().code, "disk-full") << error.what();
  }
  for (int i = 0; i < 200; ++i) ASSERT_NO_THROW(write_some(database, i)) << i;
}

TEST_F(FullDisk, TheRoomIsThereAgainWhenTheDiskHasSome) {
  Database database = Database::open(file_);
  disk_.fill();
  for (int i = 0; i < 1000; ++i) write_some(database, i);
  disk_.make_room();
  write_some(database, 1000);
  disk_.fill();
  for (int i = 1001; i < 4000; ++i) ASSERT_NO_THROW(write_some(database, i)) << i;
}

TEST_F(FullDisk, ADatabaseThatGrowsHasItsRoomAhead) {
  Database database = Database::open(file_);
  for (int i = 0; i < 20'000; ++i)
    Journal(database).append({.project = std::to_string(i), .kind = "long", .attributes_json = std::string(100, 'x')});
  disk_.fill();
  for (int i = 0; i < 1000; ++i) ASSERT_NO_THROW(write_some(database, i)) << i;
}

}  // namespace
}  // namespace davit::state
