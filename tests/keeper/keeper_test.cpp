// The real keeper with a scripted supervisor: this program itself, started with --fake-supervisor.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/fd.hpp"
#include "davit/keeper/message.hpp"
#include "support/temp_dir.hpp"

namespace davit::keeper {
namespace {

namespace fs = std::filesystem;

void send(int socket, Kind kind, const std::string& name, int fd = -1, int pid = 0) {
  Message message;
  message.kind = kind;
  message.pid = pid;
  if (!message.set_name(name)) std::abort();
  std::array<std::byte, kMaxPacket> packet{};
  iovec data{packet.data(), encode(message, packet)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  if (::sendmsg(socket, &header, 0) < 0) std::abort();
}

std::optional<Message> receive(int socket, int& fd) {
  std::array<std::byte, kMaxPacket> packet{};
  iovec data{packet.data(), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &header, 0);
  fd = -1;
  if (got <= 0) return std::nullopt;
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr) std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return decode({packet.data(), static_cast<std::size_t>(got)});
}

/// A process that the keeper inherits, because its parent ends: it exits with 7 when `gate` is closed.
pid_t orphan(int gate_read, int gate_write) {
  int ids[2];
  if (::pipe(ids) != 0) std::abort();
  if (const pid_t middle = ::fork(); middle == 0) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(gate_write);
      char byte = 0;
      while (::read(gate_read, &byte, 1) > 0) {
      }
      ::_exit(7);
    }
    if (::write(ids[1], &child, sizeof child) != sizeof child) ::_exit(1);
    ::_exit(0);
  } else {
    ::waitpid(middle, nullptr, 0);
  }
  pid_t child = 0;
  if (::read(ids[0], &child, sizeof child) != sizeof child) std::abort();
  return child;
}

/// First life: puts a pipe with a text in it, starts an orphan, says it is ready, and dies by a signal. Second life:
/// lets the orphan end, takes everything back, reports it into the folder, and ends well. The folder is its first
/// argument.
int fake_supervisor(const std::string& folder, const std::string& mode) {
  const int socket = std::atoi(std::getenv(kSocketVariable));
  if (mode == "refuses") return kExitDoNotRestart;
  if (mode == "dies") ::raise(SIGKILL);
  const bool first = std::getenv(kReadyVariable) != nullptr;
  if (first) {
    int text[2];
    int gate[2];
    if (::pipe2(text, O_CLOEXEC) != 0 || ::pipe(gate) != 0) std::abort();
    if (::write(text[1], "still here", 10) != 10) std::abort();
    const pid_t pid = orphan(gate[0], gate[1]);
    send(socket, Kind::Put, "text", text[0]);
    send(socket, Kind::Put, "gate", gate[1]);
    send(socket, Kind::Put, "unwanted", gate[0]);
    send(socket, Kind::Drop, "unwanted");
    std::ofstream(folder + "/orphan") << pid;
    if (::write(std::atoi(std::getenv(kReadyVariable)), "ok", 2) != 2) std::abort();
    ::raise(SIGKILL);
  }
  pid_t pid = 0;
  std::ifstream(folder + "/orphan") >> pid;
  std::map<std::string, int> held;
  std::string report;
  send(socket, Kind::Recover, "");
  bool opened = false;
  bool recovered = false;
  for (bool exited = false; !exited || !recovered;) {
    int fd = -1;
    const auto message = receive(socket, fd);
    if (!message) return 1;
    if (message->kind == Kind::Held) held[std::string(message->name())] = fd;
    if (message->kind == Kind::Recovered) {
      recovered = true;
      report += "deaths " + std::to_string(message->status) + "\n";
    }
    if (recovered && !opened) {  // both write ends go: the keeper's and ours
      opened = true;
      send(socket, Kind::Drop, "gate");
      ::close(held["gate"]);
    }
    if (message->kind == Kind::Exited && message->pid == pid) {
      exited = true;
      report += "orphan " + std::to_string(WEXITSTATUS(message->status)) + "\n";
      send(socket, Kind::Forget, "", -1, pid);
    }
  }
  char text[32];
  const ssize_t got = ::read(held["text"], text, sizeof text);
  report += "text " + std::string(text, got > 0 ? static_cast<std::size_t>(got) : 0) + "\n";
  report += "unwanted " + std::to_string(held.count("unwanted")) + "\n";
  std::ofstream(folder + "/../report") << report;
  return 0;
}

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // the daemonised keeper becomes our child: its end can be awaited
    fs::create_directory(folder_);
  }
  ~KeeperTest() override {
    if (keeper_ > 0) ::kill(keeper_, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }

  /// What came through the ready pipe.
  std::string start(const std::string& mode) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) std::abort();
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::dup2(ready[1], 9);
      const std::string self = fs::read_symlink("/proc/self/exe");
      const std::string keeper = std::string(DAVIT_BINARY_DIR) + "/bin/davit-keeper";
      ::execl(keeper.c_str(), "davit-keeper", "--folder", folder_.c_str(), "--ready", "9", "--", self.c_str(),
              "--fake-supervisor", folder_.c_str(), mode.c_str(), nullptr);
      ::_exit(99);
    }
    ::close(ready[1]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    started_ = WEXITSTATUS(status);
    std::string text;
    char buffer[64];
    for (ssize_t got = 0; (got = ::read(ready[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    ::close(ready[0]);
    return text;
  }

  /// Exit code of the keeper, awaited.
  int end() {
    int status = -1;
    if (started_ != 0) return -1;
    keeper_ = ::waitpid(-1, &status, 0);
    keeper_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  test::TempDir temp_;
  fs::path folder_ = temp_.path() / "run";
  pid_t keeper_ = 0;
  int started_ = -1;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(KeeperTest, HandsEverythingBackToTheNextSupervisor) {
  EXPECT_EQ(start("works"), "ok");
  EXPECT_EQ(end(), 0);
  EXPECT_EQ(read_file(temp_.path() / "report"), "deaths 1\norphan 7\ntext still here\nunwanted 0\n");
  EXPECT_FALSE(fs::exists(folder_)) << "the folder of an ended project goes";
}

TEST_F(KeeperTest, DoesNotRestartASupervisorThatRefuses) {
  EXPECT_EQ(start("refuses"), "");
  EXPECT_EQ(end(), kExitDoNotRestart);
  EXPECT_TRUE(fs::exists(folder_ / "supervisor.log"));
}

TEST_F(KeeperTest, GivesUpWhenEverySupervisorDiesAndSaysSo) {
  EXPECT_EQ(start("dies"), "");
  EXPECT_EQ(end(), 1);
  EXPECT_NE(read_file(folder_ / "supervisor.log").find("giving up"), std::string::npos);
}

}  // namespace
}  // namespace davit::keeper

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--fake-supervisor") return davit::keeper::fake_supervisor(argv[2], argv[3]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
