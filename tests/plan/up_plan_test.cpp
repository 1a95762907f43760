#include <gmock/gmock.h>

#include "davit/plan/make_plan.hpp"
#include "support/sample_project.hpp"

namespace davit::plan {
namespace {

using engine::ContainerState;
using engine::Health;
using model::DependencyCondition;
using test::SampleProject;

std::string up(const SampleProject& p) {
  return test::text_of(make_up_plan(p.project, p.observed, p.options));
}

std::string warnings(const SampleProject& p) {
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  std::string out;
  if (plan)
    for (const auto& w : plan->warnings) out += w.message + "\n";
  return out;
}

TEST(UpPlan, MakesNetworkVolumeAndContainersInOrderOfTheirNeed) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.add_volume("db", "data");
  p.depends("web", "db");
  EXPECT_EQ(up(p),
            "[] -> #1 network:default, CreateNetwork, no existing network\n"
            "[] -> #2 volume:data, CreateVolume, no existing volume\n"
            "[1,2] -> #3 service:db:1, CreateContainer, no existing container\n"
            "[1] -> #4 service:web:1, CreateContainer, no existing container\n"
            "[1,3] -> #5 service:db:1, StartContainer, new container\n"
            "[1,4,5] -> #6 service:web:1, StartContainer, new container\n");
}

TEST(UpPlan, IsEmptyWhenNothingChanged) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.add_volume("db", "data");
  p.depends("web", "db");
  p.observe_all();
  EXPECT_EQ(up(p), "");
  EXPECT_EQ(warnings(p), "");
}

TEST(UpPlan, NamesTheAttributeThatChanged) {
  SampleProject p;
  p.add("web");
  p.configure("web", R"({"image":"web-image","environment":{"DEBUG":"0"}})");
  p.observe_all();
  p.configure("web", R"({"image":"web-image","environment":{"DEBUG":"1"}})");
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:1, CreateContainer, config changed: environment.DEBUG\n"
            "[1] -> #2 service:web:1, StopContainer, is replaced\n"
            "[2] -> #3 service:web:1, RemoveContainer, is replaced\n"
            "[3] -> #4 service:web:1, RenameContainer, takes the place\n"
            "[4] -> #5 service:web:1, StartContainer, recreated container\n");
}

TEST(UpPlan, ContainersOfOtherOriginAreRecreatedWithoutDetails) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  p.observed.containers[0].labels.erase(label::kConfigKeys);
  p.observed.containers[0].labels[label::kConfigHash] = "of docker compose";
  EXPECT_THAT(up(p), ::testing::StartsWith("[] -> #1 service:web:1, CreateContainer, config changed\n"));
}

TEST(UpPlan, TheNewContainerIsMadeUnderAnotherNameAndInheritsVolumes) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  p.configure("web", "{}");
  auto plan = make_up_plan(p.project, p.observed, p.options);
  ASSERT_TRUE(plan);
  const auto& create = std::get<CreateContainer>(plan->step(1).operation);
  EXPECT_EQ(create.name, "web101234567_p-web-1");
  EXPECT_EQ(create.inherit_volumes_from, p.observed.containers[0].id);
  EXPECT_EQ(std::get<RenameContainer>(plan->step(4).operation).name, "p-web-1");

  p.options.anonymous_volumes = UpOptions::AnonymousVolumes::Renew;
  plan = make_up_plan(p.project, p.observed, p.options);
  EXPECT_EQ(std::get<CreateContainer>(plan->step(1).operation).inherit_volumes_from, std::nullopt);
}

TEST(UpPlan, AChangedImageRecreates) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  p.options.images["web-image"].id = ImageId("sha256:newer");
  EXPECT_THAT(up(p), ::testing::StartsWith("[] -> #1 service:web:1, CreateContainer, image changed\n"));
}

