#include <gtest/gtest.h>

#include "davit/base/error.hpp"
#include "davit/engine/engine.hpp"

namespace davit::engine {
namespace {

using namespace std::chrono_literals;

ContainerSpec full_spec() {
  ContainerSpec spec;
  spec.name = "p-web-1";
  spec.image = ImageId("sha256:abc");
  spec.args = {"sh", "-c", "echo \"\xC3\xA4\""};
  spec.env = {{"B", "2"}, {"A", "1"}};
  spec.labels = {{"com.docker.compose.project", "p"}};
  spec.mounts = {{.kind = Mount::Kind::Bind, .source = "/a", .target = "/b", .tmpfs_options = {}}};
  spec.files = {{.kind = FileMount::Kind::Secret,
                 .name = "s",
                 .source = "",
                 .content = "x",
                 .target = "/run/secrets/s",
                 .uid = {},
                 .gid = {}}};
  spec.healthcheck = Healthcheck{.test = {"CMD", "true"}, .interval = 5s};
  spec.restart = {RestartPolicy::Mode::OnFailure, 3};
  spec.resources.cpus = 1.5;
  spec.stop_grace_period = 1500ms;
  return spec;
}

TEST(ContainerSpecJson, RoundTrips) {
  const ContainerSpec spec = full_spec();
  EXPECT_EQ(container_spec_from_json(to_json(spec)), spec);
}

TEST(ContainerSpecJson, MissingMembersKeepTheirDefaultsAndUnknownOnesAreIgnored) {
  const ContainerSpec spec = container_spec_from_json(R"({"name": "x", "of_a_later_version": [1]})");
  EXPECT_EQ(spec.name, "x");
  EXPECT_EQ(spec.stop_grace_period, 10s);
}

TEST(ContainerSpecJson, AMistypedMemberIsNamed) {
  try {
    (void)container_spec_from_json(R"({"mounts": [{"target": 5}]})");
    FAIL() << "accepted a number as a path";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("'target'"), std::string::npos) << e.what();
  }
}

TEST(ContainerSpecJson, BrokenTextIsAnError) {
  EXPECT_THROW((void)container_spec_from_json("{"), Error);
}

TEST(ObservedJson, RoundTrips) {
  Observed observed;
  observed.containers.push_back({.id = ContainerId("ab"),
                                 .name = "p-web-1",
                                 .state = ContainerState::Running,
                                 .health = Health::Healthy,
                                 .exit_code = 0,
                                 .created = WallTime(5ns)});
  observed.networks.push_back(
      {.name = "p_default", .key = "default", .project = "p", .config_hash = "h", .labels = {}});
  EXPECT_EQ(observed_from_json(to_json(observed)), observed);
}

}  // namespace
}  // namespace davit::engine
