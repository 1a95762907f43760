#include "davit/plan/make_spec.hpp"

#include <gmock/gmock.h>

#include "support/sample_project.hpp"

namespace davit::plan {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Words = std::vector<std::string>;

class MakeSpec : public ::testing::Test {
 protected:
  MakeSpec() {
    service_.command.reset();
    image_.entrypoint = {"/entry"};
    image_.cmd = {"serve"};
  }

  engine::ContainerSpec spec() {
    auto made = make_container_spec(input());
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  std::string refusal() {
    const auto made = make_container_spec(input());
    return made ? "" : made.error().message;
  }
  SpecInput input() {
    return {.project = sample_.project,
            .service = service_,
            .image = image_,
            .name = "",
            .number = number_,
            .donors = donors_,
            .one_off = one_off_,
            .replaces = replaces_};
  }

  test::SampleProject sample_;
  model::Service& service_ = sample_.add("web");
  ImageInfo image_ = test::SampleProject::image("sha256:img");
  int number_ = 1;
  std::map<std::string, ContainerId> donors_;
  std::optional<OneOff> one_off_;
  std::string replaces_;
};

TEST_F(MakeSpec, ArgumentsFollowDockersTable) {
  EXPECT_EQ(spec().args, (Words{"/entry", "serve"}));
  service_.command = Words{"other"};
  EXPECT_EQ(spec().args, (Words{"/entry", "other"}));
  service_.entrypoint = Words{"sh"};
  EXPECT_EQ(spec().args, (Words{"sh", "other"}));
  service_.command.reset();
  EXPECT_EQ(spec().args, Words{"sh"}) << "an entrypoint resets the image's command";
  service_.entrypoint = Words{};
  EXPECT_EQ(spec().args, Words{"serve"}) << "an empty one the image's entrypoint alone";
  service_.command = Words{"cat"};
  EXPECT_EQ(spec().args, Words{"cat"});
  service_.command = Words{};
  EXPECT_EQ(spec().args, Words{"serve"}) << "a command without words is none";
  service_.entrypoint.reset();
  EXPECT_EQ(spec().args, (Words{"/entry", "serve"}));
}

TEST_F(MakeSpec, NothingToRunIsAnErrorAtTheImage) {
  image_.entrypoint.clear();
  image_.cmd.clear();
  EXPECT_EQ(refusal(), "no command specified: neither service 'web' nor image 'web-image' says what to run");
}

TEST_F(MakeSpec, TheEnvironmentOfTheServiceReplacesAndRemovesThatOfTheImage) {
  image_.env = {"PATH=/bin", "A=1", "B=2", "EMPTY"};
  service_.environment = {{"A", "3"}, {"B", std::nullopt}, {"C", "4"}};
  EXPECT_THAT(spec().env, ElementsAre(Pair("PATH", "/bin"), Pair("A", "3"), Pair("EMPTY", ""), Pair("C", "4")));
  service_.tty = true;
  EXPECT_THAT(spec().env, Contains(Pair("TERM", "xterm")));
}

TEST_F(MakeSpec, TheServiceWinsOverTheImageAndTheImageOverDefaults) {
  image_.user = "app";
  image_.working_dir = "/app";
  image_.stop_signal = "SIGQUIT";
  EXPECT_EQ(spec().user, "app");
  EXPECT_EQ(spec().working_dir, "/app");
  EXPECT_EQ(spec().stop_signal, "SIGQUIT");
  EXPECT_EQ(spec().stop_grace_period, 10s);
  service_.user = "1000:1000";
  service_.working_dir = "/srv";
  service_.stop_signal = "SIGINT";
  service_.stop_grace_period = 3s;
  EXPECT_EQ(spec().user, "1000:1000");
  EXPECT_EQ(spec().working_dir, "/srv");
  EXPECT_EQ(spec().stop_signal, "SIGINT");
  EXPECT_EQ(spec().stop_grace_period, 3s);
}

TEST_F(MakeSpec, CarriesDockersLabels) {
  service_.labels = {{"mine", "1"}, {"both", "service"}};
  image_.labels = {{"of_image", "2"}, {"both", "image"}};
  sample_.depends("web", "db", model::DependencyCondition::Healthy);
  number_ = 2;
  const auto made = spec();
  EXPECT_THAT(made.labels, Contains(Pair("mine", "1")));
  EXPECT_THAT(made.labels, Contains(Pair("of_image", "2")));
  EXPECT_THAT(made.labels, Contains(Pair("both", "service")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.project", "p")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.service", "web")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.container-number", "2")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.oneoff", "False")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.config-hash", service_.config_hash)));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.image", "sha256:img")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.project.working_dir", "/w")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.project.config_files", "/w/compose.yaml")));
  EXPECT_THAT(made.labels, Contains(Pair("com.docker.compose.depends_on", "db:service_healthy:false")));
  EXPECT_EQ(made.name, "p-web-2");
}

