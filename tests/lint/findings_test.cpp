// The borders of each rule: what it finds beside its example, and what it leaves alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace davit::lint {
namespace {

using test::LintTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> places(std::string_view code, std::string text) {
  return LintTest(std::move(text)).places(code);
}

TEST(SecretInEnvironment, LooksAtTheNameAndAtWhereTheValueComesFrom) {
  LintTest test(R"(
services:
  a:
    image: x:1
    environment:
      DB_PASSWORD: hunter2
      API_TOKEN: abc
      APP_KEY: base64:abc
      STRIPE_KEY: sk_test_4eC39HqLyjWDarjtT1zdp7dc
      spring.mail.password: hunter2
      SECRET_KEY_BASE: 0123
      FROM_VARIABLE_PASSWORD: ${DB_PASSWORD:-x}
      PART_PASSWORD: a${B:-c}
      BARE_PASSWORD:
      DB_PASSWORD_FILE: /run/secrets/db
      TLS_KEY: /certs/tls.key
      EMPTY_PASSWORD: ""
      ALLOW_EMPTY_PASSWORD: "yes"
      MAX_TOKEN: 4096
      TOKEN_TTL: 3600
      PUBLIC_KEY: ssh-rsa-AAAAB3NzaC1yc2EAAA
      SORT_KEY: created_at
      DOLLAR_PASSWORD: a$$b
)");
  test.request.environment["BARE_PASSWORD"] = "from outside";
  EXPECT_THAT(test.places("secret-in-environment"),
              ElementsAre("6:7", "7:7", "8:7", "9:7", "10:7", "11:7", "12:7", "13:7", "23:7"));
}

TEST(SecretInEnvironment, ReadsListsTheSameWay) {
  LintTest test(R"(
services:
  a:
    image: x:1
    environment:
      - DB_PASSWORD=hunter2
      - "API_TOKEN=abc"
      - OTHER_PASSWORD=${X:-y}
      - BARE_PASSWORD
)");
  test.request.environment["BARE_PASSWORD"] = "from outside";
  EXPECT_THAT(test.places("secret-in-environment"), ElementsAre("6:9", "7:9", "8:9"));
}

TEST(SecretInEnvironment, FindsDefaultsOfVariables) {
  LintTest test(R"(
services:
  a:
    image: x:1
    environment:
      ONE: ${DB_PASSWORD:-hunter2}
      TWO: ${URL:-postgres://app:hunter2@db/app}
      THREE_PASSWORD: ${A:-${B:-hunter2}}
      EMPTY_PASSWORD: ${C:-}
      ASKED_PASSWORD: ${D:?}
      FILE: ${KEY_FILE:-/run/secrets/key}
      SWITCH_PASSWORD: ${E:-false}
      OTHER: ${PORT:-80}
      DOUBLED_PASSWORD: $${F:-x}
)");
  test.request.environment["D"] = "from outside";
  EXPECT_THAT(test.places("secret-in-environment"), ElementsAre("6:7", "7:7", "8:7", "14:7"));
  EXPECT_EQ(test.messages().at(0), "the value of 'ONE' in service 'a' has a secret as its default");
  EXPECT_EQ(test.messages().at(3), "the value of 'DOUBLED_PASSWORD' in service 'a' is a secret written into the file");
}

TEST(SecretInEnvironment, FindsPasswordsInUrlsAndPrivateKeys) {
  EXPECT_THAT(places("secret-in-environment", R"(
services:
  a:
    image: x:1
    environment:
      A_URL: postgres://app:hunter2@db:5432/app
      B_URL: postgres://app:${PASSWORD:-x}@db/app
      C_URL: postgres://app@db/app
      D_URL: http://db:80/a@b
      CERT: |
        -----BEGIN PRIVATE KEY-----
        MIIE
)"),
              ElementsAre("6:7", "7:7", "10:7"));
}

TEST(SecretInEnvironment, LeavesEnvFilesAlone) {
  LintTest test("services: {a: {image: 'x:1', env_file: a.env}}");
  test.with("a.env", "DB_PASSWORD=hunter2\n");
  EXPECT_THAT(test.all(), IsEmpty());
}

TEST(SecretInEnvironment, CountsALineOfAnAnchorOnce) {
  EXPECT_THAT(places("secret-in-environment", R"(
x-env: &env {DB_PASSWORD: hunter2}
services:
  a: {image: "x:1", environment: *env}
  b: {image: "x:1", environment: {<<: *env, B: c}}
)"),
              ElementsAre("2:14"));
}

TEST(SecretInBuildArgs, DoesNotCareWhereTheValueComesFrom) {
  EXPECT_THAT(places("secret-in-build-args", R"(
services:
  a: {build: {context: ., args: {NPM_TOKEN: "${NPM_TOKEN:-}", GIT_PASSWORD: , VERSION: "1"}}}
  b:
    build:
      context: .
      args:
        - DEPLOY_TOKEN
        - NODE_ENV=production
)"),
              ElementsAre("3:34", "3:63", "8:11"));
}

TEST(DatabasePortExposed, KnowsImagesPortsAndAddresses) {
  EXPECT_THAT(places("database-port-exposed", R"(
services:
  a: {image: "docker.io/library/postgres:16@sha256:00", ports: ["5432:5432"]}
  b: {image: "postgres:16", ports: ["127.0.0.1:5433:5432"]}
  c: {image: "postgres:16", ports: ["8080:80"]}
  d: {build: ., ports: ["6380:6379"]}
  e: {image: "redis:7", ports: [{target: 6379, published: "6381", host_ip: 0.0.0.0}]}
  f: {image: "x:1", ports: ["9200:9200"]}
  g: {image: "mongo:7", ports: ["[::1]:27017:27017"]}
)"),
              ElementsAre("3:65", "6:25", "7:33"));
}

TEST(Privileged, CountsAllCapabilities) {
  EXPECT_THAT(places("privileged", R"(
services:
  a: {image: "x:1", cap_add: [NET_ADMIN, ALL]}
  b: {image: "x:1", privileged: false, cap_add: [SYS_PTRACE]}
  c: {image: "x:1", privileged: true, cap_add: [ALL]}
)"),
              ElementsAre("3:42", "5:33"));
}

TEST(EngineSocket, IsFoundUnderAnyPath) {
  EXPECT_THAT(places("engine-socket", R"(
services:
  a: {image: "x:1", volumes: ["/run/podman/podman.sock:/var/run/docker.sock"]}
  b: {image: "x:1", volumes: ["/run/mysqld/mysqld.sock:/x"]}
  c: {image: "x:1", volumes: ["/a/docker.sock:/var/run/docker.sock"]}
)"),
              ElementsAre("3:31", "5:31"));
}

TEST(ImageNotPinned, LeavesBuiltLocalAndPinnedImagesAlone) {
  EXPECT_THAT(places("image-not-pinned", R"(
services:
  a: {image: "redis:latest"}
  b: {image: "registry:5000/redis"}
  c: {image: "registry:5000/redis:7"}
  d: {image: "redis@sha256:0123456789012345678901234567890123456789012345678901234567890123"}
  e: {image: app, build: .}
  f: {image: app}
  g: {image: local, pull_policy: never}
  h: {image: "redis:${TAG:-latest}"}
  i: {image: "redis:${TAG:-7}"}
)"),
              ElementsAre("3:14", "4:14", "10:14"));
}

TEST(DatabaseWithoutVolume, TakesMountsAboveAtAndBelowTheFolder) {
  EXPECT_THAT(places("database-without-volume", R"(
services:
  a: {image: "postgres:16", volumes: ["db:/var/lib/postgresql/data"]}
  b: {image: "postgres:18", volumes: ["db:/var/lib/postgresql"]}
  c: {image: "postgres:16", tmpfs: ["/var/lib/postgresql/data"]}
  d: {image: "postgres:16", volumes: ["db:/pg"], environment: {PGDATA: /pg/data}}
  e: {image: "postgres:16", volumes: ["./init.sql:/docker-entrypoint-initdb.d/init.sql"]}
  f: {image: "redis:7"}
  g: {image: "postgres:16", command: [psql, -h, a]}
  h: {image: "example/postgres:16"}
  i: {image: "mysql:8", command: [--skip-name-resolve]}
volumes: {db: {}}
)"),
              ElementsAre("7:14", "11:14"));
}

TEST(DependsOnWithoutHealth, TakesTheLongFormAsADecision) {
  EXPECT_THAT(places("depends-on-without-health", R"(
services:
  a: {image: "x:1", depends_on: [db, cache]}
  b: {image: "x:1", depends_on: {db: {condition: service_started}}}
  c: {image: "x:1", links: [db]}
  d: {image: "x:1", depends_on: [off]}
  db: {image: "x:1", healthcheck: {test: [CMD, "true"]}}
  off: {image: "x:1", healthcheck: {test: [NONE]}}
  cache: {image: "x:1", healthcheck: {interval: 5s}}
)"),
              ElementsAre("3:34"));
}

TEST(HealthNeverComes, SeesBothWaysToDisable) {
  EXPECT_THAT(places("health-never-comes", R"(
services:
  a:
    image: x:1
    depends_on:
      b: {condition: service_healthy}
      c: {condition: service_healthy}
      d: {condition: service_healthy}
  b: {image: "x:1", healthcheck: {disable: true}}
  c: {image: "x:1", healthcheck: {test: [NONE]}}
  d: {image: "x:1"}
)"),
              ElementsAre("6:7", "7:7"));
}

TEST(HealthCheckNeedsShell, KnowsShellsOperatorsAndVariables) {
  EXPECT_THAT(places("health-check-needs-shell", R"(
services:
  a: {image: "x:1", healthcheck: {test: [CMD, curl -f http://localhost]}}
  b: {image: "x:1", healthcheck: {test: [CMD, curl, -f, "http://localhost", "||", exit, "1"]}}
  c: {image: "x:1", healthcheck: {test: [CMD, pg_isready, -U, $$POSTGRES_USER]}}
  d: {image: "x:1", healthcheck: {test: [CMD-SHELL, curl, -f, "http://localhost"]}}
  e: {image: "x:1", healthcheck: {test: [CMD, sh, -c, "curl $$HOST || exit 1"]}}
  f: {image: "x:1", healthcheck: {test: [CMD, /bin/bash, -c, "a | b"]}}
  g: {image: "x:1", healthcheck: {test: "curl -f $$HOST || exit 1"}}
  h: {image: "x:1", healthcheck: {test: [CMD-SHELL, curl -f $$HOST]}}
  i: {image: "x:1", healthcheck: {test: [CMD, grep, -q, "^ok$$", /status]}}
)"),
              ElementsAre("3:47", "4:77", "5:63", "6:59"));
}

TEST(StartIntervalWithoutPeriod, WantsAPeriodAboveZero) {
  EXPECT_THAT(places("start-interval-without-period", R"(
services:
  a: {image: "x:1", healthcheck: {test: a, start_interval: 1s, start_period: 0s}}
  b: {image: "x:1", healthcheck: {test: a, start_interval: 1s, start_period: 1s}}
  c: {image: "x:1", healthcheck: {test: a, start_period: 1s}}
)"),
              ElementsAre("3:44"));
}

TEST(CompletionNeverComes, AllowsOnFailure) {
  EXPECT_THAT(places("completion-never-comes", R"(
services:
  a:
    image: x:1
    depends_on:
      b: {condition: service_completed_successfully}
      c: {condition: service_completed_successfully}
      d: {condition: service_completed_successfully}
  b: {image: "x:1", restart: unless-stopped}
  c: {image: "x:1", restart: on-failure}
  d: {image: "x:1", deploy: {restart_policy: {condition: any}}}
)"),
              ElementsAre("6:7", "8:7"));
}

TEST(RestartMismatch, LooksAtServicesThatClearlyServe) {
  EXPECT_THAT(places("restart-mismatch", R"(
services:
  a: {image: "x:1", restart: always, depends_on: [db, job, said, on-failure]}
  db: {image: "redis:7"}
  job: {image: "x:1"}
  said: {image: "redis:7", restart: "no"}
  on-failure: {image: "redis:7", restart: on-failure}
)"),
              ElementsAre("4:3"));
}

TEST(PortConflict, ComparesAddressesProtocolsAndReplicas) {
  EXPECT_THAT(places("port-conflict", R"(
services:
  a: {image: "x:1", ports: ["127.0.0.1:80:80", "53:53/udp", "8000-8005:80"]}
  b: {image: "x:1", ports: ["127.0.0.2:80:80", "53:53/tcp"]}
  c: {image: "x:1", ports: ["80:80"]}
  d: {image: "x:1", ports: ["81:80"], scale: 2}
  e: {image: "x:1", ports: ["82-83:80"], scale: 2}
  f: {image: "x:1", ports: ["84:80"], profiles: [one]}
  g: {image: "x:1", ports: ["84:80"], profiles: [two]}
)"),
              ElementsAre("5:29", "6:29"));
}

TEST(YamlBoolean, LooksAtPlainScalarsOfTheFileOnly) {
  LintTest test(R"(
x-text: yes
services:
  a:
    image: x:1
    tty: yes
    environment: {A: no, B: "no", C: "${X:-yes}", D: nope}
    command: [serve, on]
    x-note: off
    init: ${INIT:-yes}
)");
  EXPECT_THAT(test.places("yaml-boolean"), ElementsAre("6:10", "7:22", "8:22", "10:11"));
}

TEST(YamlBase60, NeedsPartsBelowSixty) {
  EXPECT_THAT(places("yaml-base-60", R"(
services:
  a:
    image: x:1
    ports:
      - 22:22
      - 8080:80
      - "25:25"
    environment: {TIME: 12:30, MAC: 02:42}
)"),
              ElementsAre("6:9", "9:25"));
}

TEST(YamlChangedValue, ComparesWithWhatIsWritten) {
  EXPECT_THAT(places("yaml-changed-value", R"(
services:
  a:
    image: x:1
    environment:
      OCTAL: 022
      HEX: 0x1F
      FLOAT: 1.10
      EXPONENT: 1e3
      WORD: True
      DATE: 2024-01-02
      GROUPED: 1_000
      QUOTED: "022"
      PLAIN: 22
      SAME: 1.5
      LOWER: true
      TEXT: 1.10.0
    labels: {version: 2.0}
    build: {context: ., args: {V: 3.10}}
)"),
              ElementsAre("6:14", "7:12", "8:14", "9:17", "10:13", "11:13", "12:16", "18:23", "19:35"));
}

TEST(YamlChangedValue, LooksAtTheAnchorAndNotAtTheAlias) {
  EXPECT_THAT(places("yaml-changed-value", R"(
x-v: &v 22
services:
  a: {image: "x:1", environment: {A: *v}}
)"),
              IsEmpty());
}

TEST(ModeNotOctal, FindsModesThatDoNotFit) {
  const LintTest test(R"(
services:
  a:
    image: x:1
    secrets:
      - {source: s, target: a, mode: -1}
      - {source: s, target: b, mode: 99999}
      - {source: s, target: c, mode: 07777}
secrets: {s: {file: ./s.txt}}
)");
  EXPECT_THAT(test.places("mode-not-octal"), ElementsAre("6:38", "7:38"));
  EXPECT_EQ(test.messages().at(1),
            "the mode 99999 does not fit into a mode, of which the lowest twelve bits count: 03237");
}

TEST(ModeNotOctal, SparesDecimalNumbersThatAreModes) {
  EXPECT_THAT(places("mode-not-octal", R"(
services:
  a:
    image: x:1
    secrets:
      - {source: s, target: a, mode: 400}
      - {source: s, target: b, mode: 0400}
      - {source: s, target: c, mode: "0400"}
      - {source: s, target: d, mode: 420}
      - {source: s, target: e, mode: 384}
    volumes:
      - {type: tmpfs, target: /t, tmpfs: {mode: 1777}}
secrets: {s: {environment: S}}
)"),
              ElementsAre("6:38", "12:49"));
}

TEST(DuplicateVariable, LooksAtOneListAtATime) {
  LintTest test(R"(
services:
  a: {image: "x:1", environment: [A=1, B=2, A=3, A], labels: [a=1, a=1]}
)");
  test.with("over.yaml", "services: {a: {environment: [B=3]}}");
  test.request.files = {"compose.yaml", "over.yaml"};
  EXPECT_THAT(test.places("duplicate-variable"), ElementsAre("3:45", "3:50", "3:68"));
}

TEST(QuotesInValue, LooksAtPlainItems) {
  EXPECT_THAT(places("quotes-in-value", R"(
services:
  a:
    image: x:1
    environment:
      - A="b c"
      - B='c'
      - C="d" e
      - D=a"b"
      - 'E="f"'
      - "F=g"
)"),
              ElementsAre("6:11", "7:11"));
}

TEST(MissingPath, LooksAtPathsOfTheProjectOnly) {
  LintTest test(R"(
services:
  a:
    build: ./app
    env_file: [.env.local, {path: maybe.env, required: false}]
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf
      - ./data:/data
      - ./site:/site:ro
      - ./confg:/conf
      - /etc/nowhere.conf:/x
      - {type: bind, source: ./strict, target: /strict, bind: {create_host_path: false}}
      - ./there.conf:/there
  b: {build: {context: ./there, dockerfile: Dockerfile.dev}}
  c: {build: https://example.org/repo.git}
  d: {build: {context: ./there, dockerfile_inline: FROM scratch}}
secrets: {s: {file: ./s.txt}}
)");
  test.with("there.conf").with("there/Dockerfile").with("config/x");
  EXPECT_THAT(test.places("missing-path"), ElementsAre("4:12", "5:16", "7:9", "9:9", "10:9", "12:9", "14:45", "17:11"));
}

TEST(UnusedResource, CountsServicesOfInactiveProfiles) {
  EXPECT_THAT(places("unused-resource", R"(
services:
  a: {image: "x:1", volumes: ["vv:/v"], networks: [n], secrets: [s], configs: [c]}
  b: {image: "x:1", volumes: ["ww:/v"], networks: [n], profiles: [later]}
  c: {build: {context: ., secrets: [t]}, networks: [n]}
volumes: {vv: {}, ww: {}, x: {}}
networks: {n: {}, default: {}, m: {external: true}}
secrets: {s: {environment: S}, t: {environment: T}, u: {environment: U}}
configs: {c: {content: x}, d: {content: x}}
)"),
              ElementsAre("6:27", "7:19", "7:32", "8:53", "9:28"));
}

TEST(LoadWarnings, BecomeFindings) {
  EXPECT_THAT(LintTest(R"(
version: "3"
services:
  a: {image: "x:1", command: "a ; b", volumes: ["vv:/v:r0"], environment: {A: $UNSET}}
volumes: {vv: {}}
)")
                  .all(),
              ElementsAre("2:1 obsolete-version", "4:30 command-shell", "4:49 volume-option", "4:79 unset-variable"));
}

TEST(LoadWarnings, SayWhenThereAreSeveralFiles) {
  LintTest test("services: {a: {image: 'x:1'}}");
  test.with("docker-compose.yml", "services: {b: {image: 'x:1'}}");
  EXPECT_THAT(test.all(), ElementsAre("- several-files"));
}

TEST(Silences, OfAServiceDoNotReachOthers) {
  EXPECT_THAT(LintTest(R"(
services:
  a: {image: x, x-davit-lint: [image-not-pinned]}
  b: {image: x}
  c: {image: x, x-davit-lint: {image-not-pinned: "local"}}
  d: {image: x, x-davit-lint: image-not-pinned}
)")
                  .all(),
              ElementsAre("4:14 image-not-pinned"));
}

TEST(Silences, OfAnIncludedFileHoldForThatFile) {
  LintTest test("include: [other.yaml]\nservices: {a: {image: x}}\n");
  test.with("other.yaml", "x-davit-lint: [image-not-pinned]\nservices: {b: {image: x}}\n");
  EXPECT_THAT(test.all(), ElementsAre("2:23 image-not-pinned"));
}

TEST(Silences, AreInheritedByExtends) {
  LintTest test(R"(
services:
  a: {extends: {file: base.yaml, service: base}}
  b: {image: x}
)");
  test.with("base.yaml", "services: {base: {image: x, x-davit-lint: [image-not-pinned]}}\n");
  EXPECT_THAT(test.all(), ElementsAre("4:14 image-not-pinned"));
}

TEST(Silences, OfASharedLineMustBeGivenByAllWhoShareIt) {
  LintTest test(R"(
x-common: &common {image: x}
services:
  a: {<<: *common, x-davit-lint: [image-not-pinned]}
  b: {<<: *common}
)");
  EXPECT_THAT(test.all(), ElementsAre("2:27 image-not-pinned"));
  EXPECT_THAT(test.report().silenced, IsEmpty());
}

TEST(Silences, WithMistakesAreFindings) {
  LintTest test(R"(
x-davit-lint: [image-not-pined, 7]
services:
  a: {image: "x:1", x-davit-lint: {nonsense: why}}
)");
  EXPECT_THAT(test.all(), ElementsAre("2:15 silence-mistake", "2:16 silence-mistake", "4:36 silence-mistake"));
  EXPECT_EQ(test.report().findings[1].diagnostic.hint, "did you mean 'image-not-pinned'?");
}

TEST(Findings, OfInactiveProfilesAreReported) {
  EXPECT_THAT(LintTest("services: {a: {image: x, profiles: [later]}, b: {image: 'x:1'}}").all(),
              ElementsAre("1:23 image-not-pinned"));
}

TEST(Output, TextCountsAndSaysWhatIsHidden) {
  const LintTest test("services: {a: {image: x}, b: {image: x, x-davit-lint: [image-not-pinned]}}");
  const compose::LoadResult loaded = test.load();
  EXPECT_EQ(as_text(test.report(), 2, loaded.sources.lookup(), {}),
            "compose.yaml:1:23: warning: the image 'x' of service 'a' has no tag, which means 'latest' "
            "[image-not-pinned]\n"
            "    1 | services: {a: {image: x}, b: {image: x, x-davit-lint: [image-not-pinned]}}\n"
            "      |                       ^\n"
            "  hint: name a version: 'x:VERSION'\n"
            "1 finding: 1 warning; 1 silenced; 2 findings below the level (--level note shows all)\n");
  EXPECT_EQ(as_text(Report{}, 0, {}, {}), "nothing found\n");
}

TEST(Output, JsonHasPlacesNotesAndHint) {
  const LintTest test(R"(services:
  a: {image: "x:1", depends_on: [b]}
  b: {image: "x:1", healthcheck: {test: a}}
)");
  EXPECT_EQ(
      as_json(test.report()),
      R"([{"code":"depends-on-without-health","severity":"warning","message":"service 'a' does not wait until )"
      R"('b' is healthy","file":"compose.yaml","line":2,"column":34,"end_line":2,"end_column":35,"notes":[{"text":)"
      R"("its health check","file":"compose.yaml","line":3,"column":34,"end_line":3,"end_column":35}],"hint":)"
      R"("write 'b: {condition: service_healthy}', or 'service_started' if that is meant"}])"
      "\n");
}

TEST(Output, SarifHasRulesResultsAndSuppressions) {
  const LintTest test("services: {a: {image: x}, b: {image: x, x-davit-lint: {image-not-pinned: local}}}");
  const std::string text = as_sarif(test.report(), "1.2.3");
  EXPECT_THAT(text, HasSubstr(R"("version":"2.1.0","runs":[{"tool":{"driver":{"name":"davit","version":"1.2.3")"));
  EXPECT_THAT(text, HasSubstr(R"({"ruleId":"image-not-pinned","level":"warning")"));
  EXPECT_THAT(text, HasSubstr(R"("region":{"startLine":1,"startColumn":23,"endLine":1,"endColumn":24})"));
  EXPECT_THAT(text, HasSubstr(R"("suppressions":[{"kind":"inSource","justification":"local"}])"));
}

}  // namespace
}  // namespace davit::lint
