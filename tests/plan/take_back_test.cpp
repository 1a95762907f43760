#include "davit/plan/take_back.hpp"

#include <gmock/gmock.h>

#include "support/sample_project.hpp"

namespace davit::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Plan creating(const std::vector<std::string>& networks) {
  Plan plan;
  for (const std::string& name : networks) {
    engine::NetworkSpec spec;
    spec.name = name;
    plan.steps.push_back({.operation = CreateNetwork{std::move(spec)}});
  }
  return plan;
}

engine::Observed with_networks(const std::vector<std::string>& names) {
  engine::Observed observed;
  for (const std::string& name : names) {
    observed.networks.emplace_back();
    observed.networks.back().name = name;
  }
  return observed;
}

TEST(TakeBack, TakesWhatThePlanMadeAndNothingElse) {
  EXPECT_THAT(networks_to_take_back(creating({"p_front", "p_back"}), with_networks({"p_back", "p_older"})),
              ElementsAre("p_back"));
}

TEST(TakeBack, LeavesAllWhenThereIsAContainer) {
  engine::Observed observed = with_networks({"p_back"});
  observed.containers.emplace_back();
  EXPECT_THAT(networks_to_take_back(creating({"p_back"}), observed), IsEmpty());
}

}  // namespace
}  // namespace davit::plan
