#include "build/run_container.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "build/bind_view.hpp"
#include "build/cache_folder.hpp"
#include "build/file_lock.hpp"
#include "build/identity.hpp"
#include "build/mounts.hpp"
#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/base/sha256.hpp"
#include "davit/base/write_all.hpp"
#include "davit/container/cgroups.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;
using dockerfile::RunMount;

constexpr std::size_t kLinesInError = 15;
constexpr std::size_t kLongestLineInError = 400;
constexpr std::size_t kBytesInError = 1900;  // what is printed of a note ends after 2000
constexpr const char* kRuntimeLog = "/runtime.log";
constexpr const char* kPidFile = "/pid";

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_system_error("make folder", path.string(), error.value());
}

/// A tmpfs on the folder, in this step's mount namespace alone: it ends with the step, whatever happens. Kept out of
/// swap too where the kernel can do that (Linux 6.4).
void mount_memory(const fs::path& folder) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV;
  if (::mount("tmpfs", folder.c_str(), "tmpfs", kFlags, "mode=0700,noswap") == 0) return;
  if (::mount("tmpfs", folder.c_str(), "tmpfs", kFlags, "mode=0700") != 0)
    throw_system_error("mount tmpfs at", folder.string(), errno);
}

/// The runtime has removed it already, unless it was killed.
void remove_group(const container::Cgroups& cgroups, const std::string& group) noexcept {
  try {
    (void)cgroups.remove(group);
  } catch (const std::exception&) {
    // An empty group is left until the next boot; better than to lose what the step made.
  }
}

std::string value_of(const SecretValue& secret) {
  if (secret.content) return *secret.content;
  constexpr std::uint64_t kLargest = 1U << 20U;
  auto text = DiskFiles().read(secret.file, kLargest);
  if (!text) throw Error(text.error());
  return *std::move(text);
}

/// The first `most` bytes of a longer text, without a part of a character.
std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return std::string(text.substr(0, most)) + "…";
}

/// The command on one line, short enough for a message.
std::string shown_command(const RunStep& step) {
  std::string text;
  // "/bin/sh -c" is how, not what.
  const bool shell = step.args.size() == 3 && step.args[1].starts_with('-');
  for (std::size_t i = shell ? 2 : 0; i < step.args.size(); ++i) text += (text.empty() ? "" : " ") + step.args[i];
  constexpr std::size_t kLongest = 200;
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return shortened(text, kLongest);
}

/// A program that ran has a process id, and what the runtime logs then is a warning, or about clearing up. But crun has
/// an id already when it learns that the program cannot be executed.
bool names_the_program(const Error& why) {
  const std::string& code = why.diagnostic().code;
  return code == "command-not-found" || code == "command-not-executable";
}

}  // namespace

std::string make_mount_points(const fs::path& folder) {
  for (const char* name : {"proc", "sys", "dev", "etc"}) make_folder(folder / name);
  for (const char* name : {"etc/resolv.conf", "etc/hosts"}) {
    const Fd fd(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!fd) throw_system_error("make", (folder / name).string(), errno);
  }
  return folder.string();
}

RunContainer::RunContainer(fs::path data_root, const WorkArea& area, Sandbox& sandbox, std::string name,
                           std::string root, Span where, std::stop_token stop, OnLine on_line)
    : data_root_(std::move(data_root)),
      area_(area),
      sandbox_(sandbox),
      name_(std::move(name)),
      root_(root),
      where_(std::move(where)),
      stop_(std::move(stop)),
      on_line_(std::move(on_line)),
      bundle_(area_.folder(name_ + "/bundle")) {
  mount_memory(bundle_);
  spec_.root = std::move(root);
  spec_.cgroup = area_.cgroup(name_);
}

RunContainer::~RunContainer() {
  // What still holds something is not a stub any more: rmdir and the size tell.
  try {
    for (auto stub = stubs_.rbegin(); stub != stubs_.rend(); ++stub) {
      const auto info = root_.look(stub->path);
      const bool folder = stub->kind == Place::Folder;
      if (!info || S_ISDIR(info->st_mode) != folder || (!folder && info->st_size != 0)) continue;
      const Fd parent = root_.open(parent_of(stub->path), O_PATH | O_DIRECTORY);
      (void)::unlinkat(parent.get(), base_of(stub->path).c_str(), folder ? AT_REMOVEDIR : 0);
    }
    for (auto parent = parents_.rbegin(); parent != parents_.rend(); ++parent) {
      const auto folder = root_.try_open(parent->first, O_RDONLY | O_DIRECTORY);
      const std::array<struct timespec, 2> times{parent->second.st_atim, parent->second.st_mtim};
      if (folder) (void)::futimens(folder->get(), times.data());
    }
  } catch (const std::exception&) {
    // The layer keeps an empty file; better than to lose the error that is on its way.
  }
}

