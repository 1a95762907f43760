#include "davit/container/oci_runtime.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "container/console_socket.hpp"
#include "container/end_group.hpp"
#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/base/write_all.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/container/rootfs.hpp"
#include "davit/process/pidfd.hpp"
#include "davit/process/run.hpp"

namespace davit::container {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

/// Making a container takes milliseconds; a runtime that takes this long hangs.
constexpr std::chrono::milliseconds kStartLimit = 60s;
constexpr std::chrono::milliseconds kEndLimit = 20s;

std::string read_small(const std::string& path) {
  auto text = DiskFiles().read(path);
  return text ? *std::move(text) : "";
}

process::Output output_to(int fd) {
  if (fd < 0) return process::DevNull{};
  return process::UseFd{fd};
}

process::Input input_from(int fd) {
  if (fd < 0) return process::DevNull{};
  return process::UseFd{fd};
}

/// `process.args` and whether it wants a terminal, of the bundle's config.
struct BundleFacts {
  std::vector<std::string> args;
  bool terminal = false;
  std::string cgroup;
};

BundleFacts read_bundle(const std::string& bundle_dir) {
  auto text = DiskFiles().read(bundle_dir + "/config.json");
  if (!text) throw Error(text.error()).context("while starting a container");
  const json::value config = json::parse(*text);
  const json::object& process = config.at("process").as_object();
  BundleFacts facts;
  facts.terminal = process.at("terminal").as_bool();
  for (const json::value& arg : process.at("args").as_array()) facts.args.emplace_back(arg.as_string());
  facts.cgroup = std::string(config.at("linux").at("cgroupsPath").as_string());
  return facts;
}

std::string cgroup_in(const std::string& config) {
  return std::string(json::parse(config).at("linux").at("cgroupsPath").as_string());
}

std::optional<pid_t> read_pid(const std::string& file) {
  std::ifstream in(file);
  pid_t pid = 0;
  if (!(in >> pid) || pid <= 0) return std::nullopt;
  return pid;
}

/// The group of a container, from the state the runtime keeps: crun's `status` or runc's `state.json`.
std::string cgroup_of(const std::string& state_folder) {
  try {
    if (const std::string text = read_small(state_folder + "/status"); !text.empty())
      return std::string(json::parse(text).at("cgroup-path").as_string());
    if (const std::string text = read_small(state_folder + "/state.json"); !text.empty())
      return std::string(json::parse(text).at("config").at("cgroups").at("path").as_string());
  } catch (const std::exception&) {
    // Another layout than the known ones: the runtime's own delete has to do.
  }
  return "";
}

/// A name for the files of one exec; several may run in one container.
std::string unique_name(const std::string& bundle_dir) {
  static std::atomic<unsigned> counter{0};
  return bundle_dir + "/exec-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

/// Only a path that is absolute: the runtime has said so of others already.
ProgramFile look_at_program(const std::string& bundle_dir, const std::vector<std::string>& args) {
  std::error_code error;
  if (args.empty() || !args.front().starts_with('/') || !fs::exists(bundle_dir + "/rootfs", error))
    return ProgramFile::Unknown;
  const Fd folder = Root(bundle_dir + "/rootfs").open(args.front(), O_PATH | O_DIRECTORY);
  return folder ? ProgramFile::Folder : ProgramFile::Unknown;
}

/// Removes files when it goes out of scope.
class TemporaryFiles {
 public:
  explicit TemporaryFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  ~TemporaryFiles() {
    for (const std::string& path : paths_) ::unlink(path.c_str());
  }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

 private:
  std::vector<std::string> paths_;
};

void write_private(const std::string& path, const std::string& text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || !write_all(file.get(), text)) throw_system_error("write", path, errno);
}

}  // namespace

std::vector<std::string> runtime_words(const RuntimeProgram& program) {
  if (program.kind == RuntimeProgram::Kind::Crun) return {program.path, "--cgroup-manager=cgroupfs"};
  return {program.path};
}

