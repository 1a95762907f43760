// Raising, changing and lowering a stack.
#include <gtest/gtest.h>

#include "stack.hpp"

namespace davit::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Lifecycle, UpRaisesAndDownLeavesNothing) {
  Stack stack("lifeup");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sleep, "3600"]}
  b: {image: busybox, command: [sleep, "3600"], volumes: ["data:/data"]}
volumes: {data: {}}
)");
  const auto up = stack.ok({"up", "-d"});
  EXPECT_TRUE(contains(up.err, " Network lifeup_default Created ")) << up.err;
  EXPECT_TRUE(contains(up.err, " Container lifeup-a-1 Started ")) << up.err;
  const auto ps = stack.ok({"ps", "--format", "json"});
  EXPECT_TRUE(contains(ps.out, R"("Name":"lifeup-a-1")")) << ps.out;
  EXPECT_TRUE(contains(ps.out, R"("State":"running")")) << ps.out;
  const auto down = stack.ok({"down"});
  EXPECT_TRUE(contains(down.err, " Container lifeup-a-1 Removed ")) << down.err;
  EXPECT_TRUE(contains(down.err, " Network lifeup_default Removed ")) << down.err;
  EXPECT_TRUE(stack.leaves_nothing());
  EXPECT_TRUE(std::filesystem::exists(stack.data_root() / "volumes/lifeup_data")) << "down without -v keeps volumes";
}

TEST(Lifecycle, DependentsStartInTheOrderOfHealth) {
  Stack stack("lifeorder");
  import_busybox(stack);
  stack.compose(R"(
services:
  db:
    image: busybox
    command: [sh, -c, "touch /ready && exec sleep 3600"]
    healthcheck: {test: [CMD, test, -e, /ready], interval: 30s}
  migrate:
    image: busybox
    command: [sh, -c, "echo migrated"]
    depends_on: {db: {condition: service_healthy}}
  api:
    image: busybox
    command: [sleep, "3600"]
    depends_on: {migrate: {condition: service_completed_successfully}}
)");
  const auto up = stack.ok({"up", "-d", "--wait"}, 60s);
  const auto at = [&](const std::string& text) { return up.err.find(text); };
  EXPECT_LT(at("Container lifeorder-db-1 Healthy"), at("Container lifeorder-migrate-1 Started")) << up.err;
  EXPECT_LT(at("Container lifeorder-migrate-1 Exited"), at("Container lifeorder-api-1 Started")) << up.err;
}

TEST(Lifecycle, ASecondUpRecreatesOnlyWhatChangedAndSaysWhy) {
  Stack stack("lifeagain");
  import_busybox(stack);
  const std::string text = R"(
services:
  a: {image: busybox, command: [sleep, "3600"], environment: {MODE: "${MODE:-one}"}}
  b: {image: busybox, command: [sleep, "3600"]}
)";
  stack.compose(text);
  stack.ok({"up", "-d"});
  const auto same = stack.ok({"up", "-d"});
  EXPECT_FALSE(contains(same.err, "Recreate")) << same.err;
  EXPECT_TRUE(contains(same.err, "Container lifeagain-a-1 Running")) << same.err;
  stack.write(".env", "MODE=two\n");
  const auto dry = stack.ok({"--dry-run", "up", "-d"});
  EXPECT_TRUE(contains(dry.out + dry.err, "config changed: environment.MODE")) << dry.out << dry.err;
  const auto changed = stack.ok({"up", "-d"});
  EXPECT_TRUE(contains(changed.err, "Container lifeagain-a-1 Recreate config changed: environment.MODE\n"))
      << changed.err;
  EXPECT_TRUE(contains(changed.err, "Container lifeagain-a-1 Recreated")) << changed.err;
  EXPECT_FALSE(contains(changed.err, "Container lifeagain-b-1 Recreate")) << changed.err;
  EXPECT_TRUE(contains(stack.ok({"exec", "-T", "a", "env"}).out, "MODE=two"));
}

TEST(Lifecycle, FiftyServicesComeAndGo) {
  Stack stack("lifefifty");
  import_busybox(stack);
  std::string text = "services:\n";
  for (int i = 0; i < 50; ++i)
    text += "  s" + std::to_string(i) + ": {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}\n";
  stack.compose(text);
  stack.ok({"up", "-d"}, 60s);
  const auto quiet = stack.ok({"ps", "-q"});
  EXPECT_EQ(std::count(quiet.out.begin(), quiet.out.end(), '\n'), 50);
  stack.ok({"down"}, 60s);
  EXPECT_TRUE(stack.leaves_nothing());
}

