#include "davit/container/seccomp.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "container/base64.hpp"
#include "container/seccomp_policy.hpp"
#include "container/security_options.hpp"
#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/base/sha256.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

using Kind = CallAction::Kind;
using Op = ArgumentTest::Op;

const char* action_name(Kind kind) {
  switch (kind) {
    case Kind::Allow:
      return "SCMP_ACT_ALLOW";
    case Kind::Fail:
      return "SCMP_ACT_ERRNO";
    case Kind::Log:
      return "SCMP_ACT_LOG";
    case Kind::Trap:
      return "SCMP_ACT_TRAP";
    case Kind::KillThread:
      return "SCMP_ACT_KILL_THREAD";
    case Kind::KillProcess:
      return "SCMP_ACT_KILL_PROCESS";
  }
  return "";
}

const char* op_name(Op op) {
  switch (op) {
    case Op::Equal:
      return "SCMP_CMP_EQ";
    case Op::NotEqual:
      return "SCMP_CMP_NE";
    case Op::Less:
      return "SCMP_CMP_LT";
    case Op::LessOrEqual:
      return "SCMP_CMP_LE";
    case Op::Greater:
      return "SCMP_CMP_GT";
    case Op::GreaterOrEqual:
      return "SCMP_CMP_GE";
    case Op::MaskedEqual:
      return "SCMP_CMP_MASKED_EQ";
  }
  return "";
}

std::string policy_json(const CallPolicy& policy) {
  json::object out{{"defaultAction", action_name(policy.otherwise.kind)}};
  if (policy.otherwise.kind == Kind::Fail) out["defaultErrnoRet"] = policy.otherwise.error;
  json::array arches;
  for (const std::string& arch : policy.architectures) arches.emplace_back(arch);
  out["architectures"] = std::move(arches);
  json::array calls;
  for (const CallRule& rule : policy.rules) {
    json::array names;
    for (const std::string& name : rule.names) names.emplace_back(name);
    json::object entry{{"names", std::move(names)}, {"action", action_name(rule.action.kind)}};
    if (rule.action.kind == Kind::Fail) entry["errnoRet"] = rule.action.error;
    json::array tests;
    for (const ArgumentTest& test : rule.tests)
      tests.push_back(json::object{
          {"index", test.index}, {"value", test.value}, {"valueTwo", test.value2}, {"op", op_name(test.op)}});
    if (!tests.empty()) entry["args"] = std::move(tests);
    calls.push_back(std::move(entry));
  }
  out["syscalls"] = std::move(calls);
  return json::serialize(out);
}

std::uint32_t library_action(const CallAction& action) {
  switch (action.kind) {
    case Kind::Allow:
      return SCMP_ACT_ALLOW;
    case Kind::Fail:
      return SCMP_ACT_ERRNO(static_cast<std::uint32_t>(action.error));
    case Kind::Log:
      return SCMP_ACT_LOG;
    case Kind::Trap:
      return SCMP_ACT_TRAP;
    case Kind::KillThread:
      return SCMP_ACT_KILL_THREAD;
    case Kind::KillProcess:
      return SCMP_ACT_KILL_PROCESS;
  }
  return SCMP_ACT_KILL_PROCESS;
}

scmp_arg_cmp library_test(const ArgumentTest& test) {
  scmp_arg_cmp out{test.index, SCMP_CMP_EQ, test.value, test.value2};
  switch (test.op) {
    case Op::Equal:
      out.op = SCMP_CMP_EQ;
      break;
    case Op::NotEqual:
      out.op = SCMP_CMP_NE;
      break;
    case Op::Less:
      out.op = SCMP_CMP_LT;
      break;
    case Op::LessOrEqual:
      out.op = SCMP_CMP_LE;
      break;
    case Op::Greater:
      out.op = SCMP_CMP_GT;
      break;
    case Op::GreaterOrEqual:
      out.op = SCMP_CMP_GE;
      break;
    case Op::MaskedEqual:
      out.op = SCMP_CMP_MASKED_EQ;
      break;
  }
  return out;
}

struct ReleaseFilter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

void check(int result, const std::string& doing) {
  if (result < 0 && result != -EEXIST)
    throw Error("cannot compile the system call filter: " + doing + ": " + system_error_text(-result));
}

/// "SCMP_ARCH_X86_64" to libseccomp's own "x86_64".
std::uint32_t library_arch(const std::string& name) {
  std::string lower;
  for (const char c : name.substr(std::string("SCMP_ARCH_").size()))
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::uint32_t arch = ::seccomp_arch_resolve_name(lower.c_str());
  if (arch == 0) throw Error("cannot compile the system call filter: unknown architecture '" + name + "'");
  return arch;
}