bool is_in_cgroup(std::string_view groups, std::string_view cgroup) {
  while (!cgroup.empty() && !groups.empty()) {
    const auto end = std::min(groups.find('\n'), groups.size());
    std::string_view line = groups.substr(0, end);
    groups.remove_prefix(std::min(end + 1, groups.size()));
    for (int field = 0; field < 2; ++field) line.remove_prefix(std::min(line.find(':'), line.size() - 1) + 1);
    if (line == cgroup || (line.starts_with(cgroup) && line[cgroup.size()] == '/')) return true;
  }
  return false;
}

void kill_in_container(const std::string& pid_file, const std::string& cgroup) {
  const auto pid = read_pid(pid_file);
  if (!pid) return;
  const auto process = process::PidFd::open(*pid);  // before the look at its group: what is seen is true of this one
  if (!process) return;
  if (is_in_cgroup(read_small("/proc/" + std::to_string(*pid) + "/cgroup"), cgroup)) process->send(SIGKILL);
}

OciRuntime::OciRuntime(RuntimeProgram program, std::string state_dir, Timers& timers)
    : program_(std::move(program)), state_dir_(std::move(state_dir)), timers_(&timers) {}

FilterForm OciRuntime::filter_form() const {
  return program_.kind == RuntimeProgram::Kind::Crun ? FilterForm::Bpf : FilterForm::Json;
}

std::vector<std::string> OciRuntime::base_command(const std::string& log_file) const {
  std::vector<std::string> out = runtime_words(program_);
  out.insert(out.end(), {"--root", state_dir_, "--log", log_file, "--log-format", "json"});
  return out;
}

Task<OciRuntime::Started> OciRuntime::run(ContainerId id, std::string bundle_dir, Stdio stdio) {
  const BundleFacts facts = read_bundle(bundle_dir);
  const std::string log = bundle_dir + "/runtime.log";
  const std::string pid_file = bundle_dir + "/pid";
  fs::create_directories(state_dir_);
  ::unlink(log.c_str());
  process::Command command{.argv = base_command(log)};
  command.argv.insert(command.argv.end(), {"run", "--detach", "--bundle", bundle_dir, "--pid-file", pid_file});
  std::optional<ConsoleSocket> console;
  if (facts.terminal) {
    console.emplace(bundle_dir);
    command.argv.insert(command.argv.end(), {"--console-socket", console->path()});
  } else {
    command.in = input_from(stdio.in);
    command.out = output_to(stdio.out);
    command.err = output_to(stdio.err);
  }
  command.argv.push_back(id.str());
  command.timeout = kStartLimit;
  command.kill_grace = 0ms;

  process::Exit exit;
  std::exception_ptr failure;
  try {
    exit = co_await process::run(*timers_, std::move(command));
    if (exit.timed_out)
      throw Error("'" + program_.path + "' did not start the container within " +
                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kStartLimit).count()) + " s");
    if (exit.code != 0) throw start_error(read_small(log), facts.args, look_at_program(bundle_dir, facts.args));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await remove(id);
    co_await end_group(*timers_, Cgroups(detect_host().cgroups), facts.cgroup,
                       kEndLimit);  // made before the state was written
    std::rethrow_exception(failure);
  }
  Started started;
  if (console) started.terminal = console->receive();
  const auto pid = read_pid(pid_file);
  if (!pid) throw Error("'" + program_.path + "' did not write the process id of the container");
  started.pid = *pid;
  if (auto process = process::PidFd::open(*pid)) started.pidfd = std::move(*process).take();
  co_return started;
}