TEST(Lifecycle, TwoProjectsOfOneFileRunSideBySide) {
  Stack one("lifeone");
  import_busybox(one);
  one.compose("services: {a: {image: busybox, command: [sleep, '3600'], ports: ['80']}}\n");
  one.ok({"up", "-d"});
  // The same folder and data root under another project name.
  one.ok({"-p", "lifeother", "up", "-d"});
  EXPECT_TRUE(contains(one.ok({"ls"}).out, "lifeone"));
  EXPECT_TRUE(contains(one.ok({"ls"}).out, "lifeother"));
  const auto first = one.ok({"port", "a", "80"}).out;
  const auto second = one.ok({"-p", "lifeother", "port", "a", "80"}).out;
  EXPECT_NE(first, second);
  one.ok({"-p", "lifeother", "down", "-t", "0"});
  EXPECT_TRUE(contains(one.ok({"ps", "-q"}).out, "\n")) << "the other project's down must not touch this one";
}

TEST(Lifecycle, ScaleKeepsWhatRunsAndTakesTheHighestAway) {
  Stack stack("lifescale");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  const auto before = stack.ok({"ps", "-q"}).out;
  stack.ok({"up", "-d", "--scale", "a=3"});
  const auto three = stack.ok({"ps", "-q"}).out;
  EXPECT_EQ(std::count(three.begin(), three.end(), '\n'), 3);
  EXPECT_TRUE(contains(three, before.substr(0, 12)));
  stack.ok({"up", "-d", "--scale", "a=1"});
  EXPECT_EQ(stack.ok({"ps", "-q"}).out, before);
}

TEST(Lifecycle, OrphansAreNamedAndRemovedOnRequest) {
  Stack stack("lifeorphan");
  import_busybox(stack);
  stack.compose(
      "services: {a: {image: busybox, command: [sleep, '3600']}, b: {image: busybox, command: [sleep, '3600']}}\n");
  stack.ok({"up", "-d"});
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600']}}\n");
  const auto warned = stack.ok({"up", "-d"});
  EXPECT_TRUE(contains(warned.err, "Found orphan containers")) << warned.err;
  EXPECT_TRUE(contains(warned.err, "lifeorphan-b-1")) << warned.err;
  stack.ok({"up", "-d", "--remove-orphans", "-t", "0"});
  EXPECT_FALSE(contains(stack.ok({"ps", "-a"}).out, "lifeorphan-b-1"));
}

TEST(Lifecycle, VolumesSurviveDownAndGoWithV) {
  Stack stack("lifevol");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sh, -c, "echo kept >> /data/file; echo written; sleep 3600"], volumes: ["data:/data"], stop_grace_period: 0s}
volumes: {data: {}}
)");
  stack.ok({"up", "-d"});
  ASSERT_TRUE(stack.logs("written"));
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/data/file"}).out, "kept\n");
  stack.ok({"down"});
  stack.ok({"up", "-d"});
  ASSERT_TRUE(stack.logs("written"));
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/data/file"}).out, "kept\nkept\n");
  stack.ok({"down", "-v"});
  EXPECT_FALSE(std::filesystem::exists(stack.data_root() / "volumes/lifevol_data"));
}

TEST(Lifecycle, FilesOfTheHostAreMountedOnPathsThatTheImageDoesNotHave) {
  Stack stack("lifebind");
  import_busybox(stack);
  stack.write("settings.txt", "from the host");
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    volumes: ["./settings.txt:/settings.txt:ro", "./settings.txt:/etc/deep/er/settings.txt", ".:/project:ro"]
)");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/settings.txt"}).out, "from the host");
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/etc/deep/er/settings.txt"}).out, "from the host");
  EXPECT_NE(stack.davit({"exec", "-T", "a", "sh", "-c", "echo x > /settings.txt"}).code, 0);
  EXPECT_NE(stack.davit({"exec", "-T", "a", "touch", "/project/new"}).code, 0);
}

TEST(Lifecycle, SecretsAndConfigsAreFilesWithTheModeAskedFor) {
  Stack stack("lifesecret");
  import_busybox(stack);
  stack.write("password.txt", "hunter2");
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    secrets: [{source: password, target: pw, mode: 0400, uid: "65534"}]
    configs: [{source: motd, target: /etc/motd}]
secrets: {password: {file: ./password.txt}}
configs: {motd: {content: "welcome"}}
)");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/run/secrets/pw"}).out, "hunter2");
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "stat", "-c", "%a %u", "/run/secrets/pw"}).out, "400 65534\n");
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "cat", "/etc/motd"}).out, "welcome");
  Program grep({"grep", "-rl", "hunter2", stack.data_root().string()}, {});
  EXPECT_EQ(grep.finish(30s).out, "") << "a secret must not reach the data root";
}

