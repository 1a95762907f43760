#include "stack.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "davit/base/files.hpp"
#include "davit/base/sha256.hpp"
#include "support/processes.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  auto text = DiskFiles().read(path.string());  // empty for a process that has just ended
  return text ? *std::move(text) : std::string();
}

// The engine marks its links and cgroups with the first eight hex digits of SHA-256 of the run root.
std::string short_hash(const std::string& text) {
  return sha256_hex(text).substr(0, 8);
}

std::vector<fs::path> cgroups_named(const std::string& mark) {
  std::vector<fs::path> found;
  std::error_code error;
  const fs::path root = "/sys/fs/cgroup";
  for (fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    if (it.depth() > 6) it.disable_recursion_pending();
    std::error_code ignored;
    if (it->is_directory(ignored) && it->path().filename().string().find(mark) != std::string::npos) {
      found.push_back(it->path());
      it.disable_recursion_pending();
    }
  }
  return found;
}

}  // namespace

Stack::Stack(std::string name, const fs::path& parent) : name_(std::move(name)) {
  std::string path = (parent / ("davit-test-" + name_ + "-XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
  root_ = path;
  folder_ = root_ / "project";
  fs::create_directories(folder_);
}

Stack::~Stack() {
  try {
    davit({"down", "--volumes", "--remove-orphans", "--timeout", "0"});
    EXPECT_TRUE(leaves_nothing());
  } catch (const std::exception& e) {
    ADD_FAILURE() << "cannot lower the stack: " << e.what();
  }
  for (const pid_t pid : engine_processes()) ::kill(pid, SIGKILL);
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Stack::write(const std::string& path, const std::string& text) const {
  fs::create_directories((folder_ / path).parent_path());
  std::ofstream(folder_ / path, std::ios::binary) << text;
}

std::unique_ptr<Program> Stack::start(std::vector<std::string> words) const {
  std::vector<std::string> all{DAVIT_PROGRAM, "-p", name_};
  all.insert(all.end(), words.begin(), words.end());
  return std::make_unique<Program>(std::move(all),
                                   Program::Options{.cwd = folder_.string(),
                                                    .environment = {{"DAVIT_DATA_ROOT", data_root().string()},
                                                                    {"DAVIT_RUN_ROOT", run_root().string()}},
                                                    .input = {}});
}

ProgramOutput Stack::davit(std::vector<std::string> words, std::chrono::seconds limit, std::string input) const {
  std::vector<std::string> all{DAVIT_PROGRAM, "-p", name_};
  all.insert(all.end(), words.begin(), words.end());
  Program program(std::move(all),
                  {.cwd = folder_.string(),
                   .environment = {{"DAVIT_DATA_ROOT", data_root().string()}, {"DAVIT_RUN_ROOT", run_root().string()}},
                   .input = std::move(input)});
  return program.finish(limit);
}

ProgramOutput Stack::ok(std::vector<std::string> words, std::chrono::seconds limit, std::string input) const {
  const std::string command = words.empty() ? "" : words.front();
  ProgramOutput output = davit(std::move(words), limit, std::move(input));
  EXPECT_EQ(output.code, 0) << "davit " << command << "\nstdout: " << output.out << "\nstderr: " << output.err;
  return output;
}

std::vector<pid_t> Stack::engine_processes() const {
  return processes_naming(run_root().string());
}

pid_t Stack::supervisor() const {
  for (const pid_t pid : engine_processes()) {
    const std::string cmdline = read_file("/proc/" + std::to_string(pid) + "/cmdline");
    if (cmdline.find(std::string("\0supervisor\0", 12)) != std::string::npos &&
        cmdline.find("keeper") == std::string::npos)
      return pid;
  }
  return 0;
}

pid_t Stack::keeper() const {
  for (const pid_t pid : engine_processes())
    if (read_file("/proc/" + std::to_string(pid) + "/cmdline").find("davit-keeper") != std::string::npos) return pid;
  return 0;
}

std::vector<std::string> Stack::leftovers() const {
  std::vector<std::string> left;
  for (const pid_t pid : engine_processes())
    left.push_back("process " + std::to_string(pid) + " " + read_file("/proc/" + std::to_string(pid) + "/comm"));
  const std::string hash = short_hash(run_root().string());
  std::error_code ignored;
  for (const auto& link : fs::directory_iterator("/sys/class/net", ignored))
    if (read_file(link.path() / "ifalias").find("davit:" + hash + ":") != std::string::npos)
      left.push_back("link " + link.path().filename().string());
  std::istringstream mounts(read_file("/proc/self/mountinfo"));
  for (std::string line; std::getline(mounts, line);)
    if (line.find(root_.string()) != std::string::npos) left.push_back("mount " + line);
  for (const auto& group : cgroups_named(name_ + "-" + hash)) left.push_back("cgroup " + group.string());
  for (const auto& entry : fs::directory_iterator(run_root(), ignored))
    if (entry.path().filename() == name_) left.push_back("run folder " + entry.path().string());
  return left;
}

bool Stack::happens(const std::string& text, std::chrono::seconds limit) const {
  return start({"events", "--since", "1h"})->wait_for_output(text, limit);
}

bool Stack::logs(const std::string& text, std::chrono::seconds limit) const {
  return start({"logs", "-f", "--no-log-prefix"})->wait_for_output(text, limit);
}

bool Stack::engine_ends(std::chrono::seconds limit) const {
  Watch watch;
  const auto has_ended = [&] {
    for (const pid_t pid : engine_processes()) watch.process(pid);
    return engine_processes().empty();
  };
  return watch.until(has_ended, limit);
}

::testing::AssertionResult Stack::leaves_nothing(std::chrono::seconds limit) const {
  Watch watch;
  watch.links();
  watch.mounts();
  watch.folder(run_root());
  std::vector<std::string> left;
  const auto is_gone = [&] {
    for (const pid_t pid : engine_processes()) watch.process(pid);
    for (const auto& group : cgroups_named(name_ + "-" + short_hash(run_root().string())))
      watch.folder(group.parent_path());
    return (left = leftovers()).empty();
  };
  if (watch.until(is_gone, limit)) return ::testing::AssertionSuccess();
  auto failure = ::testing::AssertionFailure() << "left behind:";
  for (const auto& line : left) failure << "\n  " << line;
  return failure;
}

void import_busybox(const Stack& stack) {
  const fs::path root = stack.folder().parent_path() / "busybox-root";
  for (const char* dir : {"bin", "etc", "tmp", "proc", "sys", "dev", "root", "var"}) fs::create_directories(root / dir);
  fs::copy_file("/bin/busybox", root / "bin/busybox", fs::copy_options::overwrite_existing);
  Program list({"/bin/busybox", "--list"}, {});
  std::istringstream applets(list.finish(10s).out);
  for (std::string applet; std::getline(applets, applet);) {
    std::error_code exists;
    if (applet != "busybox") fs::create_symlink("busybox", root / "bin" / applet, exists);
  }
  std::ofstream(root / "etc/passwd") << "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
  std::ofstream(root / "etc/group") << "root:x:0:\nnogroup:x:65534:\n";
  fs::permissions(root / "tmp", fs::perms::all | fs::perms::sticky_bit);
  const std::string tar = (root.parent_path() / "busybox.tar").string();
  Program pack({"/bin/busybox", "tar", "-C", root.string(), "-cf", tar, "."}, {});
  ASSERT_EQ(pack.finish(30s).code, 0);
  stack.ok({"image", "import", "--change", "CMD [\"sh\"]", tar, "busybox:latest"});
}

}  // namespace davit::test