TEST(UpPlan, AnotherMountedVolumeOrNetworkRecreates) {
  SampleProject p;
  p.add("web");
  p.add_volume("web", "data");
  p.observe_all();
  p.observed.containers[0].mounts[0].source = "p_old";
  EXPECT_THAT(up(p), ::testing::HasSubstr("CreateContainer, volume 'p_data' is not mounted"));
  p.observed.containers[0].mounts[0].source = "p_data";
  p.observed.containers[0].networks[0].network = "p_other";
  EXPECT_THAT(up(p), ::testing::HasSubstr("CreateContainer, attached to p_other, not to p_default"));
}

TEST(UpPlan, RecreatePoliciesOfNamedServicesAndDependencies) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.depends("web", "db");
  p.observe_all();
  p.options.services = {"web"};
  p.options.recreate = Recreate::Force;
  EXPECT_THAT(up(p), ::testing::HasSubstr("service:web:1, CreateContainer, --force-recreate"));
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("service:db")));
  p.options.recreate_dependencies = Recreate::Force;
  EXPECT_THAT(up(p), ::testing::HasSubstr("service:db:1, CreateContainer, --always-recreate-deps"));
  p.options.recreate = p.options.recreate_dependencies = Recreate::Never;
  p.configure("web", "{}");
  EXPECT_EQ(up(p), "");
}

TEST(UpPlan, StoppedContainersAreStartedAgain) {
  SampleProject p;
  p.add("job");
  p.observe_networks();
  p.observe("job", 1, ContainerState::Exited).exit_code = 3;
  EXPECT_EQ(up(p), "[] -> #1 service:job:1, StartContainer, not running: exited (3)\n");
}

TEST(UpPlan, ConditionsAreAwaitedOncePerDependency) {
  SampleProject p;
  p.add("db");
  p.add("migrate");
  p.add("api");
  p.depends("migrate", "db", DependencyCondition::Healthy);
  p.depends("api", "db", DependencyCondition::Healthy);
  p.depends("api", "migrate", DependencyCondition::CompletedSuccessfully);
  EXPECT_EQ(up(p),
            "[] -> #1 network:default, CreateNetwork, no existing network\n"
            "[1] -> #2 service:db:1, CreateContainer, no existing container\n"
            "[1] -> #3 service:migrate:1, CreateContainer, no existing container\n"
            "[1] -> #4 service:api:1, CreateContainer, no existing container\n"
            "[1,2] -> #5 service:db:1, StartContainer, new container\n"
            "[5] -> #6 service:db, WaitFor healthy, 'migrate' depends on it\n"
            "[1,3,6] -> #7 service:migrate:1, StartContainer, new container\n"
            "[7] -> #8 service:migrate, WaitFor completed, 'api' depends on it\n"
            "[1,4,6,8] -> #9 service:api:1, StartContainer, new container\n");
}

TEST(UpPlan, AnOptionalDependencyIsTolerated) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.depends("web", "db", DependencyCondition::Healthy);
  p.project.services["web"].depends_on["db"].required = false;
  EXPECT_THAT(up(p), ::testing::HasSubstr("[1,3,5?] -> #6 service:web:1, StartContainer"));
}

TEST(UpPlan, WhatIsHealthyAlreadyIsNotAwaited) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.depends("web", "db", DependencyCondition::Healthy);
  p.observe_networks();
  p.observe("db").health = Health::Healthy;
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:1, CreateContainer, no existing container\n"
            "[1] -> #2 service:web:1, StartContainer, new container\n");
}

TEST(UpPlan, WhatRunsAlreadyHasItsConditionsToo) {
  SampleProject p;
  p.add("db");
  p.add("job");
  p.add("web");
  p.depends("web", "db", DependencyCondition::Healthy);
  p.depends("web", "job", DependencyCondition::CompletedSuccessfully);
  p.observe_networks();
  p.observe("db").health = Health::Unhealthy;
  p.observe("job", 1, ContainerState::Exited);
  p.observe("web");
  EXPECT_EQ(up(p),
            "[] -> #1 service:job:1, StartContainer, not running: exited (0)\n"
            "[] -> #2 service:db, WaitFor healthy, 'web' depends on it\n"
            "[1] -> #3 service:job, WaitFor completed, 'web' depends on it\n");
  p.project.services["web"].depends_on["db"].required = false;
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("service:db")));
  p.project.services["web"].scale = 0;
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("WaitFor")));
}

