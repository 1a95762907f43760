#pragma once
// A project of its own on the real engine: own data and run root, own name; gone at the end of the test, and checked.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "davit/container/cgroups.hpp"
#include "davit/container/host.hpp"
#include "davit/embedded/client.hpp"
#include "davit/image/image_store.hpp"
#include "davit/network/links.hpp"
#include "davit/process/run.hpp"
#include "davit/state/database.hpp"
#include "embedded/paths.hpp"
#include "embedded/proc.hpp"
#include "support/patience.hpp"
#include "support/processes.hpp"
#include "support/temp_dir.hpp"
#include "support/watch.hpp"

namespace davit::embedded::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class EngineTest : public testing::Test {
 protected:
  static constexpr auto kWait = 60s;  ///< nothing here takes a tenth of it; a hang ends
  static constexpr auto kLimit = davit::test::patient(kWait);

  EngineTest() {
    options_.project = "t" + random_id().substr(0, 10);
    options_.data_root = temp_.path() / "data";
    options_.run_root = temp_.path() / "run";
    const std::string self = fs::read_symlink("/proc/self/exe");
    options_.supervisor_command = {self, "supervisor", options_.project, options_.data_root, options_.run_root};
    options_.keeper_program = std::string(DAVIT_BINARY_DIR) + "/bin/davit-keeper";
    options_.cause = "a test";
    fs::create_directories(options_.data_root);
    fs::create_directories(options_.run_root);
    paths_ = {options_.data_root, options_.run_root, options_.project};
    make_image();
    engine_ = std::make_unique<EmbeddedEngine>(options_, timers_);
  }

  ~EngineTest() override {
    keep_log();
    try {
      run(remove_all());
    } catch (const std::exception& error) {
      ADD_FAILURE() << "clean-up: " << error.what();
    }
    try {
      if (!engine_->is_alive()) expect_nothing_left();
      EXPECT_FALSE(engine_->is_alive());
      kill_everything();
      until_dead();
      run(clean());  // even after a failure, nothing stays on the machine
      until_dead();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "clean-up: " << error.what();
    }
    if (HasFailure()) std::fprintf(stderr, "%s", log_.c_str());
  }

