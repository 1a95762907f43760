#include "cli/container_usage.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

class UsageTest : public testing::Test {
 protected:
  std::optional<Usage> usage() {
    return read_usage(7, 1000000, [this](const std::string& path) -> std::optional<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return std::nullopt;
      return found->second;
    });
  }
  std::map<std::string, std::string> files_{
      {"/proc/7/net/dev",
       "Inter-| Receive\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9\n  eth0: 100 1 0 0 0 0 0 0 50 1\n"
       "  eth1:10 1 0 0 0 0 0 0 5 1\n"}};
};

TEST_F(UsageTest, OfVersion2) {
  files_["/proc/7/cgroup"] = "0::/davit/x/y\n";
  const std::string group = "/sys/fs/cgroup/davit/x/y/";
  files_[group + "cpu.stat"] = "usage_usec 5000\nuser_usec 1\n";
  files_[group + "memory.current"] = "5000\n";
  files_[group + "memory.max"] = "max\n";
  files_[group + "memory.stat"] = "anon 1\ninactive_file 1000\n";
  files_[group + "io.stat"] = "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n";
  files_[group + "pids.current"] = "3\n";
  EXPECT_EQ(usage(), (Usage{5000000, 4000, 1000000, 110, 55, 11, 22, 3}));
}

TEST_F(UsageTest, OfVersion1) {
  files_["/proc/7/cgroup"] = "9:cpu,cpuacct:/d/y\n8:memory:/d/y\n4:blkio:/d/y\n3:pids:/d/y\n0::/\n";
  const std::string root = "/sys/fs/cgroup/";
  files_[root + "cpu,cpuacct/d/y/cpuacct.usage"] = "77\n";
  files_[root + "memory/d/y/memory.usage_in_bytes"] = "5000\n";
  files_[root + "memory/d/y/memory.limit_in_bytes"] = "8000\n";
  files_[root + "memory/d/y/memory.stat"] = "inactive_file 7\ntotal_inactive_file 500\n";
  files_[root + "blkio/d/y/blkio.throttle.io_service_bytes_recursive"] =
      "8:0 Read 4\n8:0 Write 5\n8:0 Total 9\nTotal 9\n";
  files_[root + "pids/d/y/pids.current"] = "2\n";
  EXPECT_EQ(usage(), (Usage{77, 4500, 8000, 110, 55, 4, 5, 2}));
}

TEST_F(UsageTest, OfAProcessThatHasEndedIsNone) {
  EXPECT_EQ(usage(), std::nullopt);
}

TEST(UsageText, IsDockersTableAndJson) {
  UsageLine line{"0123456789abcdef", "p-web-1", {2000, 2 << 20, 4LL << 30, 1500, 0, 0, 12, 3}, Usage{}, {}};
  line.apart = std::chrono::nanoseconds(4000);
  EXPECT_EQ(usage_text({line}, UsageFormat::Table, 12),
            "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O      BLOCK I/O   PIDS\n"
            "0123456789ab   p-web-1   50.00%    2MiB / 4GiB         0.05%     1.5kB / 0B   0B / 12B    3\n");
  EXPECT_EQ(usage_text({line}, UsageFormat::Json, 12),
            "{\"BlockIO\":\"0B / 12B\",\"CPUPerc\":\"50.00%\",\"Container\":\"0123456789ab\",\"ID\":\"0123456789ab\","
            "\"MemPerc\":\"0.05%\",\"MemUsage\":\"2MiB / 4GiB\",\"Name\":\"p-web-1\",\"NetIO\":\"1.5kB / "
            "0B\",\"PIDs\":\"3\"}\n");
  EXPECT_EQ(usage_template({line}, 12, "{{.Name}} {{.PIDs}}"), "p-web-1 3\n");
}

}  // namespace
}  // namespace davit::cli
