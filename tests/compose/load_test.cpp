#include "davit/compose/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace davit::compose {
namespace {

using test::LoadTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

model::Project project_of(const LoadTest& test) {
  auto result = test.load();
  EXPECT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  return result.loaded ? std::move(result.loaded->project) : model::Project{};
}

TEST(Load, ABindMountMakesItsFolderUnlessTheFileForbidsIt) {
  const model::Project project = project_of(LoadTest(R"(
services:
  web:
    image: a
    volumes:
      - ./short:/a
      - {type: bind, source: ./long, target: /b}
      - {type: bind, source: ./options, target: /c, bind: {propagation: rprivate}}
      - {type: bind, source: ./must-exist, target: /d, bind: {create_host_path: false}}
)"));
  std::string made;
  for (const model::Mount& mount : project.services.at("web").volumes)
    if (mount.create_host_path) made += mount.target;
  EXPECT_EQ(made, "/a/b/c");
}

TEST(Load, BindsWhatAServiceSays) {
  const LoadTest test(R"(
services:
  web:
    image: nginx:1
    command: nginx -g "daemon off;"
    entrypoint: []
    ports: ["127.0.0.1:8080-8081:80-81/udp", 9000]
    volumes: [data:/data:ro, ./src:/src, /tmp/x]
    environment: [A=1, B, PATH]
    depends_on: {db: {condition: service_healthy, restart: true}}
    healthcheck: {test: curl localhost, interval: 1m30s, retries: 5}
    restart: on-failure:3
    stop_grace_period: 1m
    mem_limit: 64m
    deploy: {resources: {limits: {cpus: "0.5", memory: 64m}}}
    secrets: [{source: key, mode: 0400}]
    ulimits: {nofile: 1024, nproc: {soft: 1, hard: 2}}
    extra_hosts: ["a:1.2.3.4", "b=::1"]
    x-davit: {full_stop_grace: true}
    cap_add: [NET_ADMIN]
    networks: {front: {aliases: [www]}}
  db: {image: postgres, network_mode: host, scale: 2}
networks: {front: }
volumes: {data: {name: real}}
secrets: {key: {file: ./key}}
)");
  auto request_test = test;
  request_test.request.environment = {{"PATH", "/bin"}};
  const model::Project project = project_of(request_test);
  const model::Service& web = project.services.at("web");
  EXPECT_THAT(web.command.value(), ElementsAre("nginx", "-g", "daemon off;"));
  EXPECT_TRUE(web.entrypoint.value().empty());
  ASSERT_EQ(web.ports.size(), 3U);
  EXPECT_EQ(web.ports[1].target, 81);
  EXPECT_EQ(web.ports[1].published, (model::PortRange{8081, 8081}));
  EXPECT_EQ(web.ports[1].host_ip, "127.0.0.1");
  EXPECT_EQ(web.ports[1].protocol, "udp");
  EXPECT_FALSE(web.ports[2].published.has_value());
  EXPECT_EQ(web.ports[2].where.begin, (Position{7, 46}));
  ASSERT_EQ(web.volumes.size(), 3U);
  EXPECT_TRUE(web.volumes[0].read_only);
  EXPECT_EQ(web.volumes[1].source, "/project/src");
  EXPECT_EQ(web.volumes[1].type, model::MountType::Bind);
  EXPECT_TRUE(web.volumes[1].create_host_path);
  EXPECT_EQ(web.volumes[2].source, "");
  EXPECT_EQ(web.environment.at("A"), "1");
  EXPECT_EQ(web.environment.at("B"), std::nullopt);
  EXPECT_EQ(web.environment.at("PATH"), "/bin");
  EXPECT_EQ(web.depends_on.at("db").condition, model::DependencyCondition::Healthy);
  EXPECT_TRUE(web.depends_on.at("db").restart);
  EXPECT_THAT(web.healthcheck->test.value(), ElementsAre("CMD-SHELL", "curl localhost"));
  EXPECT_EQ(web.healthcheck->interval, std::chrono::seconds(90));
  EXPECT_EQ(web.healthcheck->retries, 5U);
  EXPECT_EQ(web.restart, (model::RestartPolicy{model::RestartMode::OnFailure, 3}));
  EXPECT_EQ(web.stop_grace_period, std::chrono::minutes(1));
  EXPECT_EQ(web.mem_limit, 64 * 1024 * 1024);
  EXPECT_EQ(web.cpus, 0.5);
  EXPECT_EQ(web.secrets.at(0).target, "/run/secrets/key");
  EXPECT_EQ(web.secrets.at(0).mode, 0400U);
  EXPECT_EQ(web.ulimits.at("nofile"), (model::Ulimit{1024, 1024}));
  EXPECT_EQ(web.ulimits.at("nproc"), (model::Ulimit{1, 2}));
  EXPECT_THAT(web.extra_hosts.at("b"), ElementsAre("::1"));
  EXPECT_TRUE(web.x_davit.full_stop_grace);
  EXPECT_THAT(web.networks.at("front").aliases, ElementsAre("www"));
  EXPECT_EQ(web.where.of("image").begin, (Position{4, 12}));
  EXPECT_EQ(project.networks.at("front").name, "p_front");
  EXPECT_EQ(project.volumes.at("data").name, "real");
  EXPECT_EQ(project.secrets.at("key").file, "/project/key");
  EXPECT_EQ(project.services.at("db").replicas(), 2);
  EXPECT_TRUE(project.services.at("db").networks.empty());
}

TEST(Load, HashIgnoresWhatNeverRecreates) {
  const std::string base = "services: {a: {image: x, labels: [k=v]}, b: {image: y}}";
  const std::string same =
      "services: {a: {image: x, labels: [k=v], scale: 3, depends_on: [b], pull_policy: always, profiles: [z]}, b: "
      "{image: y}}";
  const std::string other = "services: {a: {image: x, labels: [k=w]}, b: {image: y}}";
  const auto hash = [](const std::string& text) { return project_of(LoadTest(text)).services.at("a").config_hash; };
  EXPECT_EQ(hash(base).size(), 64U);
  EXPECT_EQ(hash(base), hash(same));
  EXPECT_NE(hash(base), hash(other));
}

TEST(Load, EnvFilesFillTheEnvironment) {
  LoadTest test({{"compose.yaml",
                  "services: {a: {image: x, environment: {OWN: env, FROM: '$V'}, env_file: [one.env, {path: two.env}, "
                  "{path: none.env, required: false}, {path: raw.env, format: raw}]}}"},
                 {"one.env", "OWN=file\nONE=1\nBOTH=1\n"},
                 {"two.env", "BOTH=2\nREF=$ONE$OWN\n"},
                 {"raw.env", "RAW='$x'\n"},
                 {".env", "V=dot\n"}});
  const auto environment = project_of(test).services.at("a").environment;
  EXPECT_EQ(environment.at("OWN"), "env");
  EXPECT_EQ(environment.at("FROM"), "dot");
  EXPECT_EQ(environment.at("BOTH"), "2");
  EXPECT_EQ(environment.at("REF"), "1env");
  EXPECT_EQ(environment.at("RAW"), "'$x'");
}

TEST(Load, ShellWinsOverDotEnvAndFlagsReplaceIt) {
  LoadTest test({{"compose.yaml", "services: {a: {image: '$I'}}"}, {".env", "I=dot\n"}, {"other.env", "I=other\n"}});
  EXPECT_EQ(project_of(test).services.at("a").image, "dot");
  test.request.env_files = {"other.env"};
  EXPECT_EQ(project_of(test).services.at("a").image, "other");
  test.request.environment["I"] = "shell";
  EXPECT_EQ(project_of(test).services.at("a").image, "shell");
}

TEST(Load, FindsFilesUpwardsWithOverride) {
  LoadTest test({{"docker-compose.yml", "services: {a: {image: old, labels: {x: y}}}"},
                 {"docker-compose.override.yml", "services: {a: {image: new}}"},
                 {"deep/er/x", ""}});
  test.request.cwd = "/project/deep/er";
  const auto project = project_of(test);
  EXPECT_EQ(project.services.at("a").image, "new");
  EXPECT_EQ(project.services.at("a").labels.at("x"), "y");
  EXPECT_EQ(project.working_dir, "/project");
  EXPECT_THAT(project.compose_files,
              ElementsAre("/project/docker-compose.yml", "/project/docker-compose.override.yml"));
}

TEST(Load, ComposeFileVariableMayStandInDotEnv) {
  LoadTest test({{"a.yaml", "services: {a: {image: x}}"},
                 {"b.yaml", "services: {a: {image: y}}"},
                 {".env", "COMPOSE_FILE=a.yaml:b.yaml\nCOMPOSE_PROFILES=dev\nCOMPOSE_PROJECT_NAME=named\n"}});
  test.request.project_name.clear();
  const auto project = project_of(test);
  EXPECT_EQ(project.services.at("a").image, "y");
  EXPECT_EQ(project.name, "named");
}

TEST(Load, ProjectNamesFollowTheirRules) {
  LoadTest test(std::string("name: From_File\nservices: {a: {image: x}}"));
  test.request.project_name.clear();
  EXPECT_EQ(project_of(test).name, "from_file");
  test.request.environment["COMPOSE_PROJECT_NAME"] = "env";
  EXPECT_EQ(project_of(test).name, "env");
  test.request.project_name = "Bad";
  EXPECT_THAT(test.messages(), HasSubstr("invalid project name 'Bad'"));
  LoadTest folder(std::string("services: {a: {image: x}}"));
  folder.request.project_name.clear();
  EXPECT_EQ(project_of(folder).name, "project");
  EXPECT_EQ(normalize_project_name("__My App!2"), "myapp2");
}

TEST(Load, ReadsStandardInput) {
  LoadTest test(std::string("unused: 1"));
  test.request.files = {"-"};
  test.request.read_stdin = [] { return std::string("services: {a: {image: x}}"); };
  EXPECT_EQ(project_of(test).services.size(), 1U);
}

TEST(Load, ProfilesAndSelection) {
  LoadTest test(std::string(R"(
services:
  web: {image: x, depends_on: [db]}
  db: {image: x, volumes: [data:/d]}
  debug: {image: x, profiles: [dev]}
  other: {image: x, volumes: [junk:/d]}
volumes: {data: , junk: }
)"));
  test.request.profiles.clear();
  auto project = project_of(test);
  EXPECT_FALSE(project.services.contains("debug"));
  EXPECT_TRUE(project.disabled_services.contains("debug"));
  test.request.services = {"web"};
  project = project_of(test);
  EXPECT_EQ(project.services.size(), 2U);
  EXPECT_EQ(project.volumes.size(), 1U);
  test.request.dependencies = Dependencies::Ignore;
  project = project_of(test);
  EXPECT_EQ(project.services.size(), 1U);
  EXPECT_TRUE(project.services.at("web").depends_on.empty());
  test.request.services = {"debug"};
  EXPECT_TRUE(project_of(test).services.contains("debug"));
  test.request.services = {"debgu"};
  EXPECT_THAT(test.messages(), HasSubstr("no such service: debgu"));
}

TEST(Load, MergesByTheTable) {
  LoadTest test({{"a.yaml", R"(
services:
  a:
    image: x
    command: one
    environment: {A: 1, B: 2}
    ports: ["80:80"]
    volumes: ["./one:/d", "./two:/e"]
    cap_add: [X]
    depends_on: [b]
    logging: {driver: json-file, options: {max-size: 1m}}
    labels: {keep: me}
  b: {image: x}
)"},
                 {"b.yaml", R"(
services:
  a:
    command: [two]
    environment: [B=3, C=4]
    ports: ["81:80", "80:80"]
    volumes: ["./three:/d"]
    cap_add: [Y, X]
    depends_on: {b: {condition: service_healthy}}
    logging: {driver: none}
    labels: !reset null
)"}});
  test.request.files = {"a.yaml", "b.yaml"};
  const auto a = project_of(test).services.at("a");
  EXPECT_THAT(a.command.value(), ElementsAre("two"));
  EXPECT_EQ(a.environment.at("B"), "3");
  EXPECT_EQ(a.environment.size(), 3U);
  EXPECT_EQ(a.ports.size(), 2U);
  ASSERT_EQ(a.volumes.size(), 2U);
  EXPECT_EQ(a.volumes[0].source, "/project/three");
  EXPECT_THAT(a.cap_add, ElementsAre("X", "Y"));
  EXPECT_EQ(a.depends_on.at("b").condition, model::DependencyCondition::Healthy);
  EXPECT_EQ(a.logging->driver, "none");
  EXPECT_TRUE(a.logging->options.empty());
  EXPECT_TRUE(a.labels.empty());
}

TEST(Load, OverrideTagReplaces) {
  LoadTest test({{"a.yaml", "services: {a: {image: x, ports: ['80:80']}}"},
                 {"b.yaml", "services:\n  a:\n    ports: !override ['81:81']\n"}});
  test.request.files = {"a.yaml", "b.yaml"};
  EXPECT_EQ(project_of(test).services.at("a").ports.size(), 1U);
}

TEST(Load, ExtendsFromOtherFilesWithTheirPaths) {
  const LoadTest test({{"compose.yaml", R"(
services:
  web: {extends: {file: common/base.yaml, service: app}, environment: {B: 2}}
)"},
                       {"common/base.yaml", R"(
services:
  app: {extends: root, build: ., volumes: ["./v:/v"]}
  root: {image: base, environment: {A: 1}}
)"}});
  const auto web = project_of(test).services.at("web");
  EXPECT_EQ(web.image, "base");
  EXPECT_EQ(web.build->context, "/project/common");
  EXPECT_EQ(web.volumes.at(0).source, "/project/common/v");
  EXPECT_EQ(web.environment.size(), 2U);
}

TEST(Load, IncludesHaveTheirOwnFolderAndEnvironment) {
  const LoadTest test({{"compose.yaml", R"(
include: [sub/compose.yaml]
services:
  web: {image: x, depends_on: [db]}
  db: {labels: {local: wins}}
)"},
                       {"sub/compose.yaml", R"(
services: {db: {image: 'db:$TAG', build: ./ctx, env_file: e.env, secrets: [s], labels: {local: loses}}}
secrets: {s: {environment: TAG}}
)"},
                       {"sub/.env", "TAG=7\n"},
                       {"sub/e.env", "E=1\n"}});
  const auto project = project_of(test);
  const auto& db = project.services.at("db");
  EXPECT_EQ(db.image, "db:7");
  EXPECT_EQ(db.build->context, "/project/sub/ctx");
  EXPECT_EQ(db.environment.at("E"), "1");
  EXPECT_EQ(db.labels.at("local"), "wins");
  EXPECT_EQ(project.secrets.at("s").content, "7");
}

TEST(Load, AnExtendedFileHasTheVariablesOfWhoExtendsIt) {
  const LoadTest test({{"compose.yaml", R"(
include: [{path: a.yaml, env_file: a.env}, {path: b.yaml, env_file: b.env}]
)"},
                       {"a.yaml", "services: {a: {extends: {file: base.yaml, service: s}}}\n"},
                       {"b.yaml", "services: {b: {extends: {file: base.yaml, service: s}}}\n"},
                       {"base.yaml", "services: {s: {image: 'x:$TAG'}}\n"},
                       {"a.env", "TAG=1\n"},
                       {"b.env", "TAG=2\n"}});
  const auto project = project_of(test);
  EXPECT_EQ(project.services.at("a").image, "x:1");
  EXPECT_EQ(project.services.at("b").image, "x:2");
}

TEST(Load, WhatDavitAddsToAContainerIsInItsHash) {
  const LoadTest with(std::string("services: {a: {image: x, x-davit: {full_stop_grace: true}}}"));
  const LoadTest without(std::string("services: {a: {image: x, x-davit: {full_stop_grace: false}}}"));
  const LoadTest plain(std::string("services: {a: {image: x}}"));
  const auto hash = [](const LoadTest& test) { return project_of(test).services.at("a").config_hash; };
  EXPECT_NE(hash(with), hash(plain));
  EXPECT_EQ(hash(without), hash(plain));
}

TEST(Load, OfAListThatIsAMappingTheLastOfAKeyCounts) {
  const LoadTest test(
      std::string("services: {a: {build: {context: ., additional_contexts: ['c=./1', 'b=./2', 'c=./3']}}}"));
  const auto contexts = project_of(test).services.at("a").build->additional_contexts;
  ASSERT_EQ(contexts.size(), 2U);
  EXPECT_EQ(contexts.at("c"), "/project/3");
}

TEST(Load, NetworksNamesAndImpliedDependencies) {
  const LoadTest test(std::string(R"(
services:
  a: {image: x, links: ["b:alias"], ipc: "service:c", volumes_from: ["d:ro"]}
  b: {image: x}
  c: {image: x}
  d: {image: x, networks: [net]}
networks: {net: {external: true}}
)"));
  const auto project = project_of(test);
  const auto& a = project.services.at("a");
  EXPECT_TRUE(a.depends_on.at("b").restart);
  EXPECT_TRUE(a.depends_on.at("c").restart);
  EXPECT_FALSE(a.depends_on.at("d").restart);
  EXPECT_EQ(project.networks.at("net").name, "net");
  EXPECT_EQ(project.networks.at("default").name, "p_default");
}

TEST(Load, AllMistakesAtOnceAndInOrder) {
  const LoadTest test(std::string(R"(services:
  a:
    imagee: x
    ports: ["x"]
    depends_on: [nope]
  b:
    image: [1]
)"));
  const auto result = test.load();
  EXPECT_FALSE(result.loaded.has_value());
  std::vector<std::uint32_t> lines;
  for (const Diagnostic& item : result.diagnostics.items()) lines.push_back(item.where->begin.line);
  EXPECT_THAT(lines, ElementsAre(3, 4, 5, 7)) << LoadTest::messages(result);
}

TEST(Load, WithoutInterpolationTheTextStays) {
  LoadTest test(std::string("services: {a: {image: 'x:${TAG:?needed}', ports: ['${P}:80']}}"));
  test.request.options.interpolate = false;
  const auto result = test.load();
  ASSERT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  EXPECT_THAT(render_tree(result.loaded->tree, Format::Yaml), HasSubstr("image: x:${TAG:?needed}"));
}

TEST(Load, YamlOutputLoadsToTheSame) {
  const LoadTest test(std::string(R"(
services:
  a:
    image: x
    command: ["a b", "$$HOME", "multi\nline\n", "true", "1", ""]
    environment: {A: "yes", B: "0644", C: " lead", D: "a: b", E: "x #y", F: "", G: "'q'", H: "22:22"}
    labels: {"key with: colon": v}
    healthcheck: {test: [CMD, x], interval: 1h}
    mem_limit: 1g
    extra_hosts: {a: 1.1.1.1}
    secrets: [s]
    deploy: {resources: {limits: {memory: 1g}}}
x-top: {list: [1, [2, 3], {a: b, c: [d]}], empty: {}, none: []}
secrets: {s: {file: ./f}}
)"));
  const std::string first = test.yaml();
  const LoadTest again(first);
  EXPECT_EQ(again.yaml(), first);
}

TEST(Load, KeepsTheDocumentsAsTheyWereParsedWhenAsked) {
  LoadTest test(std::vector<std::pair<std::string, std::string>>{
      {"compose.yaml", "include: [other.yaml]\nservices: {a: {extends: {file: base.yaml, service: b}, tty: yes}}\n"},
      {"other.yaml", "services: {c: {image: '${TAG:-x}'}}\n"},
      {"base.yaml", "services: {b: {image: x}}\n"}});
  EXPECT_THAT(test.load().documents, IsEmpty());
  test.request.options.keep_documents = true;
  const auto documents = test.load().documents;
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[0].path, "/project/compose.yaml");
  EXPECT_EQ(documents[0].documents.front().find("services")->find("a")->find("tty")->text, "yes");
  EXPECT_EQ(documents[1].path, "/project/other.yaml");
  EXPECT_EQ(documents[1].documents.front().find("services")->find("c")->find("image")->text, "${TAG:-x}");
  EXPECT_EQ(documents[2].path, "/project/base.yaml");
}

TEST(Load, ServicesOfInactiveProfilesAreKeptApart) {
  LoadTest test(std::string("services: {a: {image: x}, b: {image: y, profiles: [debug], ports: ['80:80']}}"));
  test.request.profiles = {"other"};
  const auto result = test.load();
  ASSERT_TRUE(result.loaded.has_value()) << LoadTest::messages(result);
  EXPECT_EQ(result.loaded->tree.find("services")->find("b"), nullptr);
  ASSERT_NE(result.loaded->disabled.find("b"), nullptr);
  EXPECT_TRUE(result.loaded->disabled.find("b")->find("ports")->items.front().is_map());
}

TEST(Load, EmptyAndAbsentFiles) {
  EXPECT_THAT(LoadTest(std::string("# nothing\n")).messages(), HasSubstr("empty compose file"));
  EXPECT_THAT(LoadTest(std::vector<std::pair<std::string, std::string>>{}).messages(),
              HasSubstr("no configuration file provided"));
}

TEST(Load, FromAFolderThatIsGone) {
  LoadTest test(std::vector<std::pair<std::string, std::string>>{});
  test.request.cwd.clear();
  EXPECT_THAT(test.messages(), HasSubstr("the current folder does not exist any more"));
}

}  // namespace
}  // namespace davit::compose