TEST(UpPlan, NothingThatRunsIsReplacedBeforeTheImagesAreThere) {
  SampleProject p;
  p.add("api");
  p.add("web").build.emplace();
  p.project.services["web"].image.clear();
  p.observe_networks();
  p.observe("api");
  p.configure("api", "{}");
  EXPECT_THAT(up(p), ::testing::HasSubstr("[] -> #1 image:p-web, BuildImage, image is not on this machine\n"
                                          "[1] -> #2 service:api:1, CreateContainer, config changed: image\n"));
}

TEST(UpPlan, WithoutDependenciesNothingOfThemIsTouchedOrAwaited) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.depends("web", "db", DependencyCondition::Healthy);
  p.options.services = {"web"};
  p.options.dependencies = Dependencies::Without;
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("service:db")));
}

TEST(UpPlan, DependantsAreRestartedOnlyWithRestartTrue) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.add("other");
  p.depends("web", "db");
  p.depends("other", "db");
  p.project.services["web"].depends_on["db"].restart = true;
  p.observe_all();
  p.configure("db", "{}");
  EXPECT_EQ(up(p),
            "[] -> #1 service:db:1, CreateContainer, config changed: image\n"
            "[] -> #2 service:web:1, StopContainer, dependency 'db' is recreated\n"
            "[1,2?] -> #3 service:db:1, StopContainer, is replaced\n"
            "[3] -> #4 service:db:1, RemoveContainer, is replaced\n"
            "[4] -> #5 service:db:1, RenameContainer, takes the place\n"
            "[5] -> #6 service:db:1, StartContainer, recreated container\n"
            "[2,6] -> #7 service:web:1, StartContainer, dependency 'db' is recreated\n");
}

TEST(UpPlan, SharersOfANamespaceAreRecreatedWithIt) {
  SampleProject p;
  p.add("vpn");
  auto& app = p.add("app");
  app.networks.clear();
  app.network_mode = "service:vpn";
  p.depends("app", "vpn");
  p.observe_all();
  p.observed.containers[0].labels[label::kDonors] = "vpn=vpn10123456789abcdef";
  EXPECT_EQ(up(p), "");
  p.configure("vpn", "{}");
  EXPECT_THAT(up(p), ::testing::HasSubstr("[1] -> #2 service:app:1, CreateContainer, its network_mode is that of "
                                          "service 'vpn', which is recreated\n"));
}

TEST(UpPlan, ASharerNoticesThatItsDonorWasReplacedBefore) {
  SampleProject p;
  p.add("vpn");
  auto& app = p.add("app");
  app.networks.clear();
  app.network_mode = "service:vpn";
  p.depends("app", "vpn");
  p.observe_all();
  p.observed.containers[0].labels[label::kDonors] = "vpn=gone";
  EXPECT_THAT(up(p),
              ::testing::HasSubstr("CreateContainer, a container it shares a namespace or volumes with was recreated"));
}

TEST(UpPlan, VolumesOfAServiceComeAfterItsContainerAndGoWithIt) {
  SampleProject p;
  p.add("src");
  model::Service& use = p.add("use");
  use.volumes_from = {"src:ro", "container:other", "container:third:ro"};
  p.depends("use", "src");
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  ASSERT_TRUE(plan) << test::text_of(plan);
  const CreateContainer* create = nullptr;
  for (const Step& step : plan->steps)
    if (const auto* found = std::get_if<CreateContainer>(&step.operation); found && found->service->name == "use")
      create = found;
  ASSERT_NE(create, nullptr);
  using Access = engine::VolumesFrom::Access;
  const std::vector<CreateContainer::VolumesOf> expected{
      {"src", "", Access::ReadOnly}, {"", "other", Access::AsThere}, {"", "third", Access::ReadOnly}};
  EXPECT_EQ(create->volumes_from, expected);
  ASSERT_EQ(create->donors.size(), 1U);
  EXPECT_EQ(create->donors[0].first, "src");

  p.observe_all();
  p.observed.containers[1].labels[label::kDonors] = "src=" + p.observed.containers[0].id.str();
  EXPECT_EQ(up(p), "");
  p.configure("src", R"({"image":"other"})");
  EXPECT_THAT(up(p), ::testing::HasSubstr("service:use:1, CreateContainer, its volumes_from is that of service 'src', "
                                          "which is recreated"));
}