TEST_F(MakeSpec, AOneOffHasNoNumberNoPolicyAndNoServiceAlias) {
  service_.restart.mode = model::RestartMode::Always;
  one_off_ = OneOff{.slug = "0123456789ab", .remove = OneOff::Remove::WhenExited};
  const auto made = spec();
  EXPECT_TRUE(made.one_off);
  EXPECT_TRUE(made.auto_remove);
  EXPECT_EQ(made.restart, engine::RestartPolicy{});
  EXPECT_EQ(made.labels.at("com.docker.compose.oneoff"), "True");
  EXPECT_EQ(made.labels.at("com.docker.compose.slug"), "0123456789ab");
  EXPECT_FALSE(made.labels.contains("com.docker.compose.container-number"));
  EXPECT_THAT(made.attachments[0].aliases, ElementsAre("p-web-1"));
  one_off_->aliases = OneOff::Aliases::OfService;
  EXPECT_THAT(spec().attachments[0].aliases, Contains("web"));
}

TEST_F(MakeSpec, NetworksHaveServiceContainerAndOwnNamesInOrderOfPriority) {
  model::Network back;
  back.key = "back";
  back.name = "p_back";
  sample_.project.networks["back"] = back;
  service_.networks["back"].aliases = {"alias", "web"};
  service_.networks["back"].priority = 10;
  service_.networks["back"].ipv4_address = "10.1.2.3";
  service_.mac_address = "02:00:00:00:00:01";
  const auto made = spec();
  ASSERT_EQ(made.attachments.size(), 2U);
  EXPECT_EQ(made.attachments[0].network, "p_back");
  EXPECT_EQ(made.attachments[0].ipv4_address, "10.1.2.3");
  EXPECT_EQ(made.attachments[0].mac_address, "02:00:00:00:00:01");
  EXPECT_THAT(made.attachments[0].aliases, ElementsAre("web", "p-web-1", "alias"));
}

TEST_F(MakeSpec, AReplacementAnswersToItsFinalName) {
  replaces_ = "0123456789abcdef";
  auto in = input();
  in.name = "0123456789ab_p-web-1";
  const auto made = make_container_spec(in);
  ASSERT_TRUE(made);
  EXPECT_THAT(made->attachments[0].aliases, ElementsAre("web", "p-web-1"));
  EXPECT_EQ(made->labels.at("com.docker.compose.replace"), replaces_);
}

TEST_F(MakeSpec, SharedNamespacesAreThoseOfTheContainer) {
  service_.networks.clear();
  service_.network_mode = "service:db";
  service_.pid = "service:db";
  service_.ipc = "shareable";
  donors_["db"] = ContainerId("abc");
  const auto made = spec();
  EXPECT_EQ(made.network_mode, "container:abc");
  EXPECT_EQ(made.pid_mode, "container:abc");
  EXPECT_EQ(made.ipc_mode, "shareable");
  EXPECT_EQ(made.labels.at("io.davit.donors"), "db=abc");
}

TEST_F(MakeSpec, PortsAndHosts) {
  service_.ports = {{.target = 80, .published = model::PortRange{8000, 8010}, .host_ip = "127.0.0.1"},
                    {.target = 53, .protocol = "udp"}};
  service_.extra_hosts = {{"host.docker.internal", {"host-gateway"}}};
  const auto made = spec();
  ASSERT_EQ(made.ports.size(), 2U);
  EXPECT_EQ(made.ports[0], (engine::PortMapping{"127.0.0.1", 8000, 8010, 80, "tcp"}));
  EXPECT_EQ(made.ports[1], (engine::PortMapping{"", 0, 0, 53, "udp"}));
  EXPECT_TRUE(made.serves_dns);
  EXPECT_THAT(made.extra_hosts, ElementsAre(Pair("host.docker.internal", "host-gateway")));
}

TEST_F(MakeSpec, SaysWhetherAProgramListensOnPort53) {
  EXPECT_FALSE(spec().serves_dns);
  service_.ports = {{.target = 80, .published = model::PortRange{53, 53}}};
  EXPECT_FALSE(spec().serves_dns) << "53 of the host is not 53 of the container";
  service_.ports = {{.target = 53, .published = model::PortRange{5353, 5353}}};
  EXPECT_TRUE(spec().serves_dns);
  service_.ports.clear();
  for (const char* exposed : {"53", "53/udp", "50-60/tcp"}) {
    service_.expose = {exposed};
    EXPECT_TRUE(spec().serves_dns) << exposed;
  }
  for (const char* exposed : {"54-60", "530", "5353/udp", "web"}) {
    service_.expose = {exposed};
    EXPECT_FALSE(spec().serves_dns) << exposed;
  }
  service_.expose.clear();
  image_.exposed_ports = {"53/udp"};
  EXPECT_TRUE(spec().serves_dns);
}

