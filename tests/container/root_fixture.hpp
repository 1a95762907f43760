#pragma once
// Containers for tests: a busybox root file system, one of the runtimes, and a check that nothing is left.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/container/bundle.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/container/rootfs.hpp"
#include "davit/process/pidfd.hpp"
#include "davit/process/run.hpp"
#include "support/processes.hpp"
#include "support/watch.hpp"

namespace davit::container {

namespace fs = std::filesystem;
using test::own_children;
using test::Watch;

/// How a container ended and what it wrote, both streams together.
struct Ended {
  int code = -1;
  std::string output;
};

inline std::string read_all(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string read_to_end(int fd) {
  std::string out;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0;
       (got = ::read(fd, buffer.data(), buffer.size())) > 0;)  // EIO: the last user of a terminal has gone
    out.append(buffer.data(), static_cast<std::size_t>(got));
  return out;
}

/// Parameter: the runtime's name.
class ContainerTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string pattern = "/var/tmp/davit-container-test-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    make_layer();
    host_ = detect_host();
    RuntimeProgram program{
        .kind = std::string(GetParam()) == "crun" ? RuntimeProgram::Kind::Crun : RuntimeProgram::Kind::Runc,
        .path = process::find_program(GetParam()).value_or(""),
        .version = ""};
    ASSERT_NE(program.path, "") << GetParam() << " is not installed";
    runtime_.emplace(program, dir_ + "/state", timers_);
    project_ = "/davit-test-" + std::to_string(::getpid());
    inputs_ = {.id = ContainerId("c1-" + std::to_string(::getpid())),
               .layers = {dir_ + "/layer"},
               .container_dir = dir_ + "/container",
               .bundle_dir = dir_ + "/bundle",
               .volumes = {},
               .names = {.hostname = "box",
                         .domainname = "",
                         .hosts = {{"10.1.2.3", "box"}},
                         .nameservers = {"127.0.0.11"},
                         .search = {},
                         .options = {"ndots:0"},
                         .resolv_conf = {}},
               .cgroups_path = project_ + "/c1",
               .netns_path = "",
               .pidns_path = "",
               .ipcns_path = "",
               .shm_source = "",
               .filter = runtime_->filter_form(),
               .cache_dir = dir_ + "/cache",
               .init_binary = process::find_helper("davit-init").value_or(""),
               .console_size = {},
               .host = host_};
  }

  void TearDown() override {
    if (started_) end();
    EXPECT_EQ(mounts_left(), "");
    EXPECT_TRUE(runtime_->known().empty()) << "runtime state left";
    const Cgroups groups(host_.cgroups);
    groups.prune_parents(inputs_.cgroups_path);
    EXPECT_FALSE(groups.exists(project_)) << "cgroup left";
    // crun leaves its middle process to the subreaper; what has ended is reaped here, as the keeper does.
    EXPECT_TRUE(reaped_until([] { return own_children().empty(); })) << "a process is left";
    unmount_below(dir_);
    fs::remove_all(dir_);
  }

  /// Reaps what ends of this process's children until `check` holds; false when a generous limit passes first.
  template <class Check>
  static bool reaped_until(Check check) {
    Watch watch;
    const auto reap_and_check = [&] {
      for (const pid_t pid : own_children()) watch.process(pid);
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      return check();
    };
    return watch.until(reap_and_check, std::chrono::seconds(10));
  }

  /// Waits for a word of the container on its standard output.
  void until_says(const std::string& word) const {
    std::string got(word.size() + 1, '\0');
    ASSERT_EQ(::read(output_.get(), got.data(), got.size()), static_cast<ssize_t>(got.size()));
    ASSERT_EQ(got, word + "\n");
  }

  static engine::ContainerSpec shell(const std::string& text) {
    engine::ContainerSpec spec;
    spec.name = "test";
    spec.args = {"sh", "-c", text};
    spec.network_mode = "none";
    return spec;
  }

  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    std::exception_ptr error;
    asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& e, std::optional<T> value) {
      error = e;
      result = std::move(value);
    });
    context_.restart();
    context_.run();
    if (error) std::rethrow_exception(error);
    return *std::move(result);
  }
  void await(Task<void> task) {
    std::exception_ptr error;
    asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& e) { error = e; });
    context_.restart();
    context_.run();
    if (error) std::rethrow_exception(error);
  }

  /// Prepares and starts; both streams go to one pipe.
  void start(const engine::ContainerSpec& spec) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = Fd(ends[0]);
    const Fd write_end(ends[1]);
    static_cast<void>(prepare_bundle(spec, inputs_));
    try {
      started_ = await(runtime_->run(inputs_.id, inputs_.bundle_dir, {-1, write_end.get(), write_end.get()}));
    } catch (...) {
      remove_bundle(inputs_.bundle_dir);
      throw;
    }
  }

  /// Kills what still runs, and removes everything.
  int end() {
    ::kill(started_->pid, SIGKILL);
    const int code = wait();
    return code;
  }

  /// Waits for the end of the container, and removes everything.
  int wait() {
    // Its parent is the nearest subreaper: this process. All that ends has to be reaped, or the kernel holds the first
    // process back until its PID namespace is empty of zombies.
    int status = 0;
    pid_t ended = 0;
    while (ended != started_->pid && (ended = ::waitpid(-1, &status, 0)) > 0) {
    }
    EXPECT_EQ(ended, started_->pid);
    started_.reset();
    await(runtime_->remove(inputs_.id));
    remove_bundle(inputs_.bundle_dir);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  Ended run(const engine::ContainerSpec& spec) {
    start(spec);
    if (!started_) return {};
    Ended ended;
    ended.output = read_to_end(spec.tty ? started_->terminal.get() : output_.get());
    ended.code = wait();
    return ended;
  }

  std::string output(const std::string& script) { return run(shell(script)).output; }

  std::string error_of(const engine::ContainerSpec& spec, int& exit_code) {
    try {
      start(spec);
    } catch (const Error& e) {
      exit_code = e.exit_code();
      return e.what();
    }
    return "(started)";
  }

  [[nodiscard]] std::string mounts_left() const {
    std::ifstream in("/proc/self/mountinfo");
    std::string out;
    for (std::string line; std::getline(in, line);)
      if (line.find(dir_) != std::string::npos) out += line + "\n";
    return out;
  }

  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }

  std::string dir_;
  std::string project_;
  HostFacts host_;
  asio::io_context context_;
  SteadyTimers timers_;
  std::optional<OciRuntime> runtime_;
  BundleInputs inputs_;
  Fd output_;
  std::optional<OciRuntime::Started> started_;

 private:
  void make_layer() const {
    const std::string layer = dir_ + "/layer";
    for (const char* folder : {"/bin", "/etc", "/proc", "/sys", "/dev", "/tmp"}) fs::create_directories(layer + folder);
    ::chmod((layer + "/tmp").c_str(), 01777);
    fs::copy_file("/bin/busybox", layer + "/bin/busybox");
    for (const char* name : {"sh",    "cat",     "echo",     "ls",     "id",   "grep", "sleep", "stat", "touch",
                             "mount", "unshare", "hostname", "ps",     "true", "kill", "tail",  "head", "wc",
                             "mkdir", "mkfifo",  "readlink", "sysctl", "tty",  "stty", "pwd",   "env",  "dd"})
      fs::create_symlink("busybox", layer + "/bin/" + name);
    write(layer + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n");
    write(layer + "/etc/group", "root:x:0:\napp:x:1000:\nstaff:x:50:app\n");
  }
};

}  // namespace davit::container
