#include "davit/state/networks.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "davit/base/error.hpp"
#include "davit/state/containers.hpp"
#include "support/temp_dir.hpp"

namespace davit::state {
namespace {

class NetworksTest : public ::testing::Test {
 protected:
  test::TempDir dir_;
  Database database_ = Database::open(dir_.path() / "davit.db");
  Networks networks_{database_};
};

Network network(const std::string& name, std::optional<std::string> v4, std::optional<std::string> v6 = {}) {
  Network n;
  n.id = "id-" + name;
  n.name = name;
  n.project = "shop";
  n.key = "default";
  n.subnet_v4 = std::move(v4);
  n.subnet_v6 = std::move(v6);
  return n;
}

TEST_F(NetworksTest, ComesBackWhole) {
  Network n = network("shop_default", "10.89.0.0/24", "fd00:1::/64");
  n.gateway_v4 = "10.89.0.1";
  n.gateway_v6 = "fd00:1::1";
  n.internal = true;
  n.labels = {{"a", "b"}};
  n.options = {{"mtu", "1400"}};
  n.config_hash = "h";
  n.created = 4;
  ASSERT_FALSE(networks_.insert(n));
  EXPECT_EQ(networks_.find(n.id), n);
  EXPECT_EQ(networks_.find_by_name("shop_default"), n);
  ASSERT_EQ(networks_.of_project("shop").size(), 1U);
}

TEST_F(NetworksTest, NameAndOverlappingSubnetsAreRefusedWithTheirHolder) {
  ASSERT_FALSE(networks_.insert(network("a", "10.89.0.0/24", "fd00:1::/64")));
  EXPECT_EQ(networks_.insert(network("a", "10.90.0.0/24"))->what, NetworkConflict::What::Name);
  for (const char* overlap : {"10.89.0.0/24", "10.89.0.128/25", "10.88.0.0/13", "0.0.0.0/0"}) {
    const auto conflict = networks_.insert(network("b", overlap));
    ASSERT_TRUE(conflict) << overlap;
    EXPECT_EQ(conflict->what, NetworkConflict::What::Subnet);
    EXPECT_EQ(conflict->holder.name, "a");
  }
  EXPECT_TRUE(networks_.insert(network("b", "10.90.0.0/24", "fd00:1::/80")));
  EXPECT_FALSE(networks_.find_by_name("b"));
  EXPECT_FALSE(networks_.insert(network("b", "10.89.1.0/24", "fd00:2::/64")));
  EXPECT_FALSE(networks_.insert(network("none", std::nullopt)));
  EXPECT_FALSE(networks_.insert(network("none2", std::nullopt)));
}

TEST_F(NetworksTest, MalformedSubnetsAreNamed) {
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "10.0.0.1/24", "10.0.0/8", "x/8", "10.0.0.0/", "fd00::/129"})
    EXPECT_THROW((void)networks_.insert(network("n", bad)), Error) << bad;
}

TEST_F(NetworksTest, AddressIsLeasedOnceInANetwork) {
  ASSERT_FALSE(networks_.insert(network("a", "10.89.0.0/24")));
  ASSERT_FALSE(networks_.insert(network("b", "10.89.1.0/24")));
  const Lease lease{"id-a", ContainerId("c1"), "10.89.0.2", std::nullopt, "02:42:00:00:00:02"};
  ASSERT_TRUE(networks_.lease(lease));
  EXPECT_FALSE(networks_.lease({"id-a", ContainerId("c2"), "10.89.0.2", std::nullopt, "02:42:00:00:00:03"}));
  EXPECT_FALSE(networks_.lease({"id-a", ContainerId("c2"), "10.89.0.3", std::nullopt, "02:42:00:00:00:02"}));
  EXPECT_FALSE(networks_.lease({"id-a", ContainerId("c1"), "10.89.0.3", std::nullopt, "02:42:00:00:00:03"}));
  EXPECT_TRUE(networks_.lease({"id-b", ContainerId("c1"), "10.89.1.2", std::nullopt, "02:42:00:00:00:02"}));
  EXPECT_EQ(networks_.leases("id-a"), std::vector{lease});
  EXPECT_EQ(networks_.leases_of(ContainerId("c1")).size(), 2U);
  networks_.release("id-a", ContainerId("c1"));
  EXPECT_TRUE(networks_.lease({"id-a", ContainerId("c2"), "10.89.0.2", std::nullopt, "02:42:00:00:00:03"}));
  networks_.release_all(ContainerId("c1"));
  EXPECT_TRUE(networks_.leases_of(ContainerId("c1")).empty());
}