TEST_F(MakeSpec, MountsAndImageVolumes) {
  sample_.add_volume("web", "data");
  service_.volumes.push_back({.type = model::MountType::Bind,
                              .source = "/src",
                              .target = "/app/",
                              .read_only = true,
                              .create_host_path = true});
  service_.volumes.push_back({.target = "/anonymous"});
  service_.tmpfs.push_back({.where = {}, .target = "/run", .options = "size=64m,mode=1777,noexec"});
  image_.volumes = {"/data", "/var/lib"};
  const auto mounts = spec().mounts;
  ASSERT_EQ(mounts.size(), 5U);
  EXPECT_EQ(mounts[0].source, "p_data");
  EXPECT_EQ(mounts[1].kind, engine::Mount::Kind::Bind);
  EXPECT_EQ(mounts[1].target, "/app");
  EXPECT_EQ(mounts[1].create_source, engine::Mount::CreateSource::Directory);
  EXPECT_EQ(mounts[2].source, "");
  EXPECT_EQ(mounts[3].tmpfs_size, 64 << 20);
  EXPECT_EQ(mounts[3].tmpfs_mode, 01777U);
  EXPECT_THAT(mounts[3].tmpfs_options, ElementsAre("noexec"));
  EXPECT_EQ(mounts[4].target, "/var/lib") << "/data is mounted by the file";
}

TEST_F(MakeSpec, SecretsAndConfigsHonourOwnerAndMode) {
  model::FileObject secret;
  secret.file = "/w/secret.txt";
  sample_.project.secrets["key"] = secret;
  model::FileObject config;
  config.content = "a = 1";
  sample_.project.configs["conf"] = config;
  service_.secrets.push_back(
      {.where = {}, .source = "key", .target = "/run/secrets/key", .uid = "1000", .gid = "1001", .mode = 0400});
  service_.configs.push_back({.where = {}, .source = "conf", .target = "/etc/conf", .uid = {}, .gid = {}, .mode = {}});
  const auto files = spec().files;
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].kind, engine::FileMount::Kind::Secret);
  EXPECT_EQ(files[0].source, "/w/secret.txt");
  EXPECT_EQ(files[0].uid, 1000U);
  EXPECT_EQ(files[0].gid, 1001U);
  EXPECT_EQ(files[0].mode, 0400U);
  EXPECT_EQ(files[1].content, "a = 1");
  EXPECT_FALSE(files[1].mode);
  service_.secrets[0].uid = "root";
  EXPECT_EQ(refusal(), "'uid' of 'key' is 'root', expected a number");
}

TEST_F(MakeSpec, AVariableThatASecretOrConfigNeedsMustBeSet) {
  model::FileObject object;
  object.environment = "KEY";
  sample_.project.secrets["s"] = object;
  service_.secrets.push_back(
      {.where = {}, .source = "s", .target = "/run/secrets/s", .uid = {}, .gid = {}, .mode = {}});
  EXPECT_EQ(refusal(), "environment variable 'KEY' required by secret 's' is not set");
  sample_.project.secrets["s"].content = "";
  EXPECT_EQ(spec().files.at(0).content, "") << "set, and empty";
  sample_.project.configs["c"] = object;
  service_.configs.push_back({.where = {}, .source = "c", .target = "/c", .uid = {}, .gid = {}, .mode = {}});
  EXPECT_EQ(refusal(), "environment variable 'KEY' required by config 'c' is not set");
}

TEST_F(MakeSpec, HealthchecksMergeFieldByField) {
  EXPECT_EQ(spec().healthcheck, std::nullopt);
  image_.healthcheck = ImageHealthcheck{.test = {"CMD", "image"}, .interval = 7s, .timeout = 0s, .retries = 9};
  EXPECT_EQ(spec().healthcheck->test, (Words{"CMD", "image"}));
  EXPECT_EQ(spec().healthcheck->interval, 7s);
  EXPECT_EQ(spec().healthcheck->timeout, 30s) << "zero is the default";
  auto& own = service_.healthcheck.emplace();
  own.interval = 1s;
  EXPECT_EQ(spec().healthcheck->test, (Words{"CMD", "image"}));
  EXPECT_EQ(spec().healthcheck->interval, 1s);
  EXPECT_EQ(spec().healthcheck->retries, 9);
  own.test = Words{"CMD-SHELL", "curl x"};
  EXPECT_EQ(spec().healthcheck->test, (Words{"CMD-SHELL", "curl x"}));
  image_.shell = {"/bin/bash", "-c"};
  EXPECT_EQ(spec().healthcheck->test, (Words{"CMD", "/bin/bash", "-c", "curl x"}));
  own.disable = true;
  EXPECT_EQ(spec().healthcheck, std::nullopt);
}