TEST(UpPlan, BuildsBeforeCreatingAndDecidesAboutRecreationByTheResult) {
  SampleProject p;
  p.add("db");
  auto& web = p.add("web");
  p.options.images.erase(web.image);
  web.image.clear();
  web.build.emplace();
  EXPECT_EQ(up(p),
            "[] -> #1 image:p-web, BuildImage, image is not on this machine\n"
            "[] -> #2 network:default, CreateNetwork, no existing network\n"
            "[2] -> #3 service:db:1, CreateContainer, no existing container\n"
            "[1,2] -> #4 service:web:1, CreateContainer, no existing container\n"
            "[2,3] -> #5 service:db:1, StartContainer, new container\n"
            "[2,4] -> #6 service:web:1, StartContainer, new container\n");

  p.options.images["p-web"] = SampleProject::image("sha256:web");
  p.observe_all();
  EXPECT_EQ(up(p), "");
  p.options.build = UpOptions::Build::Always;
  EXPECT_EQ(up(p),
            "[] -> #1 image:p-web, BuildImage, --build\n"
            "[1] -> #2 service:web:1, CreateContainer, image changed, if image 'p-web' changed\n"
            "[2] -> #3 service:web:1, StopContainer, is replaced, if image 'p-web' changed\n"
            "[3] -> #4 service:web:1, RemoveContainer, is replaced, if image 'p-web' changed\n"
            "[4] -> #5 service:web:1, RenameContainer, takes the place, if image 'p-web' changed\n"
            "[5] -> #6 service:web:1, StartContainer, recreated container, if image 'p-web' changed\n");
}

TEST(UpPlan, MissingImagesAreErrorsWithAWayOut) {
  SampleProject p;
  p.add("web");
  p.options.images.clear();
  EXPECT_EQ(up(p),
            "error: image 'web-image' of service 'web' is not on this machine, and pulling from a registry is not "
            "supported yet\n");
  p.project.services["web"].pull_policy = model::PullPolicy::Never;
  EXPECT_EQ(up(p),
            "error: image 'web-image' of service 'web' is not on this machine, and its pull policy is 'never'\n");
  p.project.services["web"].build.emplace();
  p.options.build = UpOptions::Build::Never;
  EXPECT_EQ(up(p),
            "error: image 'web-image' of service 'web' is not on this machine, and building it is forbidden by "
            "'--no-build'\n");
}

TEST(UpPlan, PullsWhereThatIsPossible) {
  SampleProject p;
  p.add("web");
  p.options.images.clear();
  p.options.pulling = UpOptions::Pulling::Supported;
  EXPECT_THAT(up(p), ::testing::StartsWith("[] -> #1 image:web-image, PullImage, image is not on this machine\n"));
}

TEST(UpPlan, ScalesUpFromTheHighestNumber) {
  SampleProject p;
  p.add("web");
  p.observe_networks();
  p.observe("web", 2);
  p.options.scale["web"] = 3;
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:3, CreateContainer, no existing container\n"
            "[] -> #2 service:web:4, CreateContainer, no existing container\n"
            "[1] -> #3 service:web:3, StartContainer, new container\n"
            "[2] -> #4 service:web:4, StartContainer, new container\n");
}