  /// Runs a task to its end, with the limit.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result = std::move(value);
      context_.stop();
    });
    turn();
    if (failure) std::rethrow_exception(failure);
    if (!result) throw Error("the operation did not end in time");
    return std::move(*result);
  }
  void run(Task<void> task) {
    bool done = false;
    std::exception_ptr failure;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error) {
      failure = error;
      done = true;
      context_.stop();
    });
    turn();
    if (failure) std::rethrow_exception(failure);
    if (!done) throw Error("the operation did not end in time");
  }

  engine::ContainerSpec spec(const std::string& name, std::vector<std::string> args) const {
    engine::ContainerSpec spec;
    spec.name = options_.project + "-" + name + "-1";
    spec.project = options_.project;
    spec.service = name;
    spec.image = image_;
    spec.image_name = "busybox";
    spec.args = std::move(args);
    spec.env = {{"PATH", "/bin"}};
    return spec;
  }

  engine::ContainerSpec shell(const std::string& name, const std::string& script) const {
    return spec(name, {"/bin/sh", "-c", script});
  }

  ContainerId create(engine::ContainerSpec spec) { return run(engine_->create_container(std::move(spec), {})); }

  ContainerId start(engine::ContainerSpec spec) {
    const ContainerId id = create(std::move(spec));
    run(engine_->start_container(id));
    return id;
  }

  engine::ObservedContainer look(const ContainerId& id) {
    for (auto& container : run(engine_->observe()).containers)
      if (container.id == id) return container;
    throw Error("container '" + id.str() + "' is not there");
  }

  /// Follows events until one fits.
  engine::Event until_event(const ContainerId& id, const std::string& action, std::int64_t since = 0) {
    return run(next_event(id, action, since));
  }
  Task<engine::Event> next_event(ContainerId id, std::string action, std::int64_t since) {
    for (;;) {
      const std::vector<engine::Event> events = co_await engine_->next_events(since);
      if (events.empty()) throw Error("the engine has ended before '" + action + "'");
      for (const auto& event : events)
        if (event.container == id.str() && event.action == action) co_return event;
      since = events.back().id;
    }
  }

  std::string logged(const ContainerId& id) const {
    std::ifstream in(paths_.logs(id) + "/000001.log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// Waits until the log holds the text.
  void until_logged(const ContainerId& id, const std::string& text) {
    davit::test::Watch watch;
    watch.folder(paths_.logs(id));
    if (!watch.until([&] { return logged(id).find(text) != std::string::npos; }, kWait))
      throw Error("'" + text + "' was not logged in time");
  }

  /// Waits until the supervisor's log holds the text.
  void until_said(const std::string& text) const {
    davit::test::Watch watch;
    watch.folder(paths_.folder());
    const auto is_said = [&] {
      std::ifstream in(paths_.supervisor_log());
      const std::string said{std::istreambuf_iterator<char>(in), {}};
      return said.find(text) != std::string::npos;
    };
    if (!watch.until(is_said, kWait)) throw Error("the supervisor did not say '" + text + "'");
  }

  /// The database refuses a change from now on, as a full disk does: "INSERT ON events WHEN NEW.kind = 'start'".
  void refuse(const std::string& change) {
    state::Database database = state::Database::open(paths_.database());
    database.run("CREATE TRIGGER refusal BEFORE " + change + " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
  }
  void refuse_no_more() {
    state::Database database = state::Database::open(paths_.database());
    database.run("DROP TRIGGER refusal");
  }

  int exec(const ContainerId& id, std::vector<std::string> args) {
    ExecRequest request;
    request.args = std::move(args);
    return run(engine_->exec(id, std::move(request)));
  }

  engine::NetworkSpec network(const std::string& key) const {
    engine::NetworkSpec spec;
    spec.name = options_.project + "_" + key;
    spec.key = key;
    spec.project = options_.project;
    return spec;
  }

  engine::ContainerSpec on_network(const std::string& key, engine::ContainerSpec spec) const {
    engine::Attachment attachment;
    attachment.network = options_.project + "_" + key;
    attachment.aliases = {spec.service};
    spec.attachments.push_back(std::move(attachment));
    return spec;
  }

  /// A path of the keeper's mount namespace.
  [[nodiscard]] std::string as_keeper_sees(const std::string& path) const {
    return "/proc/" + std::to_string(keeper_pid()) + "/root" + path;
  }
  [[nodiscard]] pid_t keeper_pid() const {
    pid_t pid = 0;
    std::ifstream(paths_.folder() + "/keeper.pid") >> pid;
    return pid;
  }

  /// The child of the keeper that runs our program.
  [[nodiscard]] pid_t supervisor_pid() const {
    const pid_t keeper = keeper_pid();
    if (keeper == 0) return 0;
    std::ifstream in("/proc/" + std::to_string(keeper) + "/task/" + std::to_string(keeper) + "/children");
    for (pid_t pid = 0; in >> pid;) {
      std::ifstream line("/proc/" + std::to_string(pid) + "/cmdline");
      std::string first;
      std::string second;
      std::getline(line, first, '\0');
      std::getline(line, second, '\0');
      if (second == "supervisor") return pid;
    }
    return 0;
  }

  /// The keeper first, or it would already be starting the next supervisor.
  void kill_everything() {
    const pid_t supervisor = supervisor_pid();
    for (const pid_t pid : {keeper_pid(), supervisor})
      if (pid > 0) ::kill(pid, SIGKILL);
  }

  /// Waits until the keeper's lock is free, which it is when the last process that has it open has ended.
  void until_dead() {
    davit::test::Watch watch;
    const auto is_dead = [&] {
      for (const pid_t pid : davit::test::processes_naming(options_.run_root)) watch.process(pid);
      return !engine_->is_alive();
    };
    if (!watch.until(is_dead, kWait)) throw Error("the keeper does not die");
  }

  /// Ended, whether somebody has collected it or not.
  static bool is_gone(pid_t pid) {
    const auto facts = process_facts(pid);
    return !facts || facts->state == 'Z';
  }

  Task<void> clean() {
    Task<std::vector<std::string>> cleaning = cleanup_leftovers(options_, timers_);
    co_await std::move(cleaning);
  }

  void expect_nothing_left() {
    EXPECT_FALSE(fs::exists(paths_.folder())) << "the run folder";
    EXPECT_TRUE(network::links_of(paths_.scope()).empty()) << "links";
    const container::Cgroups cgroups(container::detect_host().cgroups);
    EXPECT_FALSE(cgroups.exists(paths_.cgroup())) << "cgroups";
    std::ifstream mounts("/proc/self/mounts");
    const std::string text{std::istreambuf_iterator<char>(mounts), {}};
    EXPECT_EQ(text.find(temp_.path().string()), std::string::npos) << "mounts";
    process::Command command;
    command.argv = {"nft", "list", "tables"};
    const process::Exit tables = run(process::run(timers_, std::move(command)));
    EXPECT_EQ(tables.out.find(network::table_name(paths_.scope())), std::string::npos) << "firewall rules";
  }

  davit::test::TempDir temp_;
  EngineOptions options_;
  Paths paths_;
  asio::io_context context_{1};
  SteadyTimers timers_;
  ImageId image_;
  std::unique_ptr<EmbeddedEngine> engine_;

 private:
  void turn() {
    context_.restart();
    context_.run_for(kLimit);
  }

  void keep_log() {
    std::ifstream in(paths_.supervisor_log());
    log_.assign(std::istreambuf_iterator<char>(in), {});
  }

  Task<void> remove_all() {
    const engine::Observed observed = co_await engine_->observe();
    for (const auto& container : observed.containers) {
      engine::StopRequest now{0ns};
      co_await engine_->stop_container(container.id, now);
      co_await engine_->remove_container(container.id, engine::WithVolumes::Anonymous);
    }
    for (const auto& one : observed.networks) co_await engine_->remove_network(one.name);
    co_await engine_->close();
  }

  void make_image() {
    image::ImageStore store = image::ImageStore::open(options_.data_root);
    image::StagedLayer staged = store.new_layer_dir();
    fs::create_directories(staged.fs() / "bin");
    for (const char* folder : {"etc", "proc", "sys", "dev", "tmp", "data"})
      fs::create_directories(staged.fs() / folder);
    fs::copy_file("/bin/busybox", staged.fs() / "bin/busybox");
    for (const char* name : {"sh", "sleep", "cat", "echo", "true", "false", "nslookup", "nc", "ls", "seq", "ip", "test",
                             "stty", "wc", "head", "id", "env"})
      fs::create_symlink("busybox", staged.fs() / "bin" / name);
    std::ofstream(staged.fs() / "data/from-image") << "image\n";
    const image::Layer layer = store.adopt_layer(std::move(staged));
    image::ImageConfig config;
    config.architecture = image::host_architecture();
    config.diff_ids = {layer.diff_id};
    image_ = store.create_image(config);
  }

  std::string log_;
};

}  // namespace davit::embedded::test
