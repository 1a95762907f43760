// What crun and runc say, in our words. The messages are those of crun 1.8.1 and runc 1.1.5.

#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "davit/container/oci_runtime.hpp"

namespace davit::container {
namespace {

/// "MESSAGE | ATTRIBUTE ITEM | EXIT CODE" for one line of a log.
std::string said(const std::string& message, ProgramFile program = ProgramFile::Unknown) {
  const Error error = start_error(message + "\n", {"/etc"}, program);
  const auto& subject = error.diagnostic().subject;
  return std::string(error.what()) + " | " +
         (subject ? subject->attribute + (subject->item.empty() ? "" : " " + subject->item) : "-") + " | " +
         std::to_string(error.exit_code());
}

TEST(RuntimeMessages, AMountIsNamedByItsTarget) {
  const std::string ours = "cannot mount at '/bin' in the container: not a directory | volumes /bin | 125";
  EXPECT_EQ(said("mount `/t/hostfile` to `bin`: Not a directory"), ours);
  EXPECT_EQ(said("runc run failed: unable to start container process: error during container init: error mounting "
                 "\"/t/hostfile\" to rootfs at \"/bin\": mount /t/hostfile:/bin (via /proc/self/fd/6), flags: 0x5000: "
                 "not a directory"),
            ours);
  EXPECT_EQ(said("mount `tmpfs` to `x`: Invalid argument"),
            "cannot mount at '/x' in the container: invalid argument | volumes /x | 125");
}

TEST(RuntimeMessages, ASysctlIsNamed) {
  const std::string foreign =
      "sysctl 'vm.swappiness' is of the whole host, and no container has its own | sysctls vm.swappiness | 125";
  EXPECT_EQ(said("the sysctl `vm.swappiness` is not namespaced"), foreign);
  EXPECT_EQ(said("runc run failed: sysctl \"vm.swappiness\" is not in a separate kernel namespace"), foreign);
  const std::string value = "cannot set sysctl 'kernel.msgmax': invalid argument | sysctls kernel.msgmax | 125";
  EXPECT_EQ(said("write to /proc/sys/kernel/msgmax: Invalid argument"), value);
  EXPECT_EQ(said("runc run failed: unable to start container process: error during container init: write "
                 "/proc/sys/kernel/msgmax: invalid argument"),
            value);
}

TEST(RuntimeMessages, AUlimitIsNamed) {
  const std::string ours = "cannot set ulimit 'nofile': operation not permitted | ulimits nofile | 125";
  EXPECT_EQ(said("setrlimit `RLIMIT_NOFILE`: Operation not permitted"), ours);
  EXPECT_EQ(
      said("runc run failed: unable to start container process: error during container init: error setting rlimits "
           "for ready process: error setting rlimit type 7: operation not permitted"),
      ours);
}

TEST(RuntimeMessages, ALimitOfAControlGroupIsNamed) {
  const std::string ours = "cannot apply 'cpuset': numerical result out of range | cpuset | 125";
  EXPECT_EQ(said("writing file `cpuset.cpus`: Numerical result out of range"), ours);
  EXPECT_EQ(said("runc run failed: unable to start container process: unable to apply cgroup configuration: failed to "
                 "write \"77\": write /sys/fs/cgroup/cpuset/davit/t/1/cpuset.cpus: numerical result out of range"),
            ours);
  EXPECT_EQ(said("writing file `memory.swappiness`: Invalid argument"),
            "cannot apply 'mem_swappiness': invalid argument | mem_swappiness | 125");
}

TEST(RuntimeMessages, AFolderThatCannotBeEnteredHasDockersExitCode) {
  EXPECT_EQ(said("chdir `/no`: No such file or directory"),
            "cannot change to the folder '/no' in the container: no such file or directory | working_dir | 127");
  EXPECT_EQ(said("exec failed: unable to start container process: chdir to cwd (\"/etc/passwd\") set in config.json "
                 "failed: not a directory"),
            "cannot change to the folder '/etc/passwd' in the container: not a directory | working_dir | 127");
  EXPECT_EQ(said("chdir `/root`: Permission denied"),
            "cannot change to the folder '/root' in the container: permission denied | working_dir | 126");
}

TEST(RuntimeMessages, AFolderIsNoProgramAndHasNoInterpreter) {
  for (const char* message :
       {"open executable: Operation not permitted",
        "runc run failed: unable to start container process: exec: \"/etc\": permission denied"}) {
    EXPECT_EQ(said(message, ProgramFile::Folder), "cannot run '/etc' in the container: it is a folder | command | 126");
    EXPECT_EQ(start_error(message, {"/etc"}, ProgramFile::Folder).diagnostic().hint,
              "name a program of the image in 'command' or 'entrypoint'");
    EXPECT_EQ(said(message), "cannot run '/etc' in the container: not an executable file | command | 126");
  }
}

TEST(RuntimeMessages, AProgramThatIsNotThereIsTheCommands) {
  const Error error = start_error("executable file `nosuch` not found in $PATH: No such file or directory", {"nosuch"});
  EXPECT_STREQ(error.what(), "cannot run 'nosuch' in the container: not found in its PATH");
  EXPECT_EQ(error.diagnostic().subject, (Diagnostic::Subject{"command", ""}));
  EXPECT_EQ(error.exit_code(), 127);
}

TEST(RuntimeMessages, WhatIsNotKnownIsSaidAsItIs) {
  EXPECT_EQ(said("something else"), "cannot start the container: something else | - | 125");
  EXPECT_EQ(said(""), "cannot start the container: the container runtime gave no reason | - | 125");
}

}  // namespace
}  // namespace davit::container