TEST(UpPlan, ScalesDownOutdatedContainersFirstThenTheHighestNumbers) {
  SampleProject p;
  p.add("web");
  p.observe_networks();
  for (int i = 1; i <= 4; ++i) p.observe("web", i);
  p.observed.containers[1].labels[label::kConfigHash] = "old";
  p.options.scale["web"] = 2;
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:4, StopContainer, scaled down to 2\n"
            "[1] -> #2 service:web:4, RemoveContainer, scaled down to 2\n"
            "[] -> #3 service:web:2, StopContainer, scaled down to 2\n"
            "[3] -> #4 service:web:2, RemoveContainer, scaled down to 2\n");
}

TEST(UpPlan, ScaleAgainstAFixedNameOrPortIsAnError) {
  SampleProject p;
  p.add("web").container_name = "web";
  p.add("api").ports.push_back({.target = 80, .published = model::PortRange{8080, 8080}});
  p.options.scale = {{"web", 2}, {"api", 3}, {"ghost", 1}};
  EXPECT_EQ(up(p),
            "error: service 'web' cannot have 2 containers: 'container_name' gives all of them the name 'web'\n"
            "error: no such service: ghost\n"
            "error: service 'api' is to have 3 containers, but all of them would publish port 8080\n");
}

TEST(UpPlan, TwoServicesOnOneHostPortAreAnError) {
  SampleProject p;
  const model::Port port{.target = 80, .published = model::PortRange{8080, 8080}};
  p.add("a").ports.push_back(port);
  p.add("b").ports.push_back(port);
  EXPECT_EQ(up(p), "error: services 'a' and 'b' both publish port 8080/tcp\n");
  p.project.services["a"].ports[0].host_ip = "127.0.0.1";
  p.project.services["b"].ports[0].host_ip = "127.0.0.2";
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("error")));
}

TEST(UpPlan, OneServiceOnOneHostPortTwiceIsAnError) {
  SampleProject p;
  auto& ports = p.add("a").ports;
  const model::PortRange published{8080, 8080};
  const std::string twice = "error: service 'a' publishes port 8080/tcp twice\n";
  ports = {{.target = 80, .published = published}, {.target = 81, .published = published}};
  EXPECT_EQ(up(p), twice);
  ports[1].host_ip = "127.0.0.2";
  EXPECT_EQ(up(p), twice) << "without an address it is all of them";
  ports[0].host_ip = "0.0.0.0";
  EXPECT_EQ(up(p), twice);
  ports[1].host_ip = "::";
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("error"))) << "of two families";
  ports[0].host_ip = "127.0.0.1";
  ports[1].host_ip = "127.0.0.2";
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("error")));
}

TEST(UpPlan, ARangeHasAPortForEachContainer) {
  SampleProject p;
  p.add("a").ports.push_back({.target = 80, .published = model::PortRange{8080, 8082}});
  p.options.scale = {{"a", 4}};
  EXPECT_EQ(up(p), "error: service 'a' is to have 4 containers, but the range 8080-8082 has 3 ports\n");
  p.options.scale = {{"a", 3}};
  EXPECT_THAT(up(p), ::testing::Not(::testing::HasSubstr("error")));
}

TEST(UpPlan, AChangedNetworkIsReplacedAndItsContainersAreKept) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.depends("web", "db");
  p.observe_all();
  p.project.networks["default"].internal = true;
  EXPECT_EQ(up(p),
            "[] -> #1 service:db:1, StopContainer, network 'p_default' is recreated\n"
            "[] -> #2 service:web:1, StopContainer, network 'p_default' is recreated\n"
            "[1,2] -> #3 network:default, RemoveNetwork, network configuration changed\n"
            "[3] -> #4 network:default, CreateNetwork, network configuration changed\n"
            "[1,4] -> #5 service:db:1, StartContainer, network 'p_default' is recreated\n"
            "[2,4,5] -> #6 service:web:1, StartContainer, network 'p_default' is recreated\n");
}

