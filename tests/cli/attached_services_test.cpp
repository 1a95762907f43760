#include "cli/attached_services.hpp"

#include <gtest/gtest.h>

namespace davit::cli {
namespace {

using Names = std::set<std::string>;

/// web depends on db; job, and a quiet service that does not want to be shown.
model::Project project() {
  model::Project project;
  project.name = "p";
  for (const char* name : {"db", "web", "job", "quiet"}) project.services[name].name = name;
  project.services["web"].depends_on["db"] = {};
  project.services["quiet"].attach = false;
  return project;
}

UpFlags flags(std::vector<std::string> services) {
  UpFlags flags;
  flags.services = std::move(services);
  return flags;
}

/// What is left of the project when services are named: they and their dependencies.
model::Project only(const Names& names) {
  model::Project all = project();
  std::erase_if(all.services, [&](const auto& entry) { return !names.contains(entry.first); });
  return all;
}

plan::Plan plan_of(const model::Project& project) {
  plan::Plan plan;
  for (const auto& [name, service] : project.services)
    plan.slots.push_back({.name = "p-" + name + "-1", .service = name});
  plan.slots.push_back({.name = "p-gone-1", .service = "gone"});
  return plan;
}

TEST(AttachedServices, AllButThoseThatDoNotWant) {
  EXPECT_EQ(attached_services(project(), flags({})).value(), (Names{"db", "job", "web"}));
}

TEST(AttachedServices, NamedOnesWithoutTheirDependenciesUnlessAskedFor) {
  UpFlags named = flags({"web"});
  EXPECT_EQ(attached_services(only({"web", "db"}), named).value(), (Names{"web"}));
  named.attach_dependencies = true;
  EXPECT_EQ(attached_services(only({"web", "db"}), named).value(), (Names{"db", "web"}));
}

TEST(AttachedServices, AQuietServiceIsShownWhenNothingElseIs) {
  EXPECT_EQ(attached_services(only({"quiet"}), flags({"quiet"})).value(), (Names{"quiet"}));
  EXPECT_EQ(attached_services(only({"quiet", "job"}), flags({"quiet", "job"})).value(), (Names{"job"}));
}

TEST(AttachedServices, AttachChoosesAndNoAttachTakesAway) {
  UpFlags chosen = flags({});
  chosen.attach_to = {"quiet", "db"};
  chosen.no_attach = {"db", "nobody"};
  EXPECT_EQ(attached_services(project(), chosen).value(), (Names{"quiet"}));
}

TEST(AttachedServices, AttachOfWhatIsNotStartedIsAnError) {
  UpFlags wrong = flags({"job"});
  wrong.attach_to = {"web"};
  const auto result = attached_services(only({"job"}), wrong);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "cannot attach to services not included in up: web");
}

TEST(WatchedContainers, AreThoseOfTheNamedServices) {
  const model::Project p = only({"web", "db"});
  const auto watched = watched_containers(plan_of(p), flags({"web"}), {"web", "db"});
  EXPECT_EQ(watched, (std::map<std::string, std::string>{{"p-web-1", "web"}}));
}

TEST(WatchedContainers, AreThoseThatAreShownWhenNoneIsNamed) {
  const model::Project p = project();
  const auto watched = watched_containers(plan_of(p), flags({}), {"web", "job"});
  EXPECT_EQ(watched, (std::map<std::string, std::string>{{"p-job-1", "job"}, {"p-web-1", "web"}}));
}

TEST(WatchedContainers, TheServiceThatGivesTheExitCodeIsAlwaysAmongThem) {
  UpFlags given = flags({"web"});
  given.exit_code_from = "db";
  const auto watched = watched_containers(plan_of(only({"web", "db"})), given, {"web"});
  EXPECT_EQ(watched, (std::map<std::string, std::string>{{"p-db-1", "db"}, {"p-web-1", "web"}}));
}

}  // namespace
}  // namespace davit::cli
