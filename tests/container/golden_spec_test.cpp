// The runtime's config as golden files; SPEC_ACCEPT=1 rewrites them.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "davit/base/error.hpp"
#include "davit/container/bundle.hpp"
#include "davit/container/oci_spec.hpp"

namespace davit::container {
namespace {

namespace json = boost::json;

/// Indented, one entry a line, so that a change reads as a diff.
void print(const json::value& value, const std::string& indent, std::string& out) {
  const std::string inner = indent + "  ";
  const char* separator = "";
  if (value.is_object() && !value.as_object().empty()) {
    out += "{";
    for (const auto& [key, entry] : value.as_object()) {
      out += std::string(separator) + "\n" + inner + json::serialize(json::value(key)) + ": ";
      print(entry, inner, out);
      separator = ",";
    }
    out += "\n" + indent + "}";
  } else if (value.is_array() && !value.as_array().empty() &&
             (value.as_array()[0].is_object() || value.as_array().size() > 6)) {
    out += "[";
    for (const json::value& entry : value.as_array()) {
      out += std::string(separator) + "\n" + inner + json::serialize(entry);
      separator = ",";
    }
    out += "\n" + indent + "]";
  } else {
    out += json::serialize(value);
  }
}

std::string read_all(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void expect_golden(const std::string& name, const std::string& config) {
  std::string text;
  print(json::parse(config), "", text);
  text += "\n";
  const std::string path = std::string(DAVIT_TEST_DATA) + "/" + name;
  if (std::getenv("SPEC_ACCEPT") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, read_all(path)) << "SPEC_ACCEPT=1 rewrites " << path;
}

HostFacts host() {
  HostFacts facts;
  facts.controllers = {"cpu", "cpuset", "memory", "pids"};
  facts.cpus = 8;
  return facts;
}

OciInputs inputs() {
  OciInputs in;
  in.id = ContainerId(std::string(64, 'a'));
  in.hostname = "aaaaaaaaaaaa";
  in.user = {0, 0, {0}, "/root"};
  in.rootfs = "/run/davit/app/bundles/a/rootfs";
  in.cgroups_path = "/davit/app-12345678/a";
  in.netns_path = "/run/davit/app/netns/a";
  in.host = host();
  return in;
}

TEST(GoldenSpec, TheSmallestContainer) {
  engine::ContainerSpec spec;
  spec.args = {"true"};
  expect_golden("smallest.json", make_config_json(spec, inputs()));
}

engine::ContainerSpec full_spec() {
  engine::ContainerSpec spec;
  spec.args = {"server", "--port", "80"};
  spec.env = {{"PATH", "/opt/bin:/bin"}, {"MODE", "test"}, {"EMPTY", ""}};
  spec.working_dir = "/srv";
  spec.domainname = "example.test";
  spec.tty = true;
  spec.init = true;
  spec.read_only = true;
  spec.cap_add = {"NET_ADMIN"};
  spec.cap_drop = {"MKNOD"};
  spec.security_opt = {"no-new-privileges:true", "apparmor=mine"};
  spec.ulimits = {{"nofile", 1024, 4096}, {"core", -1, -1}};
  spec.sysctls = {{"net.core.somaxconn", "1024"}};
  spec.shm_size = 1 << 20;
  spec.annotations = {{"org.example.key", "value"}};
  spec.resources.memory = 256 << 20;
  spec.resources.memory_reservation = 128 << 20;
  spec.resources.cpus = 1.5;
  spec.resources.cpu_shares = 512;
  spec.resources.cpuset_cpus = "0-1";
  spec.resources.pids = 100;
  spec.resources.oom_score_adj = 500;
  return spec;
}

TEST(GoldenSpec, AContainerWithEverything) {
  OciInputs in = inputs();
  in.user = {1000, 50, {50, 44}, "/home/app"};
  in.console_size = {80, 24};
  in.init_binary = "/sbin/docker-init";
  in.mounts = {{"/data", "bind", "/var/lib/davit/volumes/data/_data", {"rbind", "rslave"}},
               {"/dev/shm", "tmpfs", "tmpfs", {"size=1m"}}};
  in.devices = {{"/dev/fuse", 'c', 10, 229, 0666, 0, 0, "rw"}};
  in.seccomp = {SeccompSetting::Form::BpfAnnotation, "QkFTRTY0"};
  in.host.thermal_throttle = {"/sys/devices/system/cpu/cpu0/thermal_throttle"};
  expect_golden("everything.json", make_config_json(full_spec(), in));
}

TEST(GoldenSpec, APrivilegedContainerInTheHostsNamespaces) {
  engine::ContainerSpec spec;
  spec.args = {"top"};
  spec.privileged = true;
  spec.network_mode = "host";
  spec.pid_mode = "host";
  spec.ipc_mode = "host";
  spec.uts_mode = "host";
  OciInputs in = inputs();
  in.netns_path.clear();
  in.host.cgroups = CgroupMode::Hybrid;
  in.host.apparmor_docker_default = true;
  expect_golden("privileged.json", make_config_json(spec, in));
}

TEST(SharedMemory, ThatIsLentOrJoinedIsBound) {
  engine::ContainerSpec spec;
  spec.args = {"true"};
  OciInputs in = inputs();
  in.shm_dir = "/run/davit/p/bundles/x/shm";
  const auto config = boost::json::parse(make_config_json(spec, in));
  int found = 0;
  for (const auto& mount : config.at("mounts").as_array()) {
    if (mount.at("destination").as_string() != "/dev/shm") continue;
    ++found;
    EXPECT_EQ(mount.at("type").as_string(), "bind");
    EXPECT_EQ(mount.at("source").as_string(), in.shm_dir);
  }
  EXPECT_EQ(found, 1);
}

TEST(GoldenSpec, AnExecChangesWhatItIsAskedTo) {
  engine::ContainerSpec spec;
  spec.args = {"true"};
  spec.env = {{"A", "1"}};
  ExecOptions options;
  options.args = {"sh"};
  options.env = {{"A", "2"}, {"B", "3"}};
  options.user = ResolvedUser{7, 8, {8}, "/home/seven"};
  options.tty = true;
  options.console_size = {100, 30};
  expect_golden("exec.json", make_exec_process_json(make_config_json(spec, inputs()), options));
}

std::string error_of(const std::function<void(engine::ContainerSpec&, OciInputs&)>& change) {
  engine::ContainerSpec spec;
  spec.args = {"true"};
  OciInputs in = inputs();
  change(spec, in);
  try {
    static_cast<void>(make_config_json(spec, in));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

using Spec = engine::ContainerSpec;

TEST(SpecErrors, LimitsThatCannotBeAppliedAreErrors) {
  EXPECT_EQ(error_of([](Spec& spec, OciInputs& in) {
              spec.resources.pids = 5;
              in.host.controllers.erase("pids");
            }),
            "cannot apply 'pids_limit': the cgroup controller 'pids' is not available on this host");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.resources.memory = 1000; }),
            "cannot apply 'mem_limit': 1000B is less than 6MiB, with which nothing starts");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) {
              spec.resources.memory = 64 << 20;
              spec.resources.memory_swap = 32 << 20;
            }),
            "cannot apply 'memswap_limit': 32MiB is less than 'mem_limit' (64MiB), which it includes");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs& in) {
              spec.resources.memory_swap = -1;
              in.host.swap_accounting = false;
            }),
            "cannot apply 'memswap_limit': the kernel of this host does not account swap");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.resources.cpus = 9; }),
            "cannot apply 'cpus': 9 is not between 0.01 and 8, the CPUs of this host");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.resources.memory_swappiness = 10; }),
            "cannot apply 'mem_swappiness': the kernel has no such setting with cgroup v2");
}

