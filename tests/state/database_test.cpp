#include "davit/state/database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/state/journal.hpp"
#include "davit/state/volumes.hpp"
#include "support/temp_dir.hpp"

namespace davit::state {
namespace {

using test::TempDir;
using ::testing::HasSubstr;

/// Runs `body` in a child process; true when it ended well.
bool in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      body();
      _exit(0);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "child: %s\n", e.what());
      _exit(1);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Database, MakesItsFolderAndKeepsWhatWasWritten) {
  const TempDir dir;
  const auto file = dir.path() / "deep" / "root" / "davit.db";
  {
    Database database = Database::open(file);
    ASSERT_TRUE(Volumes(database).insert({.name = "v"}));
  }
  Database again = Database::open(file);
  EXPECT_TRUE(Volumes(again).find("v").has_value());
  EXPECT_EQ(std::filesystem::status(file.parent_path()).permissions(), std::filesystem::perms::owner_all);
  using std::filesystem::perms;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path()))
    EXPECT_EQ(entry.status().permissions(), perms::owner_read | perms::owner_write) << entry.path();
}

TEST(Database, ReadingOneThatWasNeverWrittenIsNoError) {
  const TempDir dir;
  EXPECT_FALSE(Database::open_for_reading(dir.path() / "davit.db").has_value());
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "davit.db"));
}

TEST(Database, ReaderSeesCommitsOfAWriterAndIsNotBlockedByItsTransaction) {
  const TempDir dir;
  Database writer = Database::open(dir.path() / "davit.db");
  auto reader = Database::open_for_reading(dir.path() / "davit.db");
  ASSERT_TRUE(reader);
  Transaction transaction(writer);
  ASSERT_TRUE(Volumes(writer).insert({.name = "v"}));
  EXPECT_TRUE(Volumes(*reader).all().empty());
  transaction.commit();
  EXPECT_EQ(Volumes(*reader).all().size(), 1U);
}

TEST(Database, ReaderMayNotWrite) {
  const TempDir dir;
  Database writer = Database::open(dir.path() / "davit.db");
  auto reader = Database::open_for_reading(dir.path() / "davit.db");
  EXPECT_THROW((void)Volumes(*reader).insert({.name = "v"}), Error);
}

TEST(Database, WithoutCommitNothingStays) {
  const TempDir dir;
  Database database = Database::open(dir.path() / "davit.db");
  {
    const Transaction transaction(database);
    ASSERT_TRUE(Volumes(database).insert({.name = "v"}));
  }
  EXPECT_TRUE(Volumes(database).all().empty());
}

TEST(Database, InnerTransactionIsUndoneAlone) {
  const TempDir dir;
  Database database = Database::open(dir.path() / "davit.db");
  Volumes volumes(database);
  Transaction outer(database);
  ASSERT_TRUE(volumes.insert({.name = "outer"}));
  {
    const Transaction inner(database);
    ASSERT_TRUE(volumes.insert({.name = "inner"}));
  }
  outer.commit();
  EXPECT_TRUE(volumes.find("outer"));
  EXPECT_FALSE(volumes.find("inner"));
}

TEST(Database, ManyProcessesWriteAtTheSameTimeAndLoseNothing) {
  const TempDir dir;
  const auto file = dir.path() / "davit.db";
  constexpr int kProcesses = 6;
  constexpr int kEvents = 200;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      // The schema does not exist yet: all of them race to make it.
      bool well = false;
      try {
        Database database = Database::open(file);
        for (int i = 0; i < kEvents; ++i) {
          Transaction transaction(database);
          Journal(database).append({.project = "p" + std::to_string(p), .kind = std::to_string(i)});
          transaction.commit();
        }
        well = true;
      } catch (const Error& e) {
        std::fprintf(stderr, "child: %s\n", e.what());
      }
      _exit(well ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  Database database = Database::open(file);
  for (int p = 0; p < kProcesses; ++p)
    EXPECT_EQ(Journal(database).since(0, "p" + std::to_string(p)).size(), std::size_t{kEvents});
}

TEST(Database, ProcessKilledInATransactionLeavesNothingHalf) {
  const TempDir dir;
  const auto file = dir.path() / "davit.db";
  {
    Database database = Database::open(file);
  }
  EXPECT_FALSE(in_child([&] {
    Database database = Database::open(file);
    const Transaction transaction(database);
    (void)Volumes(database).insert({.name = "half"});
    kill(getpid(), SIGKILL);
  }));
  Database database = Database::open(file);
  EXPECT_TRUE(Volumes(database).all().empty());
  EXPECT_TRUE(Volumes(database).insert({.name = "whole"}));
}

TEST(Database, DamagedFileIsNamedWithAWayOut) {
  const TempDir dir;
  const auto file = dir.path() / "davit.db";
  std::ofstream(file) << std::string(8192, 'x');
  EXPECT_THAT(error_of([&] { (void)Database::open(file); }), HasSubstr("is damaged"));
  EXPECT_THAT(error_of([&] { (void)Database::open_for_reading(file); }), HasSubstr("is damaged"));
}

TEST(Database, NewerSchemaIsRefused) {
  const TempDir dir;
  const auto file = dir.path() / "davit.db";
  {
    Database database = Database::open(file);
    database.run("PRAGMA user_version=999");
  }
  EXPECT_THAT(error_of([&] { (void)Database::open(file); }), HasSubstr("newer davit (schema 999"));
  EXPECT_THAT(error_of([&] { (void)Database::open_for_reading(file); }), HasSubstr("newer davit"));
}

TEST(Database, FolderThatCannotBeMadeIsNamed) {
  EXPECT_THAT(error_of([] { (void)Database::open("/proc/none/davit.db"); }), HasSubstr("/proc/none"));
}

TEST(Database, StatementsInUseTwiceDoNotDisturbEachOther) {
  const TempDir dir;
  Database database = Database::open(dir.path() / "davit.db");
  ASSERT_TRUE(Volumes(database).insert({.name = "a"}));
  ASSERT_TRUE(Volumes(database).insert({.name = "b"}));
  const auto sql = "SELECT name FROM volumes ORDER BY name";
  Statement outer = database.prepare(sql);
  ASSERT_TRUE(outer.step());
  Statement inner = database.prepare(sql);
  ASSERT_TRUE(inner.step());
  EXPECT_EQ(inner.text(0), "a");
  ASSERT_TRUE(outer.step());
  EXPECT_EQ(outer.text(0), "b");
}

TEST(Database, TextKeepsItsBytesAndEmptyIsNotNull) {
  const TempDir dir;
  Database database = Database::open(dir.path() / "davit.db");
  const std::string bytes("a\0b\xff", 4);
  Statement row = database.prepare("SELECT ?, ?, ?");
  row.bind(Blob{bytes}, std::string_view{}, std::optional<std::string>{});
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(0), bytes);
  EXPECT_FALSE(row.is_null(1));
  EXPECT_EQ(row.optional_text(2), std::nullopt);
}

TEST(Database, CommitsChangeTheChangeFile) {
  const TempDir dir;
  Database database = Database::open(dir.path() / "davit.db");
  const Fd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_GE(::inotify_add_watch(watch.get(), database.change_file().c_str(), IN_MODIFY), 0);
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(Volumes(database).insert({.name = name}));
    inotify_event event{};
    ASSERT_EQ(::read(watch.get(), &event, sizeof event), static_cast<ssize_t>(sizeof event)) << name;
    while (::read(watch.get(), &event, sizeof event) > 0) {
    }
  }
}

}  // namespace
}  // namespace davit::state
