#pragma once
// The supervisor's end of the line to its keeper.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "davit/async/event.hpp"
#include "davit/async/task.hpp"
#include "davit/base/fd.hpp"
#include "davit/keeper/message.hpp"

namespace davit::embedded {

/// A process of the keeper's has ended.
struct ProcessExit {
  int pid = 0;
  int status = 0;  ///< as of waitpid
  std::int64_t time = 0;
};

class KeeperLink {
 public:
  /// For a keeper that does not read; one that lives reads at once.
  static constexpr std::chrono::milliseconds kPatience{10'000};

  KeeperLink(asio::io_context& context, Fd socket, std::chrono::milliseconds patience = kPatience);

  struct Recovered {
    std::map<std::string, Fd> held;
    std::vector<ProcessExit> exits;
    int deaths = 0;  ///< supervisors before this one
  };
  /// What the keeper has for us. Blocks; to be called once, before listen(). Throws Error when the keeper is gone.
  [[nodiscard]] Recovered recover();

  // The keeper is done with these even if this process is killed right after the call. The descriptor stays the
  // caller's. Any number may follow each other: when the socket is full they wait for the keeper. Throws Error when it
  // is gone, or does not read for as long as our patience; put() also when the keeper holds all that it can
  // (keeper::kMostHeld).
  void put(std::string_view name, int fd);
  void drop(std::string_view name);
  void drop_all(std::string_view prefix);
  void forget(int pid);

  /// Ends when the keeper has done everything it was told before: a port whose sockets were dropped is free then.
  /// Needs listen() to run.
  Task<void> settled();

  /// Calls for every exit, until the keeper is gone: then it throws Error.
  Task<void> listen(std::function<void(ProcessExit)> on_exit);

 private:
  struct Received {
    keeper::Message message;
    Fd fd;
  };
  enum class Wait { No, Yes };
  std::optional<Received> receive(Wait wait);
  void wait_for_room();
  void send(keeper::Kind kind, std::string_view name, int pid, int fd);

  asio::posix::stream_descriptor socket_;
  std::set<std::string, std::less<>> held_;  ///< names of what the keeper has
  Event synced_;
  std::chrono::milliseconds patience_;
  int asked_ = 0;     ///< number of the newest Sync
  int answered_ = 0;  ///< number of the newest Synced
};

}  // namespace davit::embedded