TEST(UpPlan, AChangedNetworkTakesContainersThatAreRecreatedAnyway) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  p.project.networks["default"].internal = true;
  p.configure("web", "{}");
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:1, CreateContainer, config changed: image\n"
            "[1] -> #2 service:web:1, StopContainer, is replaced\n"
            "[2] -> #3 network:default, RemoveNetwork, network configuration changed\n"
            "[3] -> #4 network:default, CreateNetwork, network configuration changed\n"
            "[2] -> #5 service:web:1, RemoveContainer, is replaced\n"
            "[5] -> #6 service:web:1, RenameContainer, takes the place\n"
            "[4,6] -> #7 service:web:1, StartContainer, recreated container\n");
}

TEST(UpPlan, AChangedVolumeKeepsItsDataAndWarns) {
  SampleProject p;
  p.add("db");
  p.add_volume("db", "data");
  p.observe_all();
  p.project.volumes["data"].labels["new"] = "label";
  EXPECT_EQ(up(p), "");
  EXPECT_EQ(warnings(p),
            "volume 'p_data' exists but doesn't match configuration in compose file; it is used as it is\n");
}

TEST(UpPlan, AChangedVolumeIsMadeAnewWhenTheUserSaysSo) {
  SampleProject p;
  p.add("db");
  p.add("web");
  p.add_volume("db", "data");
  p.depends("web", "db");
  p.observe_all();
  p.project.volumes["data"].labels["x"] = "y";
  const auto kept = make_up_plan(p.project, p.observed, p.options);
  EXPECT_TRUE(kept->empty());
  EXPECT_EQ(kept->changed_volumes, std::vector<std::string>{"p_data"});
  p.options.recreate_volumes = {"p_data"};
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  EXPECT_EQ(test::text_of(plan),
            "[] -> #1 service:db:1, StopContainer, volume 'p_data' is recreated\n"
            "[1] -> #2 service:db:1, RemoveContainer, volume 'p_data' is recreated\n"
            "[2] -> #3 volume:data, RemoveVolume, volume configuration changed\n"
            "[3] -> #4 volume:data, CreateVolume, volume configuration changed\n"
            "[2,4] -> #5 service:db:1, CreateContainer, no existing container\n"
            "[5] -> #6 service:db:1, StartContainer, new container\n");
  EXPECT_TRUE(plan->changed_volumes.empty());
}

TEST(UpPlan, AChangedNetworkIsNotReplacedUnderARunningOneOff) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  auto& one_off = p.observe("web");
  one_off.one_off = true;
  one_off.name = "p-web-run-0123456789ab";
  p.project.networks["default"].internal = true;
  EXPECT_EQ(test::text_of(make_up_plan(p.project, p.observed, p.options)),
            "error: network 'p_default' has changed and cannot be made anew while the one-off container "
            "'p-web-run-0123456789ab' runs on it\n");
  one_off.state = ContainerState::Exited;
  EXPECT_TRUE(make_up_plan(p.project, p.observed, p.options));
}

TEST(UpPlan, ExternalResourcesMustExist) {
  SampleProject p;
  p.add("web");
  p.add_volume("web", "data");
  p.project.networks["default"].external = true;
  p.project.volumes["data"].external = true;
  EXPECT_EQ(up(p),
            "error: network 'p_default' declared as external, but could not be found\n"
            "error: volume 'p_data' declared as external, but could not be found\n");
  p.observed.networks.push_back({.name = "p_default", .project = "", .labels = {}});
  p.observed.volumes.push_back({.name = "p_data", .project = "", .labels = {}});
  EXPECT_THAT(up(p), ::testing::StartsWith("[] -> #1 service:web:1, CreateContainer"));
}