OciRuntime::Command OciRuntime::exec_command(const ContainerId& id, const std::string& bundle_dir,
                                             const ExecOptions& options) const {
  auto config = DiskFiles().read(bundle_dir + "/config.json");
  if (!config) throw Error("container '" + id.str().substr(0, 12) + "' is not running");
  const std::string name = unique_name(bundle_dir);
  Command out{{}, name + ".json", name + ".log", name + ".pid", cgroup_in(*config)};
  write_private(out.process_file, make_exec_process_json(*config, options));
  out.argv = base_command(out.log_file);
  out.argv.insert(out.argv.end(), {"exec", "--process", out.process_file, "--pid-file", out.pid_file, id.str()});
  return out;
}

Task<OciRuntime::ExecResult> OciRuntime::exec(ContainerId id, std::string bundle_dir, ExecRequest request) {
  const Command prepared = exec_command(id, bundle_dir, request.options);
  const std::string pid_file = prepared.pid_file;
  const std::string log = prepared.log_file;
  const TemporaryFiles files({prepared.process_file, pid_file, log});
  process::Command command{.argv = prepared.argv};
  command.err = process::SameAsOut{};
  command.capture_limit = request.output_limit;
  command.timeout = request.timeout;
  command.kill_grace = 0ms;

  process::Exit exit;
  std::exception_ptr failure;
  try {
    exit = co_await process::run(*timers_, std::move(command));
  } catch (...) {
    failure = std::current_exception();
  }
  // Killing the runtime leaves the program in the container running.
  if (failure || exit.timed_out) kill_in_container(pid_file, prepared.cgroup);
  if (failure) std::rethrow_exception(failure);
  ExecResult result{
      .exit_code = exit.timed_out ? -1 : exit.code, .timed_out = exit.timed_out, .output = std::move(exit.out)};
  const std::string messages = read_small(log);
  if (exit.timed_out || exit.code == 0 || messages.empty()) co_return result;
  const Error error = start_error(messages, request.options.args);
  if (error.diagnostic().code == "container-not-running") throw error;
  if (read_pid(pid_file)) co_return result;  // it ran; the runtime had something else to log
  result.exit_code = error.exit_code();
  result.output = error.what();
  co_return result;
}

Task<void> OciRuntime::exec_detached(ContainerId id, std::string bundle_dir, ExecOptions options) {
  const Command prepared = exec_command(id, bundle_dir, options);
  const TemporaryFiles files({prepared.process_file, prepared.pid_file, prepared.log_file});
  process::Command command{.argv = prepared.argv};
  command.argv.insert(std::find(command.argv.begin(), command.argv.end(), "exec") + 1, "--detach");
  command.out = process::DevNull{};
  command.err = process::DevNull{};
  command.timeout = kStartLimit;
  const process::Exit exit = co_await process::run(*timers_, std::move(command));
  if (exit.timed_out) {
    kill_in_container(prepared.pid_file, prepared.cgroup);
    throw Error("the container runtime did not start the program within " +
                std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kStartLimit).count()) + " s");
  }
  if (exit.code != 0) throw start_error(read_small(prepared.log_file), options.args);
}

Task<void> OciRuntime::remove(ContainerId id) {
  const std::string folder = state_dir_ + "/" + id.str();
  if (id.empty() || !fs::exists(folder)) co_return;
  const std::string cgroup = cgroup_of(folder);
  if (cgroup.empty() || cgroup == "/") {
    // `delete --force` of runc polls for 100 ms, so this is the way of last resort.
    process::Command command{.argv = base_command("/dev/null")};
    command.argv.insert(command.argv.end(), {"delete", "--force", id.str()});
    command.timeout = kEndLimit;
    const process::Exit exit = co_await process::run(*timers_, std::move(command));
    if (exit.code != 0 && fs::exists(folder))
      throw Error("cannot remove the state of container '" + id.str() + "': " + exit.err);
    co_return;
  }
  // What `delete` does, without starting a program.
  co_await end_group(*timers_, Cgroups(detect_host().cgroups), cgroup, kEndLimit);
  fs::remove_all(folder);
}

std::vector<ContainerId> OciRuntime::known() const {
  std::vector<ContainerId> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state_dir_, error))
    if (entry.is_directory()) out.emplace_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace davit::container
