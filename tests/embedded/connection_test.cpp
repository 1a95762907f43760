#include "embedded/connection.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/async/timers.hpp"
#include "davit/base/error.hpp"
#include "davit/embedded/client.hpp"
#include "support/manual_timers.hpp"
#include "support/patience.hpp"
#include "support/temp_dir.hpp"

namespace davit::embedded {
namespace {

using namespace std::chrono_literals;
using Local = asio::local::stream_protocol;

/// A supervisor that takes some requests and dies, then answers the next.
class DyingSupervisor {
 public:
  DyingSupervisor(asio::io_context& loop, const Paths& paths, std::size_t deaths)
      : acceptor_(loop, Local::endpoint(paths.socket())), lock_(paths.lock()), deaths_(deaths) {
    asio::co_spawn(loop, serve(), [](const std::exception_ptr&) {});
  }
  std::vector<std::string> heads;  ///< of the requests
  bool lock_was_held = false;      ///< while one of them was under way

 private:
  Task<void> serve() {
    for (;;) {
      Local::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::streambuf head;
      boost::system::error_code error;
      co_await asio::async_read_until(socket, head, "\r\n\r\n", asio::redirect_error(asio::use_awaitable, error));
      heads.emplace_back(std::istreambuf_iterator<char>(&head), std::istreambuf_iterator<char>());
      lock_was_held = lock_was_held || is_locked();
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
      if (heads.size() > deaths_)
        co_await asio::async_write(socket, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  [[nodiscard]] bool is_locked() const {
    const Fd lock(::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    return ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
  }

  Local::acceptor acceptor_;
  std::string lock_;
  std::size_t deaths_;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() { std::filesystem::create_directories(paths_.folder()); }

  /// What became of the request.
  std::string act(WhenBroken when_broken) {
    Connection connection({.project = paths_.project, .keeper_program = keeper_program_}, paths_, timers_);
    HttpRequest request{"POST", "/v1/x"};
    request.when_broken = when_broken;
    std::optional<std::string> out;
    asio::co_spawn(loop_, connection.act(std::move(request)), [&](const std::exception_ptr& error, std::string answer) {
      try {
        if (error) std::rethrow_exception(error);
        out = std::move(answer);
      } catch (const Error& failure) {
        out = failure.diagnostic().code;
      }
    });
    const auto until = std::chrono::steady_clock::now() + davit::test::patient(20s);
    while (!out && std::chrono::steady_clock::now() < until) loop_.run_one_for(1s);
    return out.value_or("no end");
  }

  /// A keeper lives as long as somebody has its lock.
  [[nodiscard]] Fd living_keeper() const {
    Fd lock(::open(paths_.keeper_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    EXPECT_EQ(::fcntl(lock.get(), F_OFD_SETLK, &whole), 0);
    return lock;
  }

  /// Until the file has been opened again after its first user has closed it.
  Task<void> until_opened_again(std::string path) {
    Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    ::inotify_add_watch(inotify.get(), path.c_str(), IN_OPEN | IN_CLOSE);
    asio::posix::stream_descriptor events(loop_, inotify.release());
    watching_ = true;
    bool was_closed = false;
    std::array<char, 4096> bytes{};
    for (;;) {
      const std::size_t size = co_await events.async_read_some(asio::buffer(bytes), asio::use_awaitable);
      if (has_open_after_close({bytes.data(), size}, was_closed)) co_return;
    }
  }
  /// One file is watched, so no event has a name behind it.
  static bool has_open_after_close(std::string_view events, bool& was_closed) {
    for (; events.size() >= sizeof(inotify_event); events.remove_prefix(sizeof(inotify_event))) {
      std::uint32_t mask = 0;
      std::memcpy(&mask, events.data() + offsetof(inotify_event, mask), sizeof mask);
      if ((mask & IN_CLOSE) != 0) was_closed = true;
      if ((mask & IN_OPEN) != 0 && was_closed) return true;
    }
    return false;
  }

  davit::test::TempDir temp_;
  std::string keeper_program_;
  bool watching_ = false;
  Paths paths_{temp_.path() / "data", temp_.path() / "run", "p"};
  asio::io_context loop_;
  SteadyTimers timers_;
};

TEST_F(ConnectionTest, SendsOnceWhatAnswers) {
  const DyingSupervisor supervisor(loop_, paths_, 0);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  ASSERT_EQ(supervisor.heads.size(), 1U);
  EXPECT_EQ(supervisor.heads[0].find("Davit-First-Sent"), std::string::npos);
}

TEST_F(ConnectionTest, GivesUpWhatMustNotBeDoneTwice) {
  const DyingSupervisor supervisor(loop_, paths_, 1);
  EXPECT_EQ(act(WhenBroken::GiveUp), "supervisor-died");
  EXPECT_EQ(supervisor.heads.size(), 1U);
}

TEST_F(ConnectionTest, SendsAgainWhenTheSupervisorDies) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 1);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  ASSERT_EQ(supervisor.heads.size(), 2U);
  EXPECT_EQ(supervisor.heads[0].find("Davit-First-Sent"), std::string::npos);
  EXPECT_NE(supervisor.heads[1].find("Davit-First-Sent"), std::string::npos);
}

TEST_F(ConnectionTest, SentAgainRequestsDoNotWaitForEachOther) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 2);
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  EXPECT_EQ(supervisor.heads.size(), 3U);
  EXPECT_FALSE(supervisor.lock_was_held);
}

TEST_F(ConnectionTest, GivesUpWhenEachSupervisorDies) {
  const Fd keeper = living_keeper();
  const DyingSupervisor supervisor(loop_, paths_, 1000);
  EXPECT_EQ(act(WhenBroken::SendAgain), "supervisor-dies");
}

/// The kernel closes what a killed keeper had open in an order of its own.
TEST_F(ConnectionTest, AKeeperThatIsKilledIsWaitedForAndReplaced) {
  keeper_program_ = temp_.path() / "keeper";
  const std::string started = temp_.path() / "started";
  std::ofstream(keeper_program_) << "#!/bin/sh\necho once >> '" + started + "'\nprintf ok >&9\n";
  std::filesystem::permissions(keeper_program_, std::filesystem::perms::owner_all);
  Fd dying = living_keeper();
  std::optional<DyingSupervisor> next;
  std::function<void(std::exception_ptr)> found_it = [&](const std::exception_ptr& failure) {
    EXPECT_FALSE(failure);
    EXPECT_FALSE(std::filesystem::exists(started)) << "a keeper beside the old one";
    next.emplace(loop_, paths_, 0);
    dying.reset();
  };
  asio::co_spawn(loop_, until_opened_again(paths_.keeper_lock()), std::move(found_it));
  while (!watching_) loop_.run_one();
  EXPECT_EQ(act(WhenBroken::SendAgain), "done");
  EXPECT_TRUE(next);
  std::ifstream in(started);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "once\n");
}

TEST_F(ConnectionTest, WhatHindersTheConnectionIsNotTakenForAKeeperThatEnds) {
  const Fd keeper = living_keeper();
  const asio::local::datagram_protocol::socket other(loop_, asio::local::datagram_protocol::endpoint(paths_.socket()));
  EXPECT_EQ(act(WhenBroken::SendAgain), "system");
}

/// Its socket was removed by hand, say.
TEST_F(ConnectionTest, AKeeperThatLivesAndCannotBeReachedIsNamed) {
  const Fd keeper = living_keeper();
  davit::test::ManualTimers timers(loop_);
  HttpClient client(paths_.socket());
  std::string code;
  asio::co_spawn(loop_, connect_if_served(paths_, client, timers), [&code](const std::exception_ptr& error, bool) {
    try {
      if (error) std::rethrow_exception(error);
      code = "no error";
    } catch (const Error& failure) {
      code = failure.diagnostic().code;
    }
  });
  timers.settle();
  EXPECT_EQ(code, "") << "it may be about to end";
  timers.advance(15s);
  EXPECT_EQ(code, "keeper-unreachable");
}

/// As after Ctrl-C while the supervisor takes over: it listens, and answers nobody yet.
TEST_F(ConnectionTest, WhoWasNeverConnectedDoesNotWaitAtTheEnd) {
  const Fd keeper = living_keeper();
  const Local::acceptor busy(loop_, Local::endpoint(paths_.socket()));
  EmbeddedEngine engine({.project = paths_.project, .data_root = paths_.data_root, .run_root = paths_.run_root},
                        timers_);
  bool done = false;
  asio::co_spawn(loop_, engine.close(), [&done](const std::exception_ptr& failure) {
    EXPECT_FALSE(failure);
    done = true;
  });
  loop_.poll();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace davit::embedded
