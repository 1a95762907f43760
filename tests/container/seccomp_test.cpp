#include "davit/container/seccomp.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

#include "container/seccomp_policy.hpp"
#include "davit/base/error.hpp"

namespace davit::container {
namespace {

/// The errno of a call made under the filter, 0 if it worked. In a child: a filter stays for ever.
int under_filter(const std::string& program, const std::function<long()>& call) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    sock_fprog filter{static_cast<unsigned short>(program.size() / sizeof(sock_filter)),
                      reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()))};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
      ::_exit(255);
    errno = 0;
    ::_exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> capabilities(std::vector<std::string> add = {}) {
  engine::ContainerSpec spec;
  spec.cap_add = std::move(add);
  return effective_capabilities(spec, HostFacts{});
}

class DefaultFilter : public ::testing::Test {
 protected:
  static const std::string& program() {
    static const std::string compiled = compile_seccomp(capabilities(), detect_host());
    return compiled;
  }
};

TEST_F(DefaultFilter, LetsOrdinaryCallsThrough) {
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_getppid); }), 0);
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY, 0); }), 0);
  EXPECT_EQ(under_filter(program(), [] { return static_cast<long>(::socket(AF_INET, SOCK_STREAM, 0)); }), 0);
}

TEST_F(DefaultFilter, RefusesWhatLeadsOut) {
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_unshare, CLONE_NEWUSER); }), EPERM);
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), EPERM);
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr); }), EPERM);
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), EPERM);
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }), EPERM);
  EXPECT_EQ(under_filter(program(),
                         [] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0); }),
            EPERM);
  EXPECT_EQ(under_filter(program(), [] { return static_cast<long>(::socket(AF_ALG, SOCK_SEQPACKET, 0)); }), EPERM);
  EXPECT_EQ(under_filter(program(), [] { return static_cast<long>(::socket(AF_VSOCK, SOCK_STREAM, 0)); }), EPERM);
}

TEST_F(DefaultFilter, CallsThatNobodyKnowsDoNotExist) {
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(SYS_clone3, nullptr, 0); }), ENOSYS)
      << "C libraries fall back to clone";
  EXPECT_EQ(under_filter(program(), [] { return ::syscall(900); }), ENOSYS) << "newer than the library";
}

TEST(Filter, ACapabilityOpensItsCalls) {
  const std::string program = compile_seccomp(capabilities({"SYS_ADMIN"}), detect_host());
  EXPECT_NE(under_filter(program, [] { return ::syscall(SYS_mount, "none", "/no/such", "tmpfs", 0, nullptr); }), EPERM);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = "/tmp/davit-seccomp-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path;
};

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST(FilterSetting, ProgramsAreKeptByWhatTheyDependOn) {
  const TemporaryFolder cache;
  engine::ContainerSpec spec;
  const HostFacts host = detect_host();
  const SeccompSetting first = seccomp_setting(spec, host, FilterForm::Bpf, cache.path);
  EXPECT_EQ(first.form, SeccompSetting::Form::BpfAnnotation);
  EXPECT_EQ(seccomp_setting(spec, host, FilterForm::Bpf, cache.path).text, first.text);
  EXPECT_EQ(files_in(cache.path), 1U);
  spec.cap_add = {"SYS_PTRACE"};
  EXPECT_NE(seccomp_setting(spec, host, FilterForm::Bpf, cache.path).text, first.text);
  EXPECT_EQ(files_in(cache.path), 2U);
}

TEST(FilterSetting, AFolderThatCannotBeWrittenCostsOnlyTime) {
  EXPECT_EQ(seccomp_setting({}, detect_host(), FilterForm::Json, "/proc/no").form, SeccompSetting::Form::Json);
}

TEST(FilterSetting, UnconfinedAndPrivilegedHaveNone) {
  engine::ContainerSpec spec;
  spec.privileged = true;
  EXPECT_EQ(seccomp_setting(spec, HostFacts{}, FilterForm::Json, "").form, SeccompSetting::Form::Unconfined);
  spec.privileged = false;
  spec.security_opt = {"seccomp=unconfined"};
  EXPECT_EQ(seccomp_setting(spec, HostFacts{}, FilterForm::Json, "").form, SeccompSetting::Form::Unconfined);
}

TEST(FilterProfile, ConditionsAreEvaluated) {
  const std::string profile = R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
      {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
      {"names": ["acct"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PACCT"]}},
      {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
      {"names": ["cacheflush"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm"]}},
      {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "6.2"}},
      {"names": ["personality"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]})";
  HostFacts host;  // amd64, Linux 6.1
  const CallPolicy policy = read_policy(profile, "p.json", {"CAP_CHOWN"}, host);
  EXPECT_EQ(policy.otherwise, (CallAction{CallAction::Kind::Fail, 38}));
  std::vector<std::string> names;
  for (const CallRule& rule : policy.rules) names.push_back(rule.names.at(0));
  EXPECT_EQ(names, (std::vector<std::string>{"read", "clone3", "personality"}));
  EXPECT_EQ(policy.rules.back().tests.at(0).value, 8U);
}

TEST(FilterProfile, MistakesNameTheFile) {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      static_cast<void>(read_policy(text, "p.json", {}, HostFacts{}));
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(error_of("{").substr(0, 40), "seccomp profile 'p.json': it is not JSON");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_NOTIFY"})"),
            "seccomp profile 'p.json': action 'SCMP_ACT_NOTIFY' is not supported");
  EXPECT_EQ(error_of("[]").substr(0, 26), "seccomp profile 'p.json': ");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO"}]})"),
            "seccomp profile 'p.json': a rule names no system call");
}

}  // namespace
}  // namespace davit::container
