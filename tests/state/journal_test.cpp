#include "davit/state/journal.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace davit::state {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  test::TempDir dir_;
  Database database_ = Database::open(dir_.path() / "davit.db");
  Journal journal_{database_};
};

TEST_F(JournalTest, EventComesBackWholeWithItsCause) {
  const auto first = journal_.append({.project = "shop", .kind = "up", .cause = cause_command("davit up")});
  const Event event{0, 11, 22, "shop", "started", "container", "c1", R"({"pid":1})", cause_event(first)};
  const auto id = journal_.append(event);
  Event expected = event;
  expected.id = id;
  EXPECT_EQ(journal_.find(id), expected);
  EXPECT_EQ(expected.cause, "event:" + std::to_string(first));
  EXPECT_EQ(journal_.last_id(), id);
}

TEST_F(JournalTest, TimesAreFilledIn) {
  const auto id = journal_.append({.project = "shop", .kind = "up"});
  EXPECT_GT(journal_.find(id)->wall, 0);
  EXPECT_GT(journal_.find(id)->monotonic, 0);
}

TEST_F(JournalTest, FollowersGetWhatIsNewOldestFirst) {
  const auto a = journal_.append({.project = "p", .kind = "a"});
  journal_.append({.project = "q", .kind = "b"});
  const auto c = journal_.append({.project = "p", .kind = "c"});
  EXPECT_EQ(journal_.since(a).size(), 2U);
  ASSERT_EQ(journal_.since(a, "p").size(), 1U);
  EXPECT_EQ(journal_.since(a, "p")[0].id, c);
  EXPECT_EQ(journal_.last_id("p"), c);
  EXPECT_EQ(journal_.last_id("nobody's"), 0);
  EXPECT_TRUE(journal_.since(c).empty());
  EXPECT_EQ(journal_.since(0, {}, 2).size(), 2U);
}

TEST_F(JournalTest, EventIsGoneWithItsTransaction) {
  {
    const Transaction transaction(database_);
    journal_.append({.project = "p", .kind = "a"});
  }
  EXPECT_EQ(journal_.last_id(), 0);
}

TEST_F(JournalTest, ForgetsWhatIsTooMuchOrTooOldAsItGrows) {
  const WallTime now = wall_time_now();
  journal_.append({.wall = now - Journal::kKeptFor - 1, .project = "gone", .kind = "old"});
  journal_.append({.wall = now - Journal::kKeptFor / 2, .project = "still", .kind = "young"});
  const Transaction transaction(database_);  // ten thousand of them would each wait for the disk
  constexpr std::int64_t kAppended = Journal::kKeptEvents + 3 * Journal::kTrimEvery;
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < kAppended; ++i) last = journal_.append({.wall = now, .project = "p", .kind = "die"});
  const auto left = static_cast<std::int64_t>(journal_.since(0, "p", 2 * kAppended).size());
  EXPECT_GE(left, Journal::kKeptEvents);
  EXPECT_LT(left, Journal::kKeptEvents + Journal::kTrimEvery);
  EXPECT_EQ(journal_.last_id("p"), last);
  EXPECT_TRUE(journal_.since(0, "gone").empty());
  EXPECT_EQ(journal_.since(0, "still").size(), 1U);
}

TEST_F(JournalTest, TrimKeepsTheNewestOfOneProjectAndIdsAreNotReused) {
  for (int i = 0; i < 5; ++i) journal_.append({.project = "p", .kind = std::to_string(i)});
  journal_.append({.project = "q", .kind = "x"});
  journal_.trim("p", 2);
  ASSERT_EQ(journal_.since(0, "p").size(), 2U);
  EXPECT_EQ(journal_.since(0, "p")[0].kind, "3");
  EXPECT_EQ(journal_.since(0, "q").size(), 1U);
  journal_.trim("q", 0);
  EXPECT_EQ(journal_.append({.project = "q", .kind = "y"}), 7);
}

}  // namespace
}  // namespace davit::state