TEST(UpPlan, OrphansAreReportedOrRemovedButDisabledServicesAreNone) {
  SampleProject p;
  p.add("web");
  p.add("old");
  p.add("debug");
  p.observe_all();
  p.project.services.erase("old");
  p.project.disabled_services["debug"] = p.project.services["debug"];
  p.project.services.erase("debug");
  EXPECT_EQ(up(p), "");
  EXPECT_THAT(warnings(p), ::testing::StartsWith("Found orphan containers ([p-old-1]) for this project."));
  p.options.orphans = Orphans::Remove;
  EXPECT_EQ(up(p),
            "[] -> #1 service:old:1, StopContainer, its service is not in the project\n"
            "[1] -> #2 service:old:1, RemoveContainer, its service is not in the project\n");
  EXPECT_EQ(warnings(p), "");
  p.options.orphans = Orphans::Ignore;
  EXPECT_EQ(warnings(p), "");
}

TEST(UpPlan, WaitAwaitsEveryNamedServiceAndAcceptsCompletionWhereSomebodyAwaitsIt) {
  SampleProject p;
  p.add("job");
  p.add("web");
  p.depends("web", "job", DependencyCondition::CompletedSuccessfully);
  p.options.wait = UpOptions::Wait::Yes;
  EXPECT_THAT(up(p), ::testing::HasSubstr("[4] -> #7 service:job, WaitFor up or completed, --wait\n"
                                          "[6] -> #8 service:web, WaitFor up, --wait\n"));
}

TEST(UpPlan, CreateStartsNothing) {
  SampleProject p;
  p.add("web");
  p.options.start = UpOptions::Start::No;
  EXPECT_EQ(up(p),
            "[] -> #1 network:default, CreateNetwork, no existing network\n"
            "[1] -> #2 service:web:1, CreateContainer, no existing container\n");
}

TEST(UpPlan, AnInterruptedSwapIsFinished) {
  SampleProject p;
  p.add("web");
  p.observe_all();
  auto leftover = p.observed.containers[0];
  leftover.id = ContainerId("fresh");
  leftover.name = "web101234567_p-web-1";
  leftover.state = ContainerState::Created;
  leftover.labels[label::kReplace] = p.observed.containers[0].id.str();
  p.observed.containers.push_back(leftover);
  EXPECT_EQ(up(p), "[] -> #1 service:web:1, RemoveContainer, left over from an interrupted recreation\n");

  p.observed.containers.erase(p.observed.containers.begin());
  EXPECT_EQ(up(p),
            "[] -> #1 service:web:1, RenameContainer, its recreation was interrupted\n"
            "[1] -> #2 service:web:1, StartContainer, not running\n");
}

TEST(UpPlan, UnknownServicesGetASuggestion) {
  SampleProject p;
  p.add("web");
  p.options.services = {"wbe"};
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().items()[0].message, "no such service: wbe");
  EXPECT_EQ(plan.error().items()[0].hint, "did you mean 'web'?");
}

TEST(UpPlan, StepsKnowTheLineThatAskedForThem) {
  SampleProject p;
  p.add("web");
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  EXPECT_EQ(plan->step(2).where.to_string(), "compose.yaml:10:3");
}

TEST(UpPlan, UnsupportedKeysAreAllNamedAtOnce) {
  SampleProject p;
  p.add("web").cgroup = "host";
  p.add("api").gpus.emplace_back();
  p.add("worker").cgroup_parent = "m-executor-abcd";
  EXPECT_EQ(up(p),
            "error: 'cgroup' of service 'web' is not supported yet\n"
            "error: 'gpus' of service 'api' is not supported yet\n"
            "error: 'cgroup_parent' of service 'worker' is not supported yet\n");
}

TEST(UpPlan, AThousandServicesInAChainArePlanned) {
  SampleProject p;
  for (int i = 0; i < 1000; ++i) p.add("s" + std::to_string(i));
  for (int i = 1; i < 1000; ++i)
    p.depends("s" + std::to_string(i), "s" + std::to_string(i - 1), DependencyCondition::Healthy);
  const auto plan = make_up_plan(p.project, p.observed, p.options);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps.size(), 1U + 1000U + 1000U + 999U);
}

}  // namespace
}  // namespace davit::plan
