#include "davit/build/cleanup.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <initializer_list>

#include "build/names.hpp"
#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/image/image_store.hpp"
#include "davit/image/remove_tree.hpp"
#include "davit/network/links.hpp"
#include "davit/network/project_network.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kKillLimit = 10s;
// While a runtime still runs, what it makes is killed again this often.
constexpr int kKillAgainMs = 20;

std::vector<std::string> groups_of(const container::Cgroups& cgroups, const std::string& prefix) {
  std::vector<std::string> out;
  for (const std::string& name : cgroups.children(""))
    if (name.starts_with(prefix)) out.push_back("/" + name);
  return out;
}

/// True when the event came.
bool wait_for(int fd, int milliseconds) {
  struct pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, milliseconds) > 0;
}

/// SIGKILL to all in the group; returns when each has ended.
void end_group(const container::Cgroups& cgroups, const std::string& group) {
  std::vector<Fd> processes;
  for (const pid_t pid : cgroups.processes(group))
    if (Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); process)
      processes.push_back(std::move(process));
  cgroups.kill(group);
  const int limit = static_cast<int>(std::chrono::milliseconds(kKillLimit).count());
  for (const Fd& process : processes) (void)wait_for(process.get(), limit);
}

void end_processes(const std::string& prefix, std::optional<int> busy) {
  const container::Cgroups cgroups(container::detect_host().cgroups);
  const auto begin = Clock::now();
  bool runtime_is_there = busy.has_value();
  do {
    for (const std::string& group : groups_of(cgroups, prefix)) end_group(cgroups, group);
    // Nothing is ever written to the pipe: an event on it is its end.
    if (runtime_is_there) runtime_is_there = !wait_for(*busy, kKillAgainMs);
  } while (runtime_is_there && Clock::now() - begin < kKillLimit);
  for (const std::string& group : groups_of(cgroups, prefix)) {
    end_group(cgroups, group);
    (void)cgroups.remove(group);
  }
}

/// The lock of a folder whose build is dead: nobody held it.
std::optional<Fd> lock_abandoned(const fs::path& folder) {
  Fd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return lock;
}

/// Does each of them, whatever becomes of the others; throws the first failure at the end.
void do_all(std::initializer_list<std::function<void()>> acts) {
  std::exception_ptr first;
  for (const auto& act : acts) {
    try {
      act();
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace

void clear_dead_build(const fs::path& data_root, const std::string& id, std::optional<int> busy) {
  do_all({[&] { end_processes(cgroup_prefix(data_root, id), busy); },
          [&] { (void)network::cleanup_leftovers(network_scope(data_root, id)); },
          [&] {
            // Whoever writes layers first removes those whose makers are dead.
            if (fs::exists(data_root / "davit.db")) (void)image::ImageStore::open(data_root).hold_layers();
          },
          [&] { image::remove_tree(work_folder(data_root, id)); }});
}

void clear_dead_builds(const fs::path& data_root, const std::function<void(const Diagnostic&)>& warn) {
  const auto tell = [&warn](const std::string& what, const std::exception& failure) {
    const Error error = as_error(failure);
    auto warning = Diagnostic::warning("killed-build", what + ": " + error.what());
    warning.notes = error.diagnostic().notes;
    warn(warning.with_hint("it is in nobody's way; the next build tries again"));
  };
  try {
    for (const DeadBuild& dead : dead_builds(data_root)) {
      try {
        clear_dead_build(data_root, dead.id);
      } catch (const std::exception& failure) {
        tell("what the killed build '" + dead.id + "' left cannot be removed", failure);
      }
    }
  } catch (const std::exception& failure) {
    tell("cannot look for what killed builds left", failure);
  }
}

std::vector<DeadBuild> dead_builds(const fs::path& data_root) {
  std::vector<DeadBuild> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_root / "build", error)) {
    const std::string id = id_of_work_folder(entry.path());
    if (id.empty()) continue;
    if (auto lock = lock_abandoned(entry.path())) out.push_back({id, *std::move(lock)});
  }
  const std::string ours = network_scope(data_root, "").run_root_hash;
  for (const network::Link& link : network::list_links()) {
    const auto alias = network::parse_link_alias(link.alias);
    if (!alias || alias->scope.run_root_hash != ours) continue;
    const std::string id = id_of_scope(alias->scope);
    const bool known = std::any_of(out.begin(), out.end(), [&id](const DeadBuild& dead) { return dead.id == id; });
    if (!id.empty() && !known && !fs::exists(work_folder(data_root, id))) out.push_back({id, {}});
  }
  return out;
}

}  // namespace davit::build
