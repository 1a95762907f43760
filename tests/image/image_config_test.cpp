#include "davit/image/image_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace davit::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

// As Docker writes it, with members of its own.
constexpr auto kDocument = R"({
  "architecture": "amd64", "os": "linux", "created": "2024-01-02T03:04:05Z", "docker_version": "25.0.1",
  "config": {
    "Hostname": "", "User": "app", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "Env": ["PATH=/bin", "A=1=2"],
    "Cmd": ["run"], "Entrypoint": ["/entry", "-x"], "Volumes": {"/data": {}}, "WorkingDir": "/srv",
    "Labels": {"maintainer": "me"}, "StopSignal": "SIGQUIT", "OnBuild": ["RUN true"], "Shell": ["/bin/bash", "-c"],
    "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 5000000000, "Timeout": 0, "Retries": 4}},
  "history": [{"created": "2024-01-02T03:04:05Z", "created_by": "ADD", "empty_layer": true}],
  "rootfs": {"type": "layers", "diff_ids": ["sha256:aa", "sha256:bb"]}})";

TEST(ImageConfig, ReadsEveryField) {
  const ImageConfig config = parse_image_config(kDocument).value();
  EXPECT_EQ(config.architecture, "amd64");
  EXPECT_EQ(config.created, "2024-01-02T03:04:05Z");
  EXPECT_EQ(config.user, "app");
  EXPECT_THAT(config.exposed_ports, ElementsAre("53/udp", "80/tcp"));
  EXPECT_THAT(config.env, ElementsAre("PATH=/bin", "A=1=2"));
  EXPECT_THAT(config.cmd, ElementsAre("run"));
  EXPECT_THAT(config.entrypoint, ElementsAre("/entry", "-x"));
  EXPECT_THAT(config.volumes, ElementsAre("/data"));
  EXPECT_EQ(config.working_dir, "/srv");
  EXPECT_EQ(config.labels.at("maintainer"), "me");
  EXPECT_EQ(config.stop_signal, "SIGQUIT");
  EXPECT_THAT(config.shell, ElementsAre("/bin/bash", "-c"));
  EXPECT_THAT(config.on_build, ElementsAre("RUN true"));
  EXPECT_THAT(config.diff_ids, ElementsAre("sha256:aa", "sha256:bb"));
  ASSERT_TRUE(config.healthcheck);
  EXPECT_THAT(config.healthcheck->test, ElementsAre("CMD-SHELL", "true"));
  EXPECT_EQ(config.healthcheck->interval, 5s);
  EXPECT_EQ(config.healthcheck->timeout, std::nullopt) << "0 means the default";
  EXPECT_EQ(config.healthcheck->retries, 4);
  ASSERT_EQ(config.history.size(), 1U);
  EXPECT_TRUE(config.history[0].empty_layer);
}

TEST(ImageConfig, WritesWhatItReadWithUnknownMembers) {
  const ImageConfig config = parse_image_config(kDocument).value();
  const std::string text = to_json(config);
  const ImageConfig again = parse_image_config(text).value();
  EXPECT_EQ(again, config);
  EXPECT_EQ(to_json(again), text);
  const boost::json::value document = boost::json::parse(text);
  EXPECT_EQ(document.at("docker_version"), "25.0.1");
  EXPECT_EQ(document.at("config").at("Hostname"), "");
}

TEST(ImageConfig, NullsAndNothingAreDefaults) {
  const ImageConfig config =
      parse_image_config(R"({"config": {"Cmd": null, "Labels": null, "Volumes": null}, "history": null})").value();
  EXPECT_TRUE(config.cmd.empty());
  EXPECT_TRUE(parse_image_config("{}").has_value());
  EXPECT_TRUE(parse_image_config(R"({"config": null})").has_value());
}

TEST(ImageConfig, NamesTheMemberThatIsWrong) {
  EXPECT_THAT(parse_image_config(R"({"config": {"Env": [1]}})").error().message,
              HasSubstr("'config.Env' is not a list of strings"));
  EXPECT_THAT(parse_image_config(R"({"config": {"Labels": {"a": 1}}})").error().message, HasSubstr("'config.Labels'"));
  EXPECT_THAT(parse_image_config("[]").error().message, HasSubstr("no json object"));
  EXPECT_THAT(parse_image_config("{").error().message, HasSubstr("no json"));
  EXPECT_THAT(parse_image_config(std::string(9U << 20U, ' ')).error().message, HasSubstr("8MiB"));
  EXPECT_FALSE(parse_image_config(std::string(100000, '[')));
}

TEST(ImageConfig, EnvironmentIsReplacedInPlace) {
  ImageConfig config;
  config.set_env("A", "1");
  config.set_env("AB", "2");
  config.set_env("A", "3");
  EXPECT_THAT(config.env, ElementsAre("A=3", "AB=2"));
  EXPECT_EQ(config.env_value("A"), "3");
  EXPECT_EQ(config.env_value("B"), std::nullopt);
}

}  // namespace
}  // namespace davit::image
