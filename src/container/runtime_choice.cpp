// Which runtime to use: the one asked for, or the first that can start a container here.

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/container/bundle.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/container/oci_runtime.hpp"
#include "davit/process/run.hpp"

namespace davit::container {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kCheckLimit = 30s;
constexpr const char* kCacheFile = "runtime-checks.json";

RuntimeProgram::Kind kind_named(std::string_view name) {
  return name == "crun"   ? RuntimeProgram::Kind::Crun
         : name == "runc" ? RuntimeProgram::Kind::Runc
                          : RuntimeProgram::Kind::Other;
}

/// "crun version 1.8.1" or "runc version 1.1.5+ds1": kind and version.
void read_version(const std::string& text, RuntimeProgram& program) {
  std::istringstream in(text);
  std::string name;
  std::string word;
  in >> name >> word >> program.version;
  program.kind = kind_named(name);
  if (word != "version") program.version.clear();
}

Task<RuntimeProgram> ask_version(Timers& timers, std::string path) {
  RuntimeProgram program{.kind = RuntimeProgram::Kind::Other, .path = path, .version = ""};
  process::Command command{.argv = {path, "--version"}};
  command.timeout = kCheckLimit;
  const process::Exit exit = co_await process::run(timers, std::move(command));
  read_version(exit.out, program);
  co_return program;
}

engine::ContainerSpec check_spec() {
  engine::ContainerSpec spec;
  spec.args = {"/davit-init", "--self-test"};
  spec.network_mode = "none";
  return spec;
}

void write_check_bundle(const std::string& folder, const std::string& init, const std::string& cgroup,
                        const HostFacts& host, FilterForm form) {
  const std::string rootfs = folder + "/rootfs";
  fs::create_directories(rootfs);
  fs::copy_file(init, rootfs + "/davit-init");
  const engine::ContainerSpec spec = check_spec();
  OciInputs inputs;
  inputs.hostname = "davit-check";
  inputs.rootfs = rootfs;
  inputs.cgroups_path = cgroup;
  inputs.seccomp = seccomp_setting(spec, host, form, folder);
  inputs.host = host;
  std::ofstream(folder + "/config.json") << make_config_json(spec, inputs);
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

Task<std::string> try_runtime(Timers& timers, RuntimeProgram program, std::string folder, std::string id) {
  process::Command command{.argv = runtime_words(program)};
  command.argv.insert(command.argv.end(), {"--root", folder + "/state", "run", "--bundle", folder, id});
  command.timeout = kCheckLimit;
  command.err = process::SameAsOut{};
  const process::Exit exit = co_await process::run(timers, std::move(command));
  if (exit.timed_out) co_return "it did not end within 30 s";
  if (exit.code == 0) co_return "";
  const std::string said = one_line(exit.out);
  co_return said.empty() ? "exit status " + std::to_string(exit.code) : said;
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

/// What an answer depends on: this boot, this file, and whether the v2 tree beside v1 controllers is in sight.
std::string check_key(const std::string& path, const HostFacts& host) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return "";
  return boot_id() + " " + path + " " + std::to_string(info.st_ino) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + " " + std::string(to_string(host.cgroups));
}

json::object read_cache(const std::string& path) {
  const auto text = DiskFiles().read(path);
  if (!text) return {};
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  return error || !value.is_object() ? json::object() : value.as_object();
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// Of a program that has passed its check; only success is kept, because what failed may have been put right.
std::optional<RuntimeProgram> remembered(const std::string& path, const std::string& cache_dir, const HostFacts& host) {
  const json::object cache = read_cache(cache_dir + "/" + kCacheFile);
  const json::value* known = cache.if_contains(check_key(path, host));
  if (known == nullptr || !known->is_object()) return std::nullopt;
  const json::object& facts = known->as_object();
  return RuntimeProgram{kind_named(text_of(facts, "name")), path, text_of(facts, "version")};
}

std::string_view name_of(RuntimeProgram::Kind kind) {
  switch (kind) {
    case RuntimeProgram::Kind::Crun:
      return "crun";
    case RuntimeProgram::Kind::Runc:
      return "runc";
    case RuntimeProgram::Kind::Other:
      break;
  }
  return "other";
}

/// A cache that cannot be written only costs the next command a check.
void remember(const RuntimeProgram& program, const std::string& cache_dir, const HostFacts& host) {
  std::error_code error;
  fs::create_directories(cache_dir, error);
  const std::string path = cache_dir + "/" + kCacheFile;
  json::object cache = read_cache(path);
  for (auto entry = cache.begin(); entry != cache.end();)
    entry = std::string_view(entry->key()).starts_with(boot_id()) ? entry + 1 : cache.erase(entry);
  cache[check_key(program.path, host)] = json::object{{"name", name_of(program.kind)}, {"version", program.version}};
  (void)replace_file(path, json::serialize(cache));
}

}  // namespace

Task<RuntimeCheck> check_runtime(Timers& timers, std::string path, std::string scratch_dir, HostFacts host) {
  const auto init = process::find_helper("davit-init");
  RuntimeCheck result{.program = {.kind = RuntimeProgram::Kind::Other, .path = path, .version = ""}, .failure = ""};
  if (!init) {
    result.failure = "the program 'davit-init' was not found beside davit";
    co_return result;
  }
  static std::atomic<unsigned> counter{0};  // builds side by side check in one process
  const std::string id = "davit-check-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  const std::string folder = fs::absolute(scratch_dir).string() + "/" + id;
  const std::string cgroup = "/" + id;  // of no parent that others could take away
  std::exception_ptr cancelled;
  try {
    result.program = co_await ask_version(timers, path);
    fs::remove_all(folder);
    const FilterForm form = result.program.kind == RuntimeProgram::Kind::Crun ? FilterForm::Bpf : FilterForm::Json;
    write_check_bundle(folder, *init, cgroup, host, form);
    result.failure = co_await try_runtime(timers, result.program, folder, id);
  } catch (const Error& e) {
    result.failure = e.what();
  } catch (const fs::filesystem_error& e) {
    result.failure = e.what();
  } catch (...) {
    cancelled = std::current_exception();
  }
  const Cgroups groups(host.cgroups);
  groups.kill(cgroup);
  static_cast<void>(groups.remove(cgroup));
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (cancelled) std::rethrow_exception(cancelled);
  co_return result;
}

Task<RuntimeProgram> choose_runtime(Timers& timers, std::string wanted, std::string cache_dir, HostFacts host) {
  const std::vector<std::string> names =
      wanted.empty() ? std::vector<std::string>{"crun", "runc"} : std::vector{wanted};
  Diagnostic problem =
      Diagnostic::error("no-runtime", wanted.empty() ? "no container runtime works on this host"
                                                     : "the container runtime '" + wanted + "' does not work");
  for (const std::string& name : names) {
    const auto path = process::find_program(name);
    if (!path) {
      problem.note(name + ": not installed");
      continue;
    }
    if (auto known = remembered(*path, cache_dir, host)) co_return *std::move(known);
    const RuntimeCheck check = co_await check_runtime(timers, *path, cache_dir, host);
    if (check.failure.empty()) {
      remember(check.program, cache_dir, host);
      co_return check.program;
    }
    problem.note(*path + (check.program.version.empty() ? "" : " " + check.program.version) + ": " + check.failure);
  }
  problem.with_hint("install crun or runc (apt-get install crun); 'davit doctor' says more");
  throw Error(std::move(problem));
}

}  // namespace davit::container
