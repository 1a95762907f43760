#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "davit/state/build_cache.hpp"
#include "davit/state/containers.hpp"
#include "davit/state/images.hpp"
#include "davit/state/projects.hpp"
#include "davit/state/volumes.hpp"
#include "support/temp_dir.hpp"

namespace davit::state {
namespace {

using ::testing::ElementsAre;

class Tables : public ::testing::Test {
 protected:
  test::TempDir dir_;
  Database database_ = Database::open(dir_.path() / "davit.db");
};

Container full_container() {
  Container c;
  c.id = ContainerId("c1");
  c.project = "shop";
  c.service = "web";
  c.name = "shop-web-1";
  c.number = 2;
  c.oneoff = true;
  c.spec_json = R"({"a":1})";
  c.image = ImageId("sha256:aa");
  c.labels = {{"k", "v \"quoted\""}, {"empty", ""}};
  c.state = ContainerState::Restarting;
  c.pid = 4711;
  c.pid_start_time = 99;
  c.exit_code = 137;
  c.oom_killed = true;
  c.error = "no";
  c.created = 1;
  c.started = 2;
  c.finished = 3;
  c.health_json = "{}";
  c.restart_count = 4;
  c.stop_requested = true;
  return c;
}

TEST_F(Tables, ContainerComesBackWhole) {
  Containers containers(database_);
  ASSERT_TRUE(containers.insert(full_container()));
  EXPECT_EQ(containers.find(ContainerId("c1")), full_container());
  EXPECT_EQ(containers.find_by_name("shop-web-1"), full_container());
  EXPECT_THAT(containers.of_image(ImageId("sha256:aa")), ElementsAre(full_container()));
}

TEST_F(Tables, ContainerUpdateWritesEveryField) {
  Containers containers(database_);
  Container c;
  c.id = ContainerId("c1");
  c.name = "first";
  ASSERT_TRUE(containers.insert(c));
  ASSERT_TRUE(containers.update(full_container()));
  EXPECT_EQ(containers.find(ContainerId("c1")), full_container());
}

TEST_F(Tables, ContainerNameIsTakenOnce) {
  Containers containers(database_);
  ASSERT_TRUE(containers.insert(full_container()));
  Container other = full_container();
  other.id = ContainerId("c2");
  EXPECT_FALSE(containers.insert(other));
  other.name = "free";
  ASSERT_TRUE(containers.insert(other));
  other.name = "shop-web-1";
  EXPECT_FALSE(containers.update(other));
  EXPECT_EQ(containers.find(ContainerId("c2"))->name, "free");
}

TEST_F(Tables, ContainersOfAProjectAreInOrder) {
  Containers containers(database_);
  for (const auto& [id, service, number] : {std::tuple{"1", "web", 2}, {"2", "api", 1}, {"3", "web", 1}}) {
    Container c;
    c.id = ContainerId(id);
    c.name = id;
    c.project = "p";
    c.service = service;
    c.number = number;
    ASSERT_TRUE(containers.insert(c));
  }
  std::vector<std::string> ids;
  for (const Container& c : containers.of_project("p")) ids.push_back(c.id.str());
  EXPECT_THAT(ids, ElementsAre("2", "3", "1"));
  EXPECT_TRUE(containers.of_project("q").empty());
  containers.remove(ContainerId("2"));
  EXPECT_EQ(containers.all().size(), 2U);
}

TEST_F(Tables, HealthIsSetAlone) {
  Containers containers(database_);
  ASSERT_TRUE(containers.insert(full_container()));
  containers.set_health(ContainerId("c1"), R"({"Status":"healthy"})");
  Container expected = full_container();
  expected.health_json = R"({"Status":"healthy"})";
  EXPECT_EQ(containers.find(ContainerId("c1")), expected);
}

TEST_F(Tables, ContainerStatesHaveDockersWords) {
  for (const auto* word : {"created", "running", "paused", "restarting", "exited", "dead"})
    EXPECT_EQ(to_string(*container_state_from(word)), word);
  EXPECT_FALSE(container_state_from("Running").has_value());
}

TEST_F(Tables, ProjectKeepsItsTimeOfCreation) {
  Projects projects(database_);
  projects.put({"shop", "/a", {"/a/compose.yaml"}, "/run/davit", 5});
  projects.put({"shop", "/b", {"/b/x.yaml", "/b/y.yaml"}, "/run/other", 9});
  EXPECT_EQ(projects.find("shop"), (Project{"shop", "/b", {"/b/x.yaml", "/b/y.yaml"}, "/run/other", 5}));
  projects.remove("shop");
  EXPECT_TRUE(projects.all().empty());
}

TEST_F(Tables, VolumeComesBackWhole) {
  Volumes volumes(database_);
  const Volume volume{"shop_db", "shop", "db", "local", {{"l", "1"}}, {{"type", "tmpfs"}}, true, "hash", 7};
  ASSERT_TRUE(volumes.insert(volume));
  EXPECT_FALSE(volumes.insert(volume));
  EXPECT_EQ(volumes.find("shop_db"), volume);
  EXPECT_THAT(volumes.of_project("shop"), ElementsAre(volume));
  volumes.remove("shop_db");
  EXPECT_FALSE(volumes.find("shop_db"));
}

TEST_F(Tables, ImageNeedsItsLayersAndComesBackWithThemInOrder) {
  Images images(database_);
  const ImageRow image{ImageId("sha256:abc"), "{}", {"sha256:2", "sha256:1", "sha256:2"}, 1, 2};
  EXPECT_THROW(images.insert(image), Error);
  EXPECT_FALSE(images.find(image.id)) << "a refused image must leave nothing";
  images.insert_layer({"sha256:1", 10, 0});
  images.insert_layer({"sha256:2", 20, 0});
  images.insert(image);
  images.insert(image);
  EXPECT_EQ(images.find(image.id), image);
}

TEST_F(Tables, ImagesAreFoundByPrefix) {
  Images images(database_);
  for (const char* id : {"sha256:abc1", "sha256:abc2", "sha256:ff00"}) images.insert({ImageId(id), "{}", {}, 0, 0});
  EXPECT_EQ(images.find_prefix("abc").size(), 2U);
  EXPECT_THAT(images.find_prefix("sha256:ff"), ElementsAre(ImageId("sha256:ff00")));
  EXPECT_TRUE(images.find_prefix("e").empty());
}

TEST_F(Tables, TagMovesToTheNewImageAndGoesWithIt) {
  Images images(database_);
  images.insert({ImageId("sha256:a"), "{}", {}, 0, 0});
  images.insert({ImageId("sha256:b"), "{}", {}, 0, 0});
  images.put_tag({"docker.io/library/x:1", ImageId("sha256:a"), 1});
  images.put_tag({"docker.io/library/x:1", ImageId("sha256:b"), 2});
  EXPECT_TRUE(images.tags_of(ImageId("sha256:a")).empty());
  EXPECT_EQ(images.find_tag("docker.io/library/x:1")->image, ImageId("sha256:b"));
  images.remove(ImageId("sha256:b"));
  EXPECT_TRUE(images.all_tags().empty());
  EXPECT_THROW(images.put_tag({"x", ImageId("sha256:gone"), 0}), Error);
}

TEST_F(Tables, LayersAreUnusedWhenNeitherImageNorCacheHasThem) {
  Images images(database_);
  for (const char* id : {"sha256:1", "sha256:2", "sha256:3"}) images.insert_layer({id, 0, 0});
  images.insert({ImageId("sha256:i"), "{}", {"sha256:1"}, 0, 0});
  BuildCache(database_).put({.key = "k", .diff_id = "sha256:2"});
  ASSERT_EQ(images.unused_layers().size(), 1U);
  EXPECT_EQ(images.unused_layers()[0].diff_id, "sha256:3");
  EXPECT_THROW(images.remove_layer("sha256:1"), Error);
  images.remove_layer("sha256:3");
  images.remove(ImageId("sha256:i"));
  BuildCache(database_).remove("k");
  EXPECT_EQ(images.unused_layers().size(), 2U);
}

TEST_F(Tables, BuildRecordComesBackWholeAndRemembersItsUse) {
  BuildCache cache(database_);
  const BuildRecord record{"k", "RUN make", R"({"a":1})", "{}", std::nullopt, 5, 10, 20};
  cache.put(record);
  EXPECT_EQ(cache.find("k"), record);
  EXPECT_EQ(cache.newest_like("RUN make"), record);
  cache.touch("k");
  EXPECT_GT(cache.find("k")->used, 20);
  cache.remove("k");
  EXPECT_EQ(cache.find("k"), std::nullopt);
}

TEST_F(Tables, UsageOfTheBuildCacheTellsWhoElseHasTheLayers) {
  Images images(database_);
  images.insert_layer({"sha256:1", 100, 0});
  images.insert_layer({"sha256:2", 200, 0});
  images.insert({ImageId("sha256:i"), "{}", {"sha256:1"}, 0, 0});
  BuildCache cache(database_);
  cache.put({"a", "RUN a", "[]", "{}", "sha256:1", 5, 10, 20});
  cache.put({"b", "RUN b", "[1]", "{}", "sha256:2", 5, 11, 21});
  cache.put({"c", "RUN c", "[]", "{}", std::nullopt, 5, 12, 22});
  const std::vector<BuildRecordUse> expected = {{"a", "RUN a", "sha256:1", 10, 100, true, 10, 20},
                                                {"b", "RUN b", "sha256:2", 11, 200, false, 11, 21},
                                                {"c", "RUN c", std::nullopt, 10, 0, false, 12, 22}};
  EXPECT_EQ(cache.usage(), expected);
}

}  // namespace
}  // namespace davit::state
