#include "cli/container_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

using namespace std::chrono_literals;
using engine::ContainerState;
using engine::Health;
using engine::ObservedContainer;
using engine::PublishedPort;
using ::testing::HasSubstr;

constexpr engine::WallTime kNow{1795404600s};

ObservedContainer web() {
  ObservedContainer container;
  container.id = ContainerId("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  container.name = "shop-web-1";
  container.project = "shop";
  container.service = "web";
  container.image_name = "nginx:1";
  container.command = {"/docker-entrypoint.sh", "nginx", "-g", "daemon off;"};
  container.state = ContainerState::Running;
  container.health = Health::Healthy;
  container.created = kNow - 2min - 5s;
  container.started = kNow - 3s;
  container.labels = {{"a", "1"}, {"b", "2"}};
  container.ports = {{"0.0.0.0", 8080, 80, "tcp"}, {"::", 8080, 80, "tcp"}};
  container.networks = {
      {.network = "shop_default", .ipv4_address = {}, .ipv6_address = {}, .mac_address = {}, .aliases = {}}};
  return container;
}

ObservedContainer job() {
  ObservedContainer container;
  container.id = ContainerId(std::string(64, 'f'));
  container.name = "migrate";
  container.project = "shop";
  container.service = "job";
  container.image_name = "shop-job";
  container.command = {"true"};
  container.state = ContainerState::Exited;
  container.exit_code = 3;
  container.created = kNow - 3h;
  container.finished = kNow - 61s;
  return container;
}

std::string status(ContainerState state, Health health = Health::None) {
  ObservedContainer container = job();
  container.state = state;
  container.health = health;
  container.started = kNow - 5s;
  return status_text(container, kNow);
}

TEST(ContainerListing, StatusIsInDockersWords) {
  EXPECT_EQ(status(ContainerState::Created), "Created");
  EXPECT_EQ(status(ContainerState::Running), "Up 5 seconds");
  EXPECT_EQ(status(ContainerState::Running, Health::Starting), "Up 5 seconds (health: starting)");
  EXPECT_EQ(status(ContainerState::Running, Health::Healthy), "Up 5 seconds (healthy)");
  EXPECT_EQ(status(ContainerState::Running, Health::Unhealthy), "Up 5 seconds (unhealthy)");
  EXPECT_EQ(status(ContainerState::Paused), "Up 5 seconds (Paused)");
  EXPECT_EQ(status(ContainerState::Restarting), "Restarting (3) About a minute ago");
  EXPECT_EQ(status(ContainerState::Exited), "Exited (3) About a minute ago");
  EXPECT_EQ(status(ContainerState::Dead), "Dead");
}

TEST(ContainerListing, AnEndThatNobodySawHasNoTime) {
  ObservedContainer container = job();
  container.finished = {};
  EXPECT_EQ(status_text(container, kNow), "Exited (3)");
}

TEST(ContainerListing, PortsAreInDockersWords) {
  EXPECT_EQ(ports_text({}), "");
  EXPECT_EQ(ports_text(web().ports), "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
  EXPECT_EQ(ports_text({{"", 0, 6379, "tcp"}}), "6379/tcp");
  EXPECT_EQ(ports_text({{"127.0.0.1", 53, 53, "udp"}, {"127.0.0.1", 53, 53, "tcp"}}),
            "127.0.0.1:53->53/tcp, 127.0.0.1:53->53/udp");
}

TEST(ContainerListing, NeighbouringPortsAreARangeIfTheyKeepTheirNumbers) {
  EXPECT_EQ(ports_text({{"0.0.0.0", 81, 81, "tcp"}, {"0.0.0.0", 80, 80, "tcp"}, {"0.0.0.0", 83, 83, "tcp"}}),
            "0.0.0.0:80-81->80-81/tcp, 0.0.0.0:83->83/tcp");
  EXPECT_EQ(ports_text({{"0.0.0.0", 8080, 80, "tcp"}, {"0.0.0.0", 8081, 81, "tcp"}}),
            "0.0.0.0:8080->80/tcp, 0.0.0.0:8081->81/tcp");
  EXPECT_EQ(ports_text({{"", 0, 80, "tcp"}, {"", 0, 81, "tcp"}}), "80-81/tcp");
}

TEST(ContainerListing, CommandsAreQuotedAndCutByCharacters) {
  EXPECT_EQ(command_text({"sh", "-c", "a \"b\"\n"}, Truncate::No), R"("sh -c 'a \"b\"\n'")");
  EXPECT_EQ(command_text({"sh", "-c", "sleep 100", "x", "", "a b", "*"}, Truncate::No),
            R"("sh -c 'sleep 100' x  'a b' *")");
  EXPECT_EQ(command_text({"sh", "-c", "echo it's"}, Truncate::No), R"("sh -c 'echo it's'")");
  EXPECT_EQ(command_text({"/my program", "x"}, Truncate::No), R"("/my program x")");
  EXPECT_EQ(command_text(web().command, Truncate::Yes), "\"/docker-entrypoint.…\"");
  EXPECT_EQ(command_text({"12345678901234567890"}, Truncate::Yes), "\"12345678901234567890\"");
  EXPECT_EQ(command_text({"ääääääääääääääääääää!"}, Truncate::Yes), "\"äääääääääääääääääää…\"");
}

TEST(ContainerListing, NamesLoseTheirProject) {
  EXPECT_EQ(shown_name(web()), "web-1");
  EXPECT_EQ(shown_name(job()), "migrate");
}

TEST(ContainerListing, TheTableIsSortedByName) {
  EXPECT_EQ(
      ps_table({web(), job()}, kNow, Truncate::Yes),
      "NAME         IMAGE      COMMAND                  SERVICE   CREATED         STATUS                          "
      "PORTS\n"
      "migrate      shop-job   \"true\"                   job       3 hours ago     Exited (3) About a minute ago   \n"
      "shop-web-1   nginx:1    \"/docker-entrypoint.…\"   web       2 minutes ago   Up 3 seconds (healthy)          "
      "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp\n");
}

TEST(ContainerListing, JsonIsAnObjectALineWithComposesKeys) {
  EXPECT_EQ(
      ps_json_lines({web()}, kNow, Truncate::Yes),
      R"json({"Command":"\"/docker-entrypoint.…\"","CreatedAt":"2026-11-23 03:27:55 +0000 UTC","ExitCode":0,)json"
      R"json("Health":"healthy","ID":"0123456789ab","Image":"nginx:1","Labels":"a=1,b=2","LocalVolumes":"0","Mounts":"",)json"
      R"json("Name":"shop-web-1","Names":"shop-web-1","Networks":"shop_default",)json"
      R"json("Ports":"0.0.0.0:8080->80/tcp, [::]:8080->80/tcp","Project":"shop",)json"
      R"json("Publishers":[{"URL":"0.0.0.0","TargetPort":80,"PublishedPort":8080,"Protocol":"tcp"},)json"
      R"json({"URL":"::","TargetPort":80,"PublishedPort":8080,"Protocol":"tcp"}],)json"
      R"json("RunningFor":"2 minutes ago","Service":"web","Size":"0B","State":"running","Status":"Up 3 seconds (healthy)"})json"
      "\n");
  EXPECT_THAT(ps_json_lines({web(), job()}, kNow, Truncate::No), HasSubstr("}\n{"));
}

TEST(ContainerListing, TemplatesHaveFields) {
  EXPECT_EQ(ps_template({web(), job()}, kNow, Truncate::Yes, "{{.Name}}: {{ .State }}"),
            "migrate: exited\nshop-web-1: running\n");
  EXPECT_EQ(ps_template({web()}, kNow, Truncate::Yes, "table {{.Service}}\\t{{.RunningFor}}"),
            "SERVICE   CREATED\nweb       2 minutes ago\n");
}

TEST(ContainerListing, TemplatesKnowJsonAndLabels) {
  auto labelled = web();
  labelled.labels = {{"a.b", "c"}};
  EXPECT_EQ(ps_template({labelled}, kNow, Truncate::Yes, "{{.Label \"a.b\"}} {{.Label \"none\"}}|{{json .Service}}"),
            "c |\"web\"\n");
  EXPECT_THAT(ps_template({labelled}, kNow, Truncate::Yes, "{{json .}}"), HasSubstr("\"Service\":\"web\""));
  EXPECT_THAT(ps_template({labelled}, kNow, Truncate::Yes, "{{.Publishers}}"), HasSubstr("{0.0.0.0 80 8080 tcp}"));
}

TEST(ContainerListing, AMistakeInATemplateIsNamed) {
  const auto message = [](std::string_view text) {
    try {
      (void)ps_template({}, kNow, Truncate::Yes, text);
    } catch (const Error& error) {
      return error.diagnostic().message + "|" + error.diagnostic().hint.value_or("");
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("{{.Nam}}"), HasSubstr("'{{.Nam}}' is not a field"));
  EXPECT_THAT(message("{{.Nam}}"), HasSubstr("did you mean '{{.Name}}'?"));
  EXPECT_THAT(message("{{upper .Name}}"), HasSubstr("is not a field"));
  EXPECT_THAT(message("{{.Name"), HasSubstr("'{{' has no '}}'"));
}

}  // namespace
}  // namespace davit::cli
