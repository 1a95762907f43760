// down, stop, start, restart, kill, rm, pause, run.

#include <gmock/gmock.h>

#include "davit/plan/places.hpp"
#include "support/sample_project.hpp"

namespace davit::plan {
namespace {

using engine::ContainerState;
using test::SampleProject;
using test::text_of;
using ::testing::HasSubstr;
using ::testing::Not;

std::string down(const SampleProject& p, const DownOptions& options = {}) {
  return text_of(make_down_plan(p.project, p.observed, options));
}

std::string warnings(const Result<Plan, Diagnostics>& plan) {
  std::string out;
  for (const auto& w : plan->warnings) out += w.message + "\n";
  return out;
}

/// db <- api <- web, up.
SampleProject chain() {
  SampleProject p;
  p.add("db");
  p.add("api");
  p.add("web");
  p.depends("api", "db");
  p.depends("web", "api");
  p.observe_all();
  return p;
}

TEST(DownPlan, StopsDependantsFirstAndRemovesTheNetworkLast) {
  EXPECT_EQ(down(chain()),
            "[] -> #1 service:web:1, StopContainer, down\n"
            "[1?] -> #2 service:api:1, StopContainer, down\n"
            "[2] -> #3 service:api:1, RemoveContainer, down\n"
            "[2?] -> #4 service:db:1, StopContainer, down\n"
            "[4] -> #5 service:db:1, RemoveContainer, down\n"
            "[1] -> #6 service:web:1, RemoveContainer, down\n"
            "[3,5,6] -> #7 network:default, RemoveNetwork, down\n");
}

TEST(DownPlan, OfNothingIsEmpty) {
  SampleProject p;
  p.add("web");
  EXPECT_TRUE(make_down_plan(p.project, p.observed, {})->empty());
}

TEST(DownPlan, ServicesOfInactiveProfilesAreLeftAloneWithAWarning) {
  SampleProject p = chain();
  auto web = p.project.services.extract("web");
  web.mapped().profiles = {"debug"};
  p.project.disabled_services.insert(std::move(web));
  const auto plan = make_down_plan(p.project, p.observed, {});
  EXPECT_THAT(plan->to_string(), Not(HasSubstr("service:web")));
  EXPECT_THAT(plan->to_string(), Not(HasSubstr("RemoveNetwork")));
  EXPECT_EQ(warnings(plan),
            "left alone, because no profile of theirs is active: p-web-1\n"
            "Network p_default Resource is still in use\n");
}

TEST(DownPlan, NamedServicesAloneKeepTheNetworkInUse) {
  const SampleProject p = chain();
  const auto plan = make_down_plan(p.project, p.observed, {.services = {"web"}});
  EXPECT_EQ(plan->to_string(),
            "[] -> #1 service:web:1, StopContainer, down\n"
            "[1] -> #2 service:web:1, RemoveContainer, down\n");
  EXPECT_EQ(warnings(plan), "Network p_default Resource is still in use\n");
}

TEST(DownPlan, VolumesGoOnlyWhenAskedAndExternalOnesNever) {
  SampleProject p;
  p.add("db");
  p.add_volume("db", "data");
  p.add_volume("db", "shared");
  p.observe_all();
  p.project.volumes["shared"].external = true;
  p.observed.volumes.push_back({.name = "forgotten", .project = "p", .anonymous = true, .labels = {}});
  p.observed.volumes.push_back({.name = "p_foreign", .project = "other", .labels = {}});
  EXPECT_THAT(down(p), Not(HasSubstr("RemoveVolume")));
  const std::string text = down(p, {.volumes = DownOptions::Volumes::Remove});
  EXPECT_THAT(text, HasSubstr("volume:data, RemoveVolume, down --volumes"));
  EXPECT_THAT(text, HasSubstr("volume:forgotten, RemoveVolume"));
  EXPECT_THAT(text, Not(HasSubstr("shared")));
  EXPECT_THAT(text, Not(HasSubstr("foreign")));
}

TEST(DownPlan, VolumesThatTheFileDoesNotNameStay) {
  SampleProject p;
  p.add("db");
  p.add_volume("db", "data");
  p.observe_all();
  p.observed.volumes.push_back({.name = "p_old", .key = "old", .project = "p", .labels = {}});
  const std::string text = down(p, {.volumes = DownOptions::Volumes::Remove});
  EXPECT_THAT(text, HasSubstr("volume:data, RemoveVolume"));
  EXPECT_THAT(text, Not(HasSubstr("old")));
}

TEST(DownPlan, NamedServicesTakeTheirOwnVolumesOnly) {
  SampleProject p;
  p.add("db");
  p.add_volume("db", "data");
  p.add("other");
  p.add_volume("other", "theirs");
  p.observe("db");
  p.observed.volumes.push_back({.name = "p_data", .key = "data", .project = "p", .labels = {}});
  p.observed.volumes.push_back({.name = "p_theirs", .key = "theirs", .project = "p", .labels = {}});
  const std::string text = down(p, {.services = {"db"}, .volumes = DownOptions::Volumes::Remove});
  EXPECT_THAT(text, HasSubstr("volume:data, RemoveVolume"));
  EXPECT_THAT(text, Not(HasSubstr("theirs")));
}

TEST(DownPlan, ANetworkThatAnotherProjectUsesStays) {
  SampleProject p = chain();
  for (auto& network : p.observed.networks) network.users_elsewhere = {"blog-web-1"};
  const auto plan = make_down_plan(p.project, p.observed, {});
  EXPECT_THAT(plan->to_string(), Not(HasSubstr("RemoveNetwork")));
  EXPECT_EQ(warnings(plan), "Network p_default Resource is still in use\n");
}

TEST(DownPlan, ImagesLocalAndAll) {
  SampleProject p;
  p.add("built").image.clear();
  p.add("pulled");
  p.observe("pulled");
  EXPECT_THAT(down(p, {.images = DownOptions::Images::Local}), HasSubstr("image:p-built, RemoveImage"));
  EXPECT_THAT(down(p, {.images = DownOptions::Images::Local}), Not(HasSubstr("pulled-image")));
  EXPECT_THAT(down(p, {.images = DownOptions::Images::All}), HasSubstr("image:pulled-image, RemoveImage"));
}

TEST(DownPlan, OneOffsAndOrphansStayUnlessAskedFor) {
  SampleProject p = chain();
  p.observe("web").one_off = true;
  p.observed.containers.back().name = "p-web-run-1";
  p.observed.containers.back().id = ContainerId("oneoff");
  p.observe("db").service = "old";
  p.observed.containers.back().id = ContainerId("old");
  const auto plan = make_down_plan(p.project, p.observed, {});
  EXPECT_THAT(plan->to_string(), Not(HasSubstr("old")));
  EXPECT_THAT(warnings(plan), HasSubstr("Found orphan containers"));
  EXPECT_THAT(warnings(plan), HasSubstr("Network p_default Resource is still in use"));
  const auto all = make_down_plan(p.project, p.observed, {.orphans = Orphans::Remove});
  EXPECT_THAT(all->to_string(), HasSubstr("service:old:1, RemoveContainer"));
  EXPECT_EQ(all->slots.size(), 5U);
  EXPECT_THAT(all->to_string(), HasSubstr("RemoveNetwork"));
}

TEST(DownPlan, WorksFromLabelsAlone) {
  SampleProject p = chain();
  for (auto& c : p.observed.containers)
    if (c.service == "api") c.labels[label::kDependsOn] = "db:service_healthy:true";
  p.observed.containers[0].labels[label::kWorkingDir] = "/w";
  const model::Project project = project_from("p", p.observed);
  EXPECT_EQ(project.services.at("api").depends_on.at("db").condition, model::DependencyCondition::Healthy);
  EXPECT_TRUE(project.services.at("api").depends_on.at("db").restart);
  const auto plan = make_down_plan(project, p.observed, {});
  EXPECT_THAT(plan->to_string(), HasSubstr("[1?] -> #3 service:db:1, StopContainer"));
  EXPECT_THAT(plan->to_string(), HasSubstr("network:default, RemoveNetwork"));
}

TEST(StopPlan, StopsTheNamedOnesAndLeavesDependencies) {
  const SampleProject p = chain();
  EXPECT_EQ(text_of(make_stop_plan(p.project, p.observed, {.services = {"api"}})),
            "[] -> #1 service:api:1, StopContainer, stop\n");
  EXPECT_EQ(text_of(make_stop_plan(p.project, p.observed, {})),
            "[] -> #1 service:web:1, StopContainer, stop\n"
            "[1?] -> #2 service:api:1, StopContainer, stop\n"
            "[2?] -> #3 service:db:1, StopContainer, stop\n");
}

TEST(StartPlan, StartsWhatIsDownInOrderWithItsDependencies) {
  SampleProject p = chain();
  for (auto& c : p.observed.containers) c.state = ContainerState::Exited;
  EXPECT_EQ(text_of(make_start_plan(p.project, p.observed, {.services = {"api"}})),
            "[] -> #1 service:db:1, StartContainer, not running: exited (0)\n"
            "[1] -> #2 service:api:1, StartContainer, not running: exited (0)\n");
}

TEST(StartPlan, NeverMakesAContainer) {
  SampleProject p;
  p.add("web");
  EXPECT_EQ(text_of(make_start_plan(p.project, p.observed, {})), "error: service \"web\" has no container to start\n");
}

TEST(RestartPlan, TakesDependantsWithRestartTrue) {
  SampleProject p = chain();
  p.project.services["api"].depends_on["db"].restart = true;
  EXPECT_EQ(text_of(make_restart_plan(p.project, p.observed, {.services = {"db"}})),
            "[] -> #1 service:db:1, RestartContainer, restart\n"
            "[1] -> #2 service:api:1, RestartContainer, a dependency is restarted\n");
  EXPECT_EQ(
      text_of(make_restart_plan(p.project, p.observed, {.services = {"db"}, .dependencies = Dependencies::Without})),
      "[] -> #1 service:db:1, RestartContainer, restart\n");
}

TEST(KillPlan, KillsSideBySideOrSaysThereIsNothing) {
  SampleProject p = chain();
  const auto plan = make_kill_plan(p.project, p.observed, {.signal = "SIGHUP"});
  EXPECT_EQ(plan->steps.size(), 3U);
  EXPECT_TRUE(plan->step(3).after.empty());
  EXPECT_EQ(std::get<KillContainer>(plan->step(1).operation).signal, "SIGHUP");
  p.observed.containers.clear();
  EXPECT_TRUE(make_kill_plan(p.project, p.observed, {})->empty());
}

TEST(KillPlan, OneOffsToo_OrphansOnRequest) {
  SampleProject p = chain();
  auto& one_off = p.observe("web");
  one_off.one_off = true;
  p.project.services.erase("db");
  EXPECT_EQ(make_kill_plan(p.project, p.observed, {})->steps.size(), 3U) << "api, web and the one-off";
  EXPECT_EQ(make_kill_plan(p.project, p.observed, {.orphans = Orphans::Remove})->steps.size(), 4U);
  EXPECT_EQ(make_kill_plan(p.project, p.observed, {.services = {"api"}, .orphans = Orphans::Remove})->steps.size(), 1U);
}

TEST(RemovePlan, RemovesStoppedOnesOrStopsThemFirst) {
  SampleProject p = chain();
  EXPECT_TRUE(make_remove_plan(p.project, p.observed, {})->empty());
  p.observed.containers[0].state = ContainerState::Exited;
  EXPECT_EQ(text_of(make_remove_plan(p.project, p.observed, {})), "[] -> #1 service:api:1, RemoveContainer, rm\n");
  EXPECT_THAT(text_of(make_remove_plan(p.project, p.observed, {.stop = ContainerOptions::Stop::First})),
              HasSubstr("service:web:1, StopContainer, rm --stop"));
}

TEST(PausePlan, PausesWhatRuns) {
  SampleProject p = chain();
  p.observed.containers[0].state = ContainerState::Exited;
  EXPECT_EQ(make_pause_plan(p.project, p.observed, {})->steps.size(), 2U);
  EXPECT_EQ(text_of(make_unpause_plan(p.project, p.observed, {.services = {"db"}})),
            "[] -> #1 service:db:1, UnpauseContainer, unpause\n");
}

RunOptions run_of(const SampleProject& p, const std::string& service) {
  RunOptions options;
  options.service = service;
  options.slug = "0123456789ab";
  options.up = p.options;
  return options;
}

TEST(RunPlan, BringsDependenciesUpAndAwaitsThem) {
  SampleProject p;
  p.add("db");
  p.add("api");
  p.add("web");
  p.depends("api", "db", model::DependencyCondition::Healthy);
  EXPECT_EQ(text_of(make_run_plan(p.project, p.observed, run_of(p, "api"))),
            "[] -> #1 network:default, CreateNetwork, no existing network\n"
            "[1] -> #2 service:db:1, CreateContainer, no existing container\n"
            "[1,2] -> #3 service:db:1, StartContainer, new container\n"
            "[1] -> #4 service:api:run, CreateContainer, run\n"
            "[3] -> #5 service:db, WaitFor healthy, 'api' depends on it\n"
            "[4,5] -> #6 service:api:run, StartContainer, run\n");
}

TEST(RunPlan, TheServiceLosesItsPortsPolicyAndName) {
  SampleProject p;
  auto& s = p.add("api");
  s.ports.push_back({.target = 80, .published = model::PortRange{80, 80}});
  s.restart.mistake = model::RestartMistake{"must be another one", {}};
  s.container_name = "fixed";
  RunOptions options = run_of(p, "api");
  options.command = std::vector<std::string>{"bash"};
  options.environment["A"] = "1";
  const auto plan = make_run_plan(p.project, p.observed, options);
  ASSERT_TRUE(plan);
  const auto& create = std::get<CreateContainer>(plan->step(2).operation);
  EXPECT_EQ(create.name, "p-api-run-0123456789ab");
  EXPECT_TRUE(create.service->ports.empty());
  EXPECT_EQ(create.service->restart, model::RestartPolicy{});
  EXPECT_EQ(create.service->command, options.command);
  EXPECT_EQ(create.service->environment.at("A"), "1");
  options.service_ports = RunOptions::ServicePorts::Publish;
  const auto with_ports = make_run_plan(p.project, p.observed, options);
  EXPECT_EQ(std::get<CreateContainer>(with_ports->step(2).operation).service->ports.size(), 1U);
}

TEST(RunPlan, WhatTheCommandLineGivesHasNoPlaceInAFile) {
  SampleProject p;
  auto& s = p.add("api");
  const Span somewhere{
      std::make_shared<std::string>("compose.yaml"), {.line = 4, .column = 5}, {.line = 4, .column = 9}};
  for (const char* attribute : {"command", "entrypoint", "user", "working_dir"})
    s.where.attributes[attribute] = somewhere;
  s.command = std::vector<std::string>{"serve"};
  RunOptions options = run_of(p, "api");
  options.user = "bob";
  options.command = std::vector<std::string>{"bash"};
  const auto plan = make_run_plan(p.project, p.observed, options);
  ASSERT_TRUE(plan);
  const model::Service& service = *std::get<CreateContainer>(plan->step(2).operation).service;
  EXPECT_FALSE(place_of(p.project, service, {"command", {}}).known());
  EXPECT_FALSE(place_of(p.project, service, {"user", {}}).known());
  EXPECT_EQ(place_of(p.project, service, {"working_dir", {}}), somewhere);
}

TEST(RunPlan, TheNameAskedForIsOneThatAContainerCanHave) {
  SampleProject p;
  p.add("api");
  RunOptions options = run_of(p, "api");
  options.name = "../evil";
  EXPECT_EQ(text_of(make_run_plan(p.project, p.observed, options)), "error: invalid container name '../evil'\n");
  options.name = "good_1";
  EXPECT_THAT(text_of(make_run_plan(p.project, p.observed, options)), HasSubstr("CreateContainer"));
}

TEST(RunPlan, WithoutDependenciesOnlyTheOneContainer) {
  SampleProject p;
  p.add("db");
  p.add("api");
  p.depends("api", "db");
  RunOptions options = run_of(p, "api");
  options.up.dependencies = Dependencies::Without;
  EXPECT_THAT(text_of(make_run_plan(p.project, p.observed, options)), Not(HasSubstr("service:db")));
}

}  // namespace
}  // namespace davit::plan
