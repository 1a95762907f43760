#include "container/seccomp_policy.hpp"

#include <cerrno>
#include <set>
#include <sstream>

namespace davit::container {
namespace {

// Calls that act on nothing beyond what the process already holds, or that the kernel checks by itself wherever it
// matters, grouped by what they are for. Missing here, on purpose: keys (add_key, keyctl, request_key: not in any
// namespace), kernel code and images (kexec, modules), swap, clocks, userfaultfd, io_uring (a way around this very
// filter), and everything under kCapabilityCalls.

constexpr const char* kFiles =
    "open openat openat2 creat close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev "
    "pwritev2 "
    "lseek _llseek truncate truncate64 ftruncate ftruncate64 fallocate sync syncfs fsync fdatasync sync_file_range "
    "readahead fadvise64 fadvise64_64 copy_file_range sendfile sendfile64 splice tee vmsplice cachestat "
    "dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2 memfd_create memfd_secret";
constexpr const char* kFolders =
    "access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 "
    "fstatfs "
    "fstatfs64 statmount listmount readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir "
    "link "
    "linkat symlink symlinkat unlink unlinkat rename renameat renameat2 mknod mknodat umask chmod fchmod fchmodat "
    "fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 utime utimes utimensat utimensat_time64 "
    "futimesat "
    "name_to_handle_at";
constexpr const char* kAttributes =
    "getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr flistxattr "
    "listxattrat removexattr lremovexattr fremovexattr removexattrat";
constexpr const char* kWaiting =
    "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl "
    "epoll_ctl_old "
    "epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create "
    "timerfd_gettime "
    "timerfd_gettime64 timerfd_settime timerfd_settime64 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch "
    "fanotify_mark io_setup io_submit io_getevents io_pgetevents io_pgetevents_time64 io_cancel io_destroy pause";
constexpr const char* kMemory =
    "brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal "
    "remap_file_pages membarrier pkey_alloc pkey_free pkey_mprotect map_shadow_stack";
constexpr const char* kProcesses =
    "fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid "
    "getsid "
    "setsid kill tkill tgkill pidfd_open pidfd_send_signal process_mrelease prctl seccomp landlock_create_ruleset "
    "landlock_add_rule landlock_restrict_self getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname "
    "getcpu getrandom restart_syscall rseq set_tid_address set_robust_list get_robust_list set_thread_area "
    "get_thread_area uretprobe riscv_hwprobe";
constexpr const char* kFutexes = "futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue";
constexpr const char* kIdentity =
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 "
    "getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid "
    "setresuid32 "
    "setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset";
constexpr const char* kScheduling =
    "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam "
    "sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
    "sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set";
constexpr const char* kSignals =
    "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend "
    "rt_sigtimedwait "
    "rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn alarm";
constexpr const char* kTime =
    "time times gettimeofday nanosleep clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep "
    "clock_nanosleep_time64 getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
    "timer_gettime64 "
    "timer_settime timer_settime64 "
    "adjtimex clock_adjtime clock_adjtime64";  // reading; changing needs CAP_SYS_TIME, as the kernel checks
constexpr const char* kSockets =
    "socketcall socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt "
    "send "
    "sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64";
constexpr const char* kSystemV =
    "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget "
    "mq_open "
    "mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64";
constexpr const char* kTracing = "ptrace process_vm_readv process_vm_writev";

constexpr const char* kEveryone[] = {kFiles,    kFolders,    kAttributes, kWaiting, kMemory,  kProcesses, kFutexes,
                                     kIdentity, kScheduling, kSignals,    kTime,    kSockets, kSystemV};

struct NamedCalls {
  const char* key;
  const char* calls;
};

constexpr NamedCalls kArchitectureCalls[] = {
    {"amd64", "arch_prctl modify_ldt"},
    {"386", "modify_ldt"},
    {"arm", "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"},
    {"arm64", "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"},
    {"ppc64le", "sync_file_range2 swapcontext"},
    {"riscv64", "riscv_flush_icache"},
    {"s390x", "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"},
};

constexpr NamedCalls kCapabilityCalls[] = {
    {"CAP_SYS_ADMIN",
     "mount umount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick setns unshare clone "
     "clone3 bpf "
     "perf_event_open fanotify_init quotactl quotactl_fd sethostname setdomainname syslog lookup_dcookie "
     "lsm_get_self_attr "
     "lsm_set_self_attr lsm_list_modules"},
    {"CAP_SYS_PTRACE", "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp"},
    {"CAP_SYS_CHROOT", "chroot"},
    {"CAP_SYS_NICE", "mbind get_mempolicy set_mempolicy set_mempolicy_home_node"},
    {"CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"},
    {"CAP_SYS_MODULE", "init_module finit_module delete_module"},
    {"CAP_SYS_RAWIO", "iopl ioperm"},
    {"CAP_SYS_BOOT", "reboot"},
    {"CAP_SYS_PACCT", "acct"},
    {"CAP_SYS_TTY_CONFIG", "vhangup"},
    {"CAP_DAC_READ_SEARCH", "open_by_handle_at"},
    {"CAP_SYSLOG", "syslog"},
    {"CAP_BPF", "bpf"},
    {"CAP_PERFMON", "perf_event_open"},
};

constexpr std::uint64_t kNewNamespaces = 0x7E020000;  // every CLONE_NEW* flag that clone() takes

// Address families a container has no business with: AF_ALG (kernel crypto), AF_VSOCK (the hypervisor), and those that
// almost nobody builds but that have had holes. Allowed: all below 12 (AF_DECnet), and these.
constexpr unsigned kFamiliesBelow = 12;
constexpr unsigned kFamilies[] = {13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29,
                                  30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45};

// PER_LINUX, PER_LINUX32, UNAME26 with either, and the question (0xffffffff): no ADDR_NO_RANDOMIZE.
constexpr std::uint64_t kPersonalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

void add_words(const char* text, std::vector<std::string>& out) {
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back(word);
}

CallRule allow_if(const char* name, ArgumentTest test) {
  return {.names = {name}, .action = {}, .tests = {test}};
}

/// Without CAP_SYS_ADMIN: threads and processes, but no new namespaces. clone3 hides its flags in memory where a filter
/// cannot look, so it "does not exist", and C libraries use clone instead.
void add_clone(std::vector<CallRule>& rules, const HostFacts& host) {
  const unsigned flags_index = host.arch == "s390x" ? 1 : 0;
  rules.push_back(allow_if("clone", {flags_index, ArgumentTest::Op::MaskedEqual, kNewNamespaces, 0}));
  rules.push_back({.names = {"clone3"}, .action = {CallAction::Kind::Fail, ENOSYS}, .tests = {}});
}

}  // namespace

std::vector<std::string> policy_architectures(const std::string& go_arch) {
  if (go_arch == "amd64") return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  if (go_arch == "arm64") return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  if (go_arch == "386") return {"SCMP_ARCH_X86"};
  if (go_arch == "arm") return {"SCMP_ARCH_ARM"};
  if (go_arch == "riscv64") return {"SCMP_ARCH_RISCV64"};
  if (go_arch == "s390x") return {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"};
  if (go_arch == "ppc64le") return {"SCMP_ARCH_PPC64LE"};
  return {};
}

CallPolicy default_policy(const std::vector<std::string>& capabilities, const HostFacts& host) {
  const std::set<std::string> has(capabilities.begin(), capabilities.end());
  CallPolicy policy;
  policy.architectures = policy_architectures(host.arch);
  CallRule plain;
  for (const char* group : kEveryone) add_words(group, plain.names);
  for (const auto& [arch, calls] : kArchitectureCalls)
    if (host.arch == arch) add_words(calls, plain.names);
  for (const auto& [capability, calls] : kCapabilityCalls)
    if (has.contains(capability)) add_words(calls, plain.names);
  // Before Linux 4.8 a tracer could lead its tracee around the filter (seccomp(2), "ptrace").
  const bool safe_tracing = host.kernel_major > 4 || (host.kernel_major == 4 && host.kernel_minor >= 8);
  if (safe_tracing) add_words(kTracing, plain.names);
  const std::set<std::string> unique(plain.names.begin(), plain.names.end());
  plain.names.assign(unique.begin(), unique.end());
  policy.rules.push_back(std::move(plain));

  if (!has.contains("CAP_SYS_ADMIN")) add_clone(policy.rules, host);
  policy.rules.push_back(allow_if("socket", {0, ArgumentTest::Op::Less, kFamiliesBelow, 0}));
  for (const unsigned family : kFamilies)
    policy.rules.push_back(allow_if("socket", {0, ArgumentTest::Op::Equal, family, 0}));
  for (const std::uint64_t value : kPersonalities)
    policy.rules.push_back(allow_if("personality", {0, ArgumentTest::Op::Equal, value, 0}));
  return policy;
}

}  // namespace davit::container