TEST(Lifecycle, AConfigOfTheHostIsSeenAsItIsNow) {
  Stack stack("lifelive");
  import_busybox(stack);
  stack.write("conf", "one\n");
  stack.write("folder/part", "part\n");
  std::filesystem::create_symlink("conf", stack.folder() / "link");
  stack.compose(R"(
services:
  a:
    image: busybox
    command: [sleep, "3600"]
    stop_grace_period: 0s
    configs: [conf, {source: conf, target: /copy, mode: 0440}, link, folder]
configs: {conf: {file: ./conf}, link: {file: ./link}, folder: {file: ./folder}}
)");
  stack.ok({"up", "-d"});
  const auto shown = [&] {
    return stack.ok({"exec", "-T", "a", "cat", "/conf", "/link", "/folder/part", "/copy"}).out;
  };
  EXPECT_EQ(shown(), "one\none\npart\none\n");
  stack.write("conf", "two\n");
  EXPECT_EQ(shown(), "two\ntwo\npart\none\n");
  EXPECT_TRUE(stack.ok({"up", "-d"}).err.find("Running") != std::string::npos);
  for (const char* path : {"/conf", "/link", "/folder/part", "/copy"})
    EXPECT_NE(stack.davit({"exec", "-T", "a", "sh", "-c", std::string("echo x >> ") + path}).code, 0) << path;
  // As docker's: a file that takes the place of another is seen by the next start.
  stack.write("new", "three\n");
  std::filesystem::rename(stack.folder() / "new", stack.folder() / "conf");
  EXPECT_EQ(shown(), "two\ntwo\npart\none\n");
  stack.ok({"restart"});
  EXPECT_EQ(shown(), "three\nthree\npart\nthree\n");
}

TEST(Lifecycle, RestartPolicyBringsAFailedContainerBack) {
  Stack stack("liferestart");
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sh, -c, "echo again >> /data/n; exit 3"], restart: "on-failure:2", volumes: ["data:/data"]}
volumes: {data: {}}
)");
  stack.ok({"up", "-d"});
  EXPECT_EQ(stack.davit({"wait", "a"}, 30s).code, 3);
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (3)"));
  Program lines({"wc", "-l", (stack.data_root() / "volumes/liferestart_data/_data/n").string()}, {});
  EXPECT_TRUE(lines.finish(5s).out.starts_with("3 ")) << "one start and two restarts";
}

TEST(Lifecycle, AProcessWithoutAHandlerForSigtermIsKilledAtOnceAndThatIsSaid) {
  Stack stack("lifekill");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 50s}}\n");
  stack.ok({"up", "-d"});
  const auto down = stack.ok({"down"}, 20s);  // the grace period is longer than the limit of this command
  EXPECT_TRUE(contains(down.err, "Removed")) << down.err;
}

TEST(Lifecycle, ANameAloneIsTheProjectOfThatNameWhateverFileLiesHere) {
  Stack stack("lifename");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  stack.compose("name: another\nservices: {z: {image: busybox, networks: [n]}}\nnetworks: {n: {}}\n");
  stack.ok({"stop"});
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited")) << "by its labels";
  stack.ok({"down"});
  EXPECT_EQ(stack.ok({"ps", "-aq"}).out, "");
  EXPECT_TRUE(stack.leftovers().empty());
}

TEST(Lifecycle, AnInitPassesTheStopSignalOnToAProgramThatHandlesIt) {
  Stack stack("lifeinit");
  import_busybox(stack);
  stack.compose(R"(
services:
  a:
    image: busybox
    init: true
    command: [sh, -c, "trap 'echo got it; exit 7' TERM; echo ready; sleep 3600 & wait"]
    stop_grace_period: 50s
)");
  stack.ok({"up", "-d"});
  const auto following = stack.start({"logs", "-f", "--no-log-prefix"});
  ASSERT_TRUE(following->wait_for_output("ready", 20s));
  stack.ok({"stop"}, 20s);
  EXPECT_TRUE(contains(stack.ok({"ps", "-a"}).out, "Exited (7)")) << stack.davit({"ps", "-a"}).out;
  EXPECT_TRUE(contains(stack.ok({"logs"}).out, "got it"));
}

TEST(Lifecycle, AnImageThatAnotherProjectRunsOutlivesDownRmiAll) {
  Stack stack("lifermi");
  import_busybox(stack);
  stack.compose("services: {a: {image: busybox, command: [sleep, '3600'], stop_grace_period: 0s}}\n");
  stack.ok({"up", "-d"});
  stack.ok({"-p", "lifermiother", "up", "-d"});
  const auto down = stack.ok({"-p", "lifermiother", "down", "--rmi", "all"});
  EXPECT_TRUE(contains(down.err, "Image busybox Resource is still in use")) << down.err;
  EXPECT_EQ(stack.ok({"exec", "-T", "a", "echo", "lives"}).out, "lives\n");
  EXPECT_TRUE(contains(stack.ok({"down", "--rmi", "all"}).err, "Image busybox Removed"));
}

TEST(Lifecycle, AProjectMayHaveALongName) {
  const Stack stack(std::string(200, 'n'));
  import_busybox(stack);
  stack.compose(R"(
services:
  a: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
  b: {image: busybox, command: [sleep, "3600"], stop_grace_period: 0s}
)");
  stack.ok({"up", "-d"});
  stack.ok({"exec", "-T", "a", "ping", "-c1", "-W2", "b"});
  stack.ok({"down"});
  EXPECT_TRUE(stack.leaves_nothing());
  const auto refused = stack.davit({"-p", std::string(201, 'n'), "up", "-d"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("the project name has 201 characters"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace davit::test