void RunContainer::make_place(const std::string& target, Place kind) {
  const std::string resolved = root_.resolve(target);
  if (root_.look(resolved)) return;
  std::vector<Stub> missing{{resolved, kind}};
  std::string parent = parent_of(resolved);
  while (!root_.look(parent)) {
    missing.push_back({parent, Place::Folder});
    parent = parent_of(parent);
  }
  const auto info = root_.look(parent);
  parents_.emplace_back(parent, *info);
  for (auto stub = missing.rbegin(); stub != missing.rend(); ++stub) {
    const Fd at = root_.open(parent_of(stub->path), O_PATH | O_DIRECTORY);
    const std::string name = base_of(stub->path);
    if (stub->kind == Place::Folder) {
      if (::mkdirat(at.get(), name.c_str(), 0755) != 0) throw_system_error("make folder", "/" + stub->path, errno);
    } else {
      const Fd file(::openat(at.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      if (!file) throw_system_error("make", "/" + stub->path, errno);
    }
    stubs_.push_back(*stub);
  }
}

std::string RunContainer::write_file(const std::string& name, const std::string& text, mode_t mode) {
  const std::string path = (bundle_ / name).string();
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) throw_system_error("make", path, errno);
  if (!write_all(fd.get(), text)) throw_system_error("write", path, errno);
  if (::fchmod(fd.get(), mode) != 0) throw_system_error("set mode of", path, errno);
  return path;
}

void RunContainer::add_mount(const Mount& mount, const SourceTree* from,
                             const std::map<std::string, SecretValue>& secrets) {
  switch (mount.options.type) {
    case RunMount::Type::Bind:
      return add_bind(mount, *from);
    case RunMount::Type::Cache:
      return add_cache(mount, from);
    case RunMount::Type::Secret:
      return add_secret(mount, secrets);
    case RunMount::Type::Tmpfs:
      break;
  }
  std::vector<std::string> options{"nosuid", "nodev"};
  if (mount.options.size) options.push_back("size=" + std::to_string(*mount.options.size));
  make_place(mount.options.target, Place::Folder);
  spec_.mounts.push_back({mount.options.target, "tmpfs", "tmpfs", std::move(options)});
}

void RunContainer::add_bind(const Mount& mount, const SourceTree& from) {
  const std::string source = from.resolve(mount.options.source);
  const auto info = from.look(source);
  if (!info)
    throw Error(Diagnostic::error("missing-source", "'" + mount.options.source + "' is not in the source of the mount",
                                  mount.where));
  const bool folder = S_ISDIR(info->st_mode);
  make_place(mount.options.target, folder ? Place::Folder : Place::File);
  const bool writable = mount.options.writable && folder;
  const fs::path work = area_.folder(name_ + "/bind-" + std::to_string(spec_.mounts.size()));
  std::string path = mount_bind_view(from, source, writable ? Writes::ThrownAway : Writes::Refused, work);
  spec_.mounts.push_back(
      {mount.options.target, "bind", std::move(path), {"rbind", "rprivate", writable ? "rw" : "ro"}});
}

fs::path RunContainer::lock_cache(const fs::path& shared, const Mount& mount) {
  const auto lock_of = [](const fs::path& folder) { return folder.string() + ".lock"; };
  if (mount.options.sharing != RunMount::Sharing::Private) uses_.emplace_back(shared, mount.options.id);
  if (mount.options.sharing == RunMount::Sharing::Locked) {
    const auto waits = [&] {
      on_line_(OutputStream::Err,
               "waiting for the cache mount '" + mount.options.target + "', which another step has locked");
    };
    auto lock = wait_for_file_lock(lock_of(shared), stop_, waits);
    if (!lock) throw Error(Diagnostic::error("cancelled", "the build was cancelled", where_));
    locks_.push_back(*std::move(lock));
    return shared;
  }
  if (mount.options.sharing != RunMount::Sharing::Private) return shared;
  fs::path folder = shared;
  for (int i = 1;; ++i) {
    CacheMountUse use(folder, mount.options.id);
    if (auto lock = try_file_lock(lock_of(folder))) {
      uses_.push_back(std::move(use));
      locks_.push_back(*std::move(lock));
      return folder;
    }
    folder = shared.string() + "-" + std::to_string(i);
  }
}

fs::path RunContainer::cache_folder(const Mount& mount) const {
  const auto source = cache_sources_.find(mount.options.target);
  const std::string& filled_with = source == cache_sources_.end() ? mount.options.from : source->second;
  return cache_mounts_folder(data_root_) / sha256_hex(mount.options.id + "\n" + filled_with).substr(0, 32);
}

void RunContainer::lock_caches(const std::vector<Mount>& mounts, const std::map<std::string, std::string>& sources) {
  cache_sources_ = sources;
  std::vector<std::pair<fs::path, const Mount*>> caches;
  for (const Mount& mount : mounts)
    if (mount.options.type == RunMount::Type::Cache) caches.emplace_back(cache_folder(mount), &mount);
  if (caches.empty()) return;
  make_folder(cache_mounts_folder(data_root_));
  const auto locks_less = [](const Mount& mount) { return mount.options.sharing != RunMount::Sharing::Locked; };
  std::stable_sort(caches.begin(), caches.end(), [&](const auto& a, const auto& b) {
    return std::pair(a.first, locks_less(*a.second)) < std::pair(b.first, locks_less(*b.second));
  });
  for (const auto& [shared, mount] : caches)
    if (!caches_.contains(shared)) caches_[shared] = lock_cache(shared, *mount);
}

void RunContainer::add_cache(const Mount& mount, const SourceTree* from) {
  const fs::path folder = caches_.at(cache_folder(mount));
  if (!fs::exists(folder)) {
    const auto waits = [&] {
      on_line_(OutputStream::Err,
               "waiting for the cache mount '" + mount.options.target + "', which another step fills");
    };
    const auto lock = wait_for_file_lock(folder.string() + ".making", stop_, waits);
    if (!lock) throw Error(Diagnostic::error("cancelled", "the build was cancelled", where_));
    const fs::path work = area_.folder(name_ + "/cache-" + std::to_string(spec_.mounts.size()));
    if (!fs::exists(folder)) make_cache_folder(folder, mount, from, work);
  }
  make_place(mount.options.target, Place::Folder);
  spec_.mounts.push_back(
      {mount.options.target, "bind", folder.string(), {"rbind", "rprivate", mount.options.writable ? "rw" : "ro"}});
}

void RunContainer::add_secret(const Mount& mount, const std::map<std::string, SecretValue>& secrets) {
  const auto found = secrets.find(mount.options.id);
  if (found == secrets.end()) {
    if (!mount.options.required) return;
    throw Error(
        Diagnostic::error("missing-secret", "secret '" + mount.options.id + "' is required but not given", mount.where)
            .with_hint("give it with --secret id=" + mount.options.id + ",src=FILE"));
  }
  const std::string text = value_of(found->second);
  if (!mount.options.env.empty()) spec_.secret_env.push_back(mount.options.env + "=" + text);
  if (mount.options.target.empty()) return;
  const std::string name = "secret-" + std::to_string(spec_.mounts.size());
  const std::string path = write_file(name, text, mount.options.mode.value_or(0400));
  if (::chown(path.c_str(), mount.options.uid.value_or(0), mount.options.gid.value_or(0)) != 0)
    throw_system_error("set owner of", path, errno);
  make_place(mount.options.target, Place::File);
  spec_.mounts.push_back({mount.options.target, "bind", path, {"bind", "rprivate", "ro", "nosuid", "nodev", "noexec"}});
}

std::string RunContainer::resolv_conf(const RunStep& step) {
  if (step.network == dockerfile::Run::Network::Default) return sandbox_.network().resolv_conf();
  auto text = DiskFiles().read("/etc/resolv.conf", 1U << 20U);
  return text ? *std::move(text) : std::string();
}

std::string RunContainer::address_of(const std::string& host, const RunStep& step) {
  if (host != "host-gateway") return host;
  return step.network == dockerfile::Run::Network::Default ? sandbox_.network().gateway() : "127.0.0.1";
}

std::string RunContainer::hosts_file(const RunStep& step) {
  std::string text = std::string("127.0.0.1\tlocalhost ") + kBuildHostname + "\n";
  text += "::1\tlocalhost ip6-localhost ip6-loopback\n";
  for (const auto& [name, address] : sandbox_.settings().extra_hosts)
    text += address_of(address, step) + "\t" + name + "\n";
  return text;
}

void RunContainer::add_system_files(const RunStep& step) {
  const std::vector<std::string> options{"bind", "rprivate", "ro", "nosuid", "nodev", "noexec"};
  // The mount-point layer has these two; still missing is the target of an image's dangling link.
  for (const auto& [target, text] :
       {std::pair<std::string, std::string>{"/etc/resolv.conf", resolv_conf(step)}, {"/etc/hosts", hosts_file(step)}}) {
    make_place(target, Place::File);
    spec_.mounts.push_back({"/" + root_.resolve(target), "bind", write_file(base_of(target), text, 0644), options});
  }
  for (const char* folder : {"/proc", "/sys", "/dev"}) make_place(folder, Place::Folder);
  if (!step.script) return;
  // Below /dev, which is a tmpfs of the container: leaves no trace in the layer.
  spec_.mounts.push_back(
      {step.script->first, "bind", write_file("script", step.script->second, 0755), {"bind", "rprivate", "ro"}});
}

void RunContainer::make_working_dir(const RunStep& step) {
  const std::string resolved = root_.resolve(step.working_dir);
  if (const auto info = root_.look(resolved); info && S_ISDIR(info->st_mode)) return;
  std::string done;
  for (std::size_t at = 0; at < resolved.size();) {
    at = std::min(resolved.find('/', at), resolved.size());
    done = resolved.substr(0, at++);
    const Fd parent = root_.open(parent_of(done), O_PATH | O_DIRECTORY);
    if (::mkdirat(parent.get(), base_of(done).c_str(), 0755) != 0 && errno != EEXIST)
      throw_system_error("make folder", "/" + done, errno);
  }
}

void RunContainer::run(const RunStep& step) {
  spec_.user = find_identity(root_, step.user, where_);
  make_working_dir(step);
  add_system_files(step);
  const Sandbox::Runtime& runtime = sandbox_.runtime();
  const bool crun = runtime.program.kind == container::RuntimeProgram::Kind::Crun;
  const auto form = crun ? container::FilterForm::Bpf : container::FilterForm::Json;
  spec_.host = runtime.host;
  spec_.filter =
      container::seccomp_setting(container_spec(step, sandbox_.settings()), runtime.host, form, sandbox_.cache_dir());
  if (step.network == dockerfile::Run::Network::Default) spec_.network = sandbox_.network().path();
  const std::string bundle = bundle_.string();
  (void)write_file("config.json", run_spec(step, sandbox_.settings(), spec_), 0600);
  std::deque<std::string> last;
  const auto line = [&](OutputStream stream, std::string_view text) {
    last.push_back(shortened(text, kLongestLineInError));
    if (last.size() > kLinesInError) last.pop_front();
    on_line_(stream, text);
  };
  const container::Cgroups cgroups(runtime.host.cgroups);
  const auto kill = [this, &cgroups] {
    try {
      cgroups.kill(spec_.cgroup);
    } catch (const Error&) {
      // The group came or went just now; the next round sees it.
    }
  };
  const int held = area_.guard() != nullptr ? area_.guard()->held_by_runtimes() : -1;
  const ProcessEnd end = run_process(command(runtime, bundle), {stop_, kill, held}, line);
  remove_group(cgroups, spec_.cgroup);
  if (end.stopped) throw Error(Diagnostic::error("cancelled", "the build was cancelled", where_));
  if (end.code == 0) return;
  const auto log = DiskFiles().read(bundle + kRuntimeLog);
  if (log && !log->empty()) {
    const Error why = container::start_error(*log, step.args);
    if (!fs::exists(bundle + kPidFile) || names_the_program(why)) throw not_started(step, why);
  }
  throw failure(step, end.code, {last.begin(), last.end()});
}

Error RunContainer::not_started(const RunStep& step, const Error& error) const {
  auto diagnostic = Diagnostic::error(
      "run-failed", "RUN cannot be started (exit code " + std::to_string(error.exit_code()) + "): " + error.what(),
      where_);
  diagnostic.notes = error.diagnostic().notes;
  const bool by_shell = step.args.front() == "/bin/sh";
  if (error.exit_code() == 127)
    diagnostic.with_hint(by_shell
                             ? "the image has no shell: use the exec form, such as RUN [\"/program\", \"word\"]"
                             : "check that the image has the program and, for a script, the one its first line names");
  return Error(std::move(diagnostic));
}

std::vector<std::string> RunContainer::command(const Sandbox::Runtime& runtime, const std::string& bundle) const {
  std::vector<std::string> argv = container::runtime_words(runtime.program);
  const std::string id = base_of(spec_.cgroup);
  // Its own messages go to a file, so that they are not taken for the program's.
  argv.insert(argv.end(), {"--log", bundle + kRuntimeLog, "--log-format", "json"});
  argv.insert(argv.end(), {"--root", bundle + "/runtime", "run", "--bundle", bundle, "--pid-file", bundle + kPidFile});
  argv.push_back(id);
  return argv;
}

Error RunContainer::failure(const RunStep& step, int code, const std::vector<std::string>& last_lines) const {
  auto diagnostic = Diagnostic::error(
      "run-failed", "RUN failed with exit code " + std::to_string(code) + ": '" + shown_command(step) + "'", where_);
  // The error is in the last lines, as a rule: when there is not room for all, the first ones go.
  std::string text;
  for (auto line = last_lines.rbegin(); line != last_lines.rend(); ++line) {
    const std::string next = "\n    " + *line;
    if (text.size() + next.size() > kBytesInError) break;
    text.insert(0, next);
  }
  if (!text.empty()) diagnostic.note("the last lines of its output:" + text);
  return Error(std::move(diagnostic));
}

}  // namespace davit::build