TEST_F(MakeSpec, LimitsIsolationAndSupervision) {
  service_.mem_limit = 1 << 20;
  service_.cpus = 0.5;
  service_.pids_limit = -1;
  service_.ulimits["nofile"] = {1024, 2048};
  service_.cap_add = {"NET_ADMIN"};
  service_.security_opt = {"no-new-privileges:true"};
  service_.sysctls = {{"net.core.somaxconn", "1024"}};
  service_.read_only = true;
  service_.init = true;
  service_.restart = {model::RestartMode::OnFailure, 3};
  service_.x_davit.full_stop_grace = true;
  const auto made = spec();
  EXPECT_EQ(made.resources.memory, 1 << 20);
  EXPECT_EQ(made.resources.cpus, 0.5);
  EXPECT_EQ(made.resources.pids, -1);
  EXPECT_EQ(made.ulimits, (std::vector<engine::Ulimit>{{"nofile", 1024, 2048}}));
  EXPECT_EQ(made.cap_add, Words{"NET_ADMIN"});
  EXPECT_TRUE(made.read_only && made.init && made.full_stop_grace);
  EXPECT_EQ(made.restart, (engine::RestartPolicy{engine::RestartPolicy::Mode::OnFailure, 3}));
}

TEST_F(MakeSpec, LoggingOptions) {
  service_.logging.emplace();
  service_.logging->options = {{"max-size", "10m"}, {"max-file", "3"}};
  EXPECT_EQ(spec().logging, (engine::LogOptions{"json-file", 10 << 20, 3}));
  service_.logging->options["max-size"] = "lots";
  EXPECT_EQ(refusal(), "logging option 'max-size' of service 'web' is 'lots', expected a size such as '10m'");
}

TEST_F(MakeSpec, AnotherPlatformIsRefused) {
  service_.platform = "linux/amd64";
  EXPECT_EQ(refusal(), "");
  service_.platform = "linux/arm64/v8";
  EXPECT_EQ(refusal(), "service 'web' asks for platform 'linux/arm64/v8', but image 'web-image' is for 'linux/amd64'");
}

TEST_F(MakeSpec, WhatCannotBeDoneIsRefusedWithItsPlace) {
  service_.logging.emplace().driver = "syslog";
  service_.others["blkio_config"] = Span{std::make_shared<const std::string>("c.yaml"), {3, 5}, {3, 9}};
  service_.security_opt = {"apparmor=special"};
  service_.ports.push_back({.target = 1, .protocol = "sctp"});
  service_.userns_mode = "keep-id";
  const auto problems = check_supported(sample_.project, service_);
  Words found;
  for (const auto& d : problems.items()) found.push_back(d.message);
  EXPECT_THAT(found, ElementsAre("'blkio_config' of service 'web' is not supported yet",
                                 "'userns_mode: keep-id' of service 'web' is not supported yet",
                                 "'ports.protocol: sctp' of service 'web' is not supported yet",
                                 "'logging.driver: syslog' of service 'web' is not supported yet",
                                 "'security_opt: apparmor=special' of service 'web' is not supported yet"));
  EXPECT_EQ(problems.items()[0].where->to_string(), "c.yaml:3:5");
}

TEST_F(MakeSpec, AStopSignalThatIsNoneIsRefusedBeforeAContainerHasIt) {
  service_.stop_signal = "SIGFOO";
  const auto problems = check_supported(sample_.project, service_);
  ASSERT_EQ(problems.items().size(), 1U);
  EXPECT_EQ(problems.items()[0].message, "invalid stop signal of service '" + service_.name + "': 'SIGFOO'");
  service_.stop_signal = "usr1";
  EXPECT_TRUE(check_supported(sample_.project, service_).items().empty());
}

TEST_F(MakeSpec, NetworksAndVolumesHaveAHashOfWhatTheFileSays) {
  const auto& network = sample_.project.networks["default"];
  const auto spec = make_network_spec(sample_.project, network);
  EXPECT_EQ(spec.labels.at("com.docker.compose.network"), "default");
  EXPECT_EQ(spec.config_hash.size(), 64U);
  auto changed = network;
  changed.internal = true;
  EXPECT_NE(make_network_spec(sample_.project, changed).config_hash, spec.config_hash);
  changed = network;
  changed.driver = "overlay";
  EXPECT_EQ(check_supported(changed).items().size(), 1U);
  model::Volume volume;
  volume.key = "data";
  volume.name = "shop_data";
  volume.driver_opts = {{"type", "nfs"}};
  EXPECT_EQ(check_supported(volume).items()[0].message, "'driver_opts' of volume 'data' is not supported yet");
}

}  // namespace
}  // namespace davit::plan
