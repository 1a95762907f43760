#include "cli/service_choice.hpp"

#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

engine::ObservedContainer container(const std::string& service, int number, bool one_off = false) {
  engine::ObservedContainer made;
  made.service = service;
  made.number = number;
  made.one_off = one_off;
  return made;
}

engine::Observed observed() {
  engine::Observed all;
  all.containers = {container("web", 2), container("web", 1), container("db", 1, true)};
  return all;
}

std::string mistake(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.diagnostic().message + "|" + error.diagnostic().hint.value_or("");
  }
  return "no error";
}

TEST(ServiceChoice, AServiceIsKnownFromTheFileOrFromItsContainers) {
  model::Project project;
  project.services["api"] = {};
  project.disabled_services["debug"] = {};
  EXPECT_NO_THROW(require_services({"api", "debug", "web"}, project, observed()));
  EXPECT_NO_THROW(require_services({"web"}, {}, observed()));
  EXPECT_EQ(mistake([&] { require_services({"wbe"}, project, observed()); }),
            "no such service: wbe|did you mean 'web'?");
}

TEST(ServiceChoice, NoneNamedMeansAll) {
  EXPECT_TRUE(is_chosen({}, "web"));
  EXPECT_TRUE(is_chosen({"db", "web"}, "web"));
  EXPECT_FALSE(is_chosen({"db"}, "web"));
}

TEST(ServiceChoice, TheLowestNumberUnlessOneIsAskedFor) {
  const auto all = observed();
  EXPECT_EQ(choose_container(all, "web", 0).number, 1);
  EXPECT_EQ(choose_container(all, "web", 2).number, 2);
  EXPECT_EQ(mistake([&] { (void)choose_container(all, "web", 3); }), "service 'web' has no container number 3|");
  EXPECT_EQ(mistake([&] { (void)choose_container(all, "db", 0); }),
            "no container found for service 'db'|'davit up -d db' starts it");
}

TEST(ServiceChoice, OnlyRunningContainersAreEnteredAndAskedForPorts) {
  engine::Observed all = observed();
  EXPECT_EQ(mistake([&] { (void)choose_running(all, "web", 0); }),
            "service \"web\" is not running|'davit ps --all' shows the containers, 'davit up -d web' starts it");
  all.containers[0].state = engine::ContainerState::Running;
  EXPECT_EQ(choose_running(all, "web", 0).number, 2);
  EXPECT_EQ(
      mistake([&] { (void)choose_running(all, "web", 1); }),
      "service \"web\" is not running container #1|'davit ps --all' shows the containers, 'davit up -d web' starts it");
}

TEST(ServiceChoice, APausedContainerIsThere) {
  auto all = observed();
  all.containers[1].name = "p-web-1";
  all.containers[1].state = engine::ContainerState::Paused;
  EXPECT_EQ(mistake([&] { (void)choose_running(all, "web", 0); }),
            "container 'p-web-1' is paused|'davit unpause web' lets it go on");
  EXPECT_EQ(mistake([&] { (void)choose_running(all, "web", 2); }).substr(0, 40),
            "service \"web\" is not running container #");
  all.containers[0].state = engine::ContainerState::Running;
  EXPECT_EQ(choose_running(all, "web", 0).number, 2);
}

}  // namespace
}  // namespace davit::cli