TEST_F(NetworksTest, LeasesGoWithTheirNetwork) {
  ASSERT_FALSE(networks_.insert(network("a", "10.89.0.0/24")));
  ASSERT_TRUE(networks_.lease({"id-a", ContainerId("c1"), "10.89.0.2", std::nullopt, "m"}));
  networks_.remove("id-a");
  EXPECT_TRUE(networks_.leases_of(ContainerId("c1")).empty());
  EXPECT_THROW((void)networks_.lease({"id-a", ContainerId("c1"), "10.89.0.2", std::nullopt, "m"}), Error);
}

TEST_F(NetworksTest, ProcessesThatChooseASubnetAtTheSameTimeGetDifferentOnes) {
  constexpr int kProcesses = 6;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      bool well = false;
      try {
        Database database = Database::open(dir_.path() / "davit.db");
        Networks networks(database);
        Transaction transaction(database);
        const auto free = "10.89." + std::to_string(networks.all().size()) + ".0/24";
        well = !networks.insert(network("n" + std::to_string(p), free)).has_value();
        transaction.commit();
      } catch (const Error&) {
        well = false;
      }
      _exit(well ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> subnets;
  for (const Network& n : networks_.all()) subnets.insert(*n.subnet_v4);
  EXPECT_EQ(subnets.size(), std::size_t{kProcesses});
}

TEST_F(NetworksTest, NeighboursAreRunningContainersOfOtherProjectsAndUsersAllThatHaveAnAddress) {
  const Network shared = network("shared", "10.89.0.0/24");
  const Network other = network("other", "10.90.0.0/24");
  ASSERT_FALSE(networks_.insert(shared));
  ASSERT_FALSE(networks_.insert(other));
  Containers containers(database_);
  const auto add = [&](const std::string& id, const std::string& project, ContainerState state, const Network& on,
                       const std::string& address) {
    Container c;
    c.id = ContainerId(id);
    c.name = project + "-" + id;
    c.project = project;
    c.spec_json = "{\"of\":\"" + id + "\"}";
    c.state = state;
    ASSERT_TRUE(containers.insert(c));
    ASSERT_TRUE(networks_.lease({on.id, c.id, address, std::nullopt, "mac-" + id}));
  };
  add("a", "blog", ContainerState::Running, shared, "10.89.0.2");
  add("b", "blog", ContainerState::Paused, shared, "10.89.0.3");
  add("c", "blog", ContainerState::Restarting, shared, "10.89.0.4");
  add("d", "shop", ContainerState::Running, shared, "10.89.0.5");
  add("e", "blog", ContainerState::Running, other, "10.90.0.2");
  const std::vector<Neighbour> expected{{ContainerId("a"), "blog-a", R"({"of":"a"})", "10.89.0.2", std::nullopt},
                                        {ContainerId("b"), "blog-b", R"({"of":"b"})", "10.89.0.3", std::nullopt}};
  EXPECT_EQ(networks_.neighbours(shared.id, "shop"), expected);
  EXPECT_EQ(networks_.neighbours(shared.id, "blog").size(), 1U);
  EXPECT_TRUE(networks_.neighbours(other.id, "blog").empty());
  EXPECT_EQ(networks_.users_elsewhere(shared.id, "shop"), (std::vector<std::string>{"blog-a", "blog-b", "blog-c"}));
  EXPECT_TRUE(networks_.users_elsewhere(other.id, "blog").empty());
}

}  // namespace
}  // namespace davit::state