TEST(SpecErrors, MistakesAreNamed) {
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.args.clear(); }), "no command specified");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.ulimits = {{"nofiles", 1, 1}}; }), "unknown ulimit 'nofiles'");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.ulimits = {{"nofile", 2, 1}}; }),
            "ulimit 'nofile': the soft limit (2) must not be above the hard limit (1)");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) { spec.security_opt = {"secomp=x"}; }),
            "security_opt 'secomp=x' is not known");
  EXPECT_EQ(error_of([](Spec& spec, OciInputs&) {
              spec.network_mode = "host";
              spec.sysctls = {{"net.core.somaxconn", "1"}};
            }),
            "sysctl 'net.core.somaxconn' cannot be set in the network of the host (network_mode: host)");
}

TEST(NameFiles, ResolvConfHasOnlyWhatIsSet) {
  NameFiles names;
  names.nameservers = {"127.0.0.11"};
  EXPECT_EQ(resolv_conf_text(names), "nameserver 127.0.0.11\n");
  names.search = {"a.test", "b.test"};
  names.options = {"ndots:0"};
  EXPECT_EQ(resolv_conf_text(names), "nameserver 127.0.0.11\nsearch a.test b.test\noptions ndots:0\n");
  names.resolv_conf = "all\n";
  EXPECT_EQ(resolv_conf_text(names), "all\n");
}

}  // namespace
}  // namespace davit::container
