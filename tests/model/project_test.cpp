#include "davit/model/project.hpp"

#include <gtest/gtest.h>

namespace davit::model {
namespace {

TEST(ProjectTest, ImageNameFallsBackToProjectAndService) {
  Project project;
  project.name = "shop";
  Service service;
  service.name = "api";
  EXPECT_EQ(image_name(project, service), "shop-api");
  service.image = "redis:7";
  EXPECT_EQ(image_name(project, service), "redis:7");
}

TEST(ServiceTest, ReplicasPreferScaleThenDeployThenOne) {
  Service service{};
  EXPECT_EQ(service.replicas(), 1);
  service.deploy.emplace().replicas = 3;
  EXPECT_EQ(service.replicas(), 3);
  service.scale = 0;
  EXPECT_EQ(service.replicas(), 0);
}

TEST(ServiceTest, PlacesFallBackToTheName) {
  ServicePlaces places;
  places.name.begin = {3, 3};
  places.attributes["image"].begin = {4, 5};
  EXPECT_EQ(places.of("image").begin, (Position{4, 5}));
  EXPECT_EQ(places.of("command").begin, (Position{3, 3}));
}

TEST(HealthcheckTest, NoneAndDisableBothSwitchItOff) {
  Healthcheck check;
  EXPECT_FALSE(check.disabled());
  check.test = {"NONE"};
  EXPECT_TRUE(check.disabled());
  check.test.reset();
  check.disable = true;
  EXPECT_TRUE(check.disabled());
}

TEST(ProjectTest, CopiesCompareEqualUntilChanged) {
  Project a;
  a.services["web"].ports.emplace_back().target = 80;
  Project b = a;
  EXPECT_EQ(a, b);
  b.services["web"].ports.front().target = 81;
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace davit::model
