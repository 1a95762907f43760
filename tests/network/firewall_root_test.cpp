#include <nftables/libnftables.h>

#include <memory>

#include "davit/base/error.hpp"
#include "davit/network/firewall.hpp"
#include "network/test_host.hpp"

namespace davit::network {
namespace {

using namespace testing;

const Scope kShop{"aabbccdd", "shop"};
const Scope kBlog{"aabbccdd", "blog"};

class FirewallRoot : public TestHost {
 protected:
  std::string nft(const std::string& commands) {
    nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
    nft_ctx_buffer_output(context);
    nft_ctx_buffer_error(context);
    const int status = nft_run_cmd_from_buffer(context, commands.c_str());
    std::string output = nft_ctx_get_output_buffer(context);
    if (status != 0) ADD_FAILURE() << nft_ctx_get_error_buffer(context);
    nft_ctx_free(context);
    return output;
  }
};

FirewallState one_network(const std::string& bridge, const std::string& subnet) {
  FirewallState state;
  state.networks = {{bridge, {net(subnet)}, Reach::Outside}};
  return state;
}

TEST_F(FirewallRoot, ProjectsDoNotTouchEachOther) {
  Firewall shop(kShop);
  Firewall blog(kBlog);
  shop.apply(one_network("dv1", "10.1.0.0/24"));
  blog.apply(one_network("dv2", "10.2.0.0/24"));
  const std::string both = nft("list ruleset");
  shop.remove();
  const std::string left = nft("list ruleset");
  EXPECT_NE(both.find("dv1"), std::string::npos);
  EXPECT_EQ(left.find("dv1"), std::string::npos);
  EXPECT_NE(left.find("dv2"), std::string::npos);
  EXPECT_FALSE(Firewall::exists(kShop));
  EXPECT_TRUE(Firewall::exists(kBlog));
  blog.remove();
  EXPECT_EQ(nft("list ruleset"), "");
}

TEST_F(FirewallRoot, ApplyingTwiceIsTheSameAsOnce) {
  Firewall shop(kShop);
  auto state = one_network("dv1", "10.1.0.0/24");
  state.networks[0].subnets.push_back(net("fd01::/64"));
  state.ports = {{Protocol::Tcp, ip("0.0.0.0"), 80, ip("10.1.0.2"), 8080},
                 {Protocol::Udp, ip("::"), 53, ip("fd01::2"), 53},
                 {Protocol::Tcp, ip("127.0.0.1"), 81, ip("10.1.0.2"), 8080}};
  shop.apply(state);
  const std::string once = nft("list ruleset");
  shop.apply(state);
  EXPECT_EQ(nft("list ruleset"), once);
  EXPECT_NE(once.find("dnat ip6 to udp dport map { 53 : fd01::2 . 53 }"), std::string::npos) << once;
}

TEST_F(FirewallRoot, RefusedChangeLeavesTheOldRules) {
  Firewall shop(kShop);
  shop.apply(one_network("dv1", "10.1.0.0/24"));
  const std::string before = nft("list ruleset");
  EXPECT_THROW(shop.apply(one_network("a name that is too long for a link", "10.1.0.0/24")), Error);
  EXPECT_EQ(nft("list ruleset"), before);
}

TEST_F(FirewallRoot, HostChainsAreOpenedAndClosedAgain) {
  nft("table ip filter {\n chain DOCKER-USER {\n}\n"
      " chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER\n }\n}\n"
      "table inet mine { chain pass { type filter hook forward priority 5; policy drop; }\n}\n");
  const std::string before = nft("list ruleset");
  Firewall shop(kShop);
  Firewall blog(kBlog);
  shop.apply(one_network("dv1", "10.1.0.0/24"));
  blog.apply(one_network("dv2", "10.2.0.0/24"));
  const std::string open = nft("list chain ip filter DOCKER-USER");
  for (const char* rule : {"iifname \"dv1\"", "oifname \"dv1\"", "iifname \"dv2\"", "oifname \"dv2\""}) {
    EXPECT_NE(open.find(rule), std::string::npos) << rule;
  }
  shop.apply(one_network("dv3", "10.3.0.0/24"));
  const std::string changed = nft("list chain ip filter DOCKER-USER");
  EXPECT_EQ(changed.find("dv1"), std::string::npos);
  EXPECT_NE(changed.find("dv3"), std::string::npos);
  EXPECT_NE(changed.find("dv2"), std::string::npos);
  shop.remove();
  Firewall(kBlog).remove();  // by another process than the one that made them
  EXPECT_EQ(nft("list ruleset"), before);
}

TEST_F(FirewallRoot, DiagnosisNamesWhatDrops) {
  EXPECT_TRUE(Firewall(kShop).diagnose().empty());
  nft("table inet mine { chain pass { type filter hook forward priority 5; policy drop; }\n}\n");
  const auto found = Firewall(kShop).diagnose();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].message, "the firewall chain 'inet mine pass' of this host drops forwarded packets");
  EXPECT_EQ(found[0].hint, "let packets of interfaces 'dv*' through it, in and out");
  EXPECT_FALSE(Firewall::unavailable());
}

}  // namespace
}  // namespace davit::network