void add_rule(void* filter, const CallRule& rule, const CallPolicy& policy) {
  if (rule.action == policy.otherwise) return;  // libseccomp refuses rules that say the same as the default
  std::vector<scmp_arg_cmp> tests;
  for (const ArgumentTest& test : rule.tests) tests.push_back(library_test(test));
  for (const std::string& name : rule.names) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) continue;  // not a call of any architecture this library knows
    check(::seccomp_rule_add_array(filter, library_action(rule.action), number, static_cast<unsigned>(tests.size()),
                                   tests.data()),
          "rule for '" + name + "'");
  }
}

std::string exported(void* filter) {
  const Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) throw_system_error("make", "a memory file", errno);
  check(::seccomp_export_bpf(filter, file.get()), "export");
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  std::string out(static_cast<std::size_t>(size), '\0');
  if (::pread(file.get(), out.data(), out.size(), 0) != size) throw_system_error("read", "a memory file", errno);
  return out;
}

/// The highest call number the library knows by name. From 424 on all architectures share their numbers.
std::uint32_t newest_known_call() {
  const std::uint32_t native = ::seccomp_arch_native();
  for (int number = 1000; number > 424; --number)
    if (char* name = ::seccomp_syscall_resolve_num_arch(native, number)) {
      std::free(name);
      return static_cast<std::uint32_t>(number);
    }
  return 1000;
}

/// Instructions put before the filter: calls newer than the library do not exist (ENOSYS). They could not be allowed by
/// name, and C libraries take EPERM for a final answer.
std::string unknown_calls_prologue() {
  constexpr std::uint32_t kX32Bit = 0x40000000;
  const std::array<sock_filter, 4> code{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest_known_call(), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  }};
  return {reinterpret_cast<const char*>(code.data()), sizeof code};
}

std::string compile(const CallPolicy& policy) {
  const Filter filter(::seccomp_init(library_action(policy.otherwise)));
  if (!filter) throw Error("cannot compile the system call filter: out of memory");
  for (const std::string& arch : policy.architectures)
    check(::seccomp_arch_add(filter.get(), library_arch(arch)), arch);
  // A binary tree instead of a list: every call of the container passes here.
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimise");
  for (const CallRule& rule : policy.rules) {
    bool repeated = false;  // libseccomp takes one test an argument; more are alternatives, as runc has it
    for (std::size_t i = 0; i < rule.tests.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) repeated = repeated || rule.tests[i].index == rule.tests[j].index;
    if (!repeated) {
      add_rule(filter.get(), rule, policy);
      continue;
    }
    for (const ArgumentTest& test : rule.tests) add_rule(filter.get(), {rule.names, rule.action, {test}}, policy);
  }
  const bool refuses_unknown = policy.otherwise.kind == Kind::Fail;
  return (refuses_unknown ? unknown_calls_prologue() : "") + exported(filter.get());
}

/// The compiled policy in base64, from the cache if it is there.
std::string cached_program(const CallPolicy& policy, const std::string& cache_dir) {
  const scmp_version* version = ::seccomp_version();
  const std::string key = "1 " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                          std::to_string(version->micro) + " " + policy_json(policy);
  const std::string path = cache_dir + "/seccomp-" + sha256_hex(key).substr(0, 32);
  if (auto found = DiskFiles().read(path); found && !found->empty()) return *std::move(found);
  std::string text = base64(compile(policy));
  std::filesystem::create_directories(cache_dir);
  // A cache that cannot be written (a full disk) costs the next start some milliseconds, and nothing else.
  (void)replace_file(path, text);
  return text;
}

std::string read_profile(const std::string& file) {
  auto text = DiskFiles().read(file);
  if (!text) throw Error(text.error()).context("while reading the seccomp profile '" + file + "'");
  return *std::move(text);
}

}  // namespace

std::string seccomp_json(const std::vector<std::string>& capabilities, const HostFacts& host) {
  return policy_json(default_policy(capabilities, host));
}

std::string compile_seccomp(const std::vector<std::string>& capabilities, const HostFacts& host) {
  return compile(default_policy(capabilities, host));
}

SeccompSetting seccomp_setting(const engine::ContainerSpec& spec, const HostFacts& host, FilterForm form,
                               const std::string& cache_dir) {
  const auto profile = read_security_options(spec.security_opt).seccomp;
  const bool unconfined = profile ? *profile == "unconfined" : spec.privileged;
  if (unconfined || !host.seccomp) return {};
  const std::vector<std::string> capabilities = effective_capabilities(spec, host);
  const auto own = [&] { return read_policy(read_profile(*profile), *profile, capabilities, host); };
  const CallPolicy policy = profile && *profile != "builtin" ? concerning("security_opt", "seccomp=" + *profile, own)
                                                             : default_policy(capabilities, host);
  if (form == FilterForm::Json) return {SeccompSetting::Form::Json, policy_json(policy)};
  return {SeccompSetting::Form::BpfAnnotation, cached_program(policy, cache_dir)};
}

}  // namespace davit::container
