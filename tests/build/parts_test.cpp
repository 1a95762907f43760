// The small parts of the builder that need no root.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>

#include "build/digest_cache.hpp"
#include "build/file_lock.hpp"
#include "build/guard.hpp"
#include "build/identity.hpp"
#include "build/names.hpp"
#include "build/parallel.hpp"
#include "build/pipe.hpp"
#include "build/rooted.hpp"
#include "build/run_network.hpp"
#include "build/run_process.hpp"
#include "build/run_spec.hpp"
#include "build/work_area.hpp"
#include "davit/base/error.hpp"
#include "davit/build/cleanup.hpp"
#include "davit/build/plain_progress.hpp"
#include "support/temp_dir.hpp"

namespace davit::build {
namespace {

namespace fs = std::filesystem;

TEST(ModeChange, OctalAndSymbolic) {
  EXPECT_EQ(ModeChange("755", {}).apply(S_IFREG | 0600), 0755U);
  EXPECT_EQ(ModeChange("4755", {}).apply(S_IFREG | 0600), 04755U);
  EXPECT_EQ(ModeChange("u=rwX,go=rX", {}).apply(S_IFREG | 0600), 0644U);
  EXPECT_EQ(ModeChange("u=rwX,go=rX", {}).apply(S_IFDIR | 0700), 0755U);
  EXPECT_EQ(ModeChange("+x", {}).apply(S_IFREG | 0644), 0755U);
  EXPECT_EQ(ModeChange("go-rwx", {}).apply(S_IFREG | 0777), 0700U);
  EXPECT_EQ(ModeChange("u+s,+t", {}).apply(S_IFDIR | 0755), 05755U);
  EXPECT_EQ(ModeChange("=rx", {}).apply(S_IFDIR | 02700), 02555U) << "as chmod does with a folder";
  EXPECT_EQ(ModeChange("=rx", {}).apply(S_IFREG | 04700), 0555U);
  EXPECT_EQ(ModeChange("u=rw+X-w", {}).apply(S_IFREG | 0710), 0510U);
  EXPECT_EQ(ModeChange("g=u", {}).apply(S_IFREG | 0640), 0660U);
  EXPECT_EQ(ModeChange("go=u-w", {}).apply(S_IFDIR | 0700), 0755U);
  EXPECT_EQ(ModeChange("o+g", {}).apply(S_IFREG | 04751), 04755U);
  for (const char* wrong : {"", "999", "10000", "u", "u=q", "x+r", "755x"})
    EXPECT_THROW(ModeChange(wrong, {}), Error) << wrong;
}

class RootTest : public testing::Test {
 protected:
  RootTest() : root_(folder_.path().string()) {}
  davit::test::TempDir folder_;
  Root root_;
};

TEST_F(RootTest, ResolvesLinksInsideTheRoot) {
  fs::create_directories(folder_.path() / "a/b");
  fs::create_symlink("/a", folder_.path() / "abs");
  fs::create_symlink("../../../../a/b", folder_.path() / "a/up");
  fs::create_symlink("nowhere/x", folder_.path() / "dangling");
  EXPECT_EQ(root_.resolve("/abs/b/new"), "a/b/new");
  EXPECT_EQ(root_.resolve("a/up/../c"), "a/c");
  EXPECT_EQ(root_.resolve("/dangling"), "nowhere/x");
  EXPECT_EQ(root_.resolve("../../etc"), "etc");
  EXPECT_EQ(root_.resolve("/"), "");
  fs::create_symlink("loop", folder_.path() / "loop");
  EXPECT_THROW((void)root_.resolve("loop"), Error);
}

TEST_F(RootTest, FindsUsersAsDockerDoes) {
  fs::create_directories(folder_.path() / "etc");
  std::ofstream(folder_.path() / "etc/passwd") << "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
  std::ofstream(folder_.path() / "etc/group") << "app:x:1001:\nextra:x:2000:other,app\n";
  const auto app = find_identity(root_, "app", {});
  EXPECT_EQ(app.uid, 1000U);
  EXPECT_EQ(app.gid, 1001U);
  EXPECT_EQ(app.groups, (std::vector<std::uint32_t>{1001, 2000}));
  EXPECT_EQ(app.home, "/home/app");
  EXPECT_EQ(find_identity(root_, "1000", {}).gid, 1001U) << "a known number is looked up too";
  EXPECT_EQ(find_identity(root_, "77", {}).gid, 0U);
  EXPECT_EQ(find_identity(root_, "app:extra", {}).gid, 2000U);
  EXPECT_EQ(find_identity(root_, "app:extra", {}).groups, std::vector<std::uint32_t>{2000});
  EXPECT_EQ(find_owner(root_, "77", {}), (std::pair<uid_t, gid_t>{77, 77}));
  EXPECT_EQ(find_owner(root_, "app", {}), (std::pair<uid_t, gid_t>{1000, 1001}));
  EXPECT_EQ(find_owner(root_, "77:extra", {}), (std::pair<uid_t, gid_t>{77, 2000}));
  EXPECT_THROW((void)find_identity(root_, "ap", {}), Error);
  EXPECT_THROW((void)find_owner(root_, "app:none", {}), Error);
  // As an id it would be -1: "leave the owner as it is" to chown, and root to who runs.
  EXPECT_THROW((void)find_identity(root_, "4294967295", {}), Error);
  EXPECT_THROW((void)find_owner(root_, "0:4294967295", {}), Error);
}

TEST(DeadBuilds, StayLockedUntilTheyAreCleared) {
  const davit::test::TempDir root;
  const fs::path folder = work_folder(root.path(), "abc");
  fs::create_directories(folder);
  const auto take = [&folder] {
    Fd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 ? std::optional<Fd>(std::move(lock)) : std::nullopt;
  };
  {
    const auto dead = dead_builds(root.path());
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_EQ(dead[0].id, "abc");
    EXPECT_EQ(take(), std::nullopt) << "a build that begins must not take a folder that is about to be removed";
    EXPECT_TRUE(dead_builds(root.path()).empty()) << "and nobody else clears it";
  }
  const auto lock = take();
  ASSERT_TRUE(lock);
  EXPECT_TRUE(dead_builds(root.path()).empty());
}

/// What `act` throws in a child that may open no more than `more` descriptors; "" when it throws nothing.
std::string failure_with_descriptors(int more, const std::function<void()>& act) {
  Pipe answer;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);  // rather than try for ever
    Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto most = static_cast<rlim_t>(next.get() + more);
    next.reset();
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    std::string said;
    try {
      act();
    } catch (const Error& error) {
      said = error.what();
    }
    ::_exit(::write(answer.write.get(), said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (status != 0) return "ended with status " + std::to_string(status);
  std::array<char, 1000> text{};
  answer.write.reset();
  const ssize_t length = ::read(answer.read.get(), text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

TEST(WorkArea, WithoutDescriptorsIsAnErrorAndLeavesNoFolder) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the undefined behaviour sanitizer itself needs descriptors to look at objects";
#endif
  const davit::test::TempDir root;
  const std::string said =
      failure_with_descriptors(0, [&root] { (void)WorkArea(root.path(), "", [](const Diagnostic&) {}); });
  EXPECT_TRUE(said.starts_with("cannot open '") && said.ends_with("': too many open files")) << said;
  EXPECT_TRUE(fs::is_empty(root.path() / "build"));
}

TEST(WorkArea, IsRemovedHoweverDeepItIs) {
  const davit::test::TempDir root;
  std::optional<WorkArea> area(std::in_place, root.path(), "", [](const Diagnostic&) {});
  std::string deep = "d";
  for (int level = 0; level < 200; ++level) deep += "/d";
  (void)area->folder(deep);
  EXPECT_EQ(failure_with_descriptors(50, [&area] { area.reset(); }), "");
  EXPECT_TRUE(fs::is_empty(root.path() / "build"));
}

TEST(Guard, WithoutDescriptorsIsAnErrorAndNoGuard) {
  const davit::test::TempDir root;
  const Fd lock(::open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto guard = [&] { Guard("/bin/true", root.path(), "abc", lock).dismiss(); };
  EXPECT_EQ(failure_with_descriptors(100, guard), "");
  EXPECT_EQ(failure_with_descriptors(10, guard), "cannot start 'the guard of a build': too many open files");
}

TEST(FileLock, IsWaitedForUntilStopped) {
  const davit::test::TempDir root;
  const std::string path = (root.path() / "lock").string();
  auto held = try_file_lock(path);
  ASSERT_TRUE(held);
  EXPECT_FALSE(try_file_lock(path));
  std::stop_source source;
  int waits = 0;
  const auto stop_it = [&] {
    ++waits;
    source.request_stop();
  };
  EXPECT_FALSE(wait_for_file_lock(path, source.get_token(), stop_it));
  EXPECT_EQ(waits, 1);
  const auto give_up = [&] {
    ++waits;
    held.reset();
  };
  EXPECT_TRUE(wait_for_file_lock(path, {}, give_up));
  EXPECT_EQ(waits, 2);
  EXPECT_TRUE(wait_for_file_lock(path, {}, give_up)) << "the one before was given back";
  EXPECT_EQ(waits, 2);
}

TEST(ForEachParallel, DoesEachOnceAndPassesTheFirstFailureOn) {
  std::vector<std::atomic<int>> seen(100);
  for_each_parallel(seen.size(), [&](std::size_t i) { ++seen[i]; });
  for (const auto& times : seen) EXPECT_EQ(times, 1);
  for_each_parallel(0, [](std::size_t) { FAIL(); });
  EXPECT_THROW(for_each_parallel(10,
                                 [](std::size_t i) {
                                   if (i == 3) throw Error("three");
                                 }),
               Error);
}

class DigestCacheTest : public testing::Test {
 protected:
  struct stat old_file(const std::string& name) const {
    const fs::path path = folder_.path() / name;
    std::ofstream(path) << name;
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    info.st_ctim.tv_sec -= 10;  // long enough ago for the clock
    return info;
  }
  std::string table() const { return (folder_.path() / "table").string(); }
  davit::test::TempDir folder_;
  FileDigest digest_{1, 2, 3};
};

TEST_F(DigestCacheTest, FindsWhatWasSavedUntilTheFileChanges) {
  struct stat info = old_file("a");
  {
    DigestCache cache(table());
    cache.put(info, info, digest_);
    cache.save();
  }
  DigestCache cache(table());
  EXPECT_EQ(cache.find(info), digest_);
  struct stat changed = info;
  ++changed.st_mtim.tv_nsec;
  EXPECT_EQ(cache.find(changed), std::nullopt);
  changed = info;
  ++changed.st_ctim.tv_nsec;
  EXPECT_EQ(cache.find(changed), std::nullopt);
  changed = info;
  ++changed.st_size;
  EXPECT_EQ(cache.find(changed), std::nullopt);
}

TEST_F(DigestCacheTest, DoesNotTrustWhatIsTooYoungOrChangedMeanwhile) {
  struct stat info = old_file("a");
  DigestCache cache("");
  struct stat young = info;
  ::clock_gettime(CLOCK_REALTIME, &young.st_ctim);
  young.st_ctim.tv_sec += 60;  // it stays young, however slow this test is
  cache.put(young, young, digest_);
  EXPECT_EQ(cache.find(young), std::nullopt);
  struct stat after = info;
  ++after.st_size;
  cache.put(info, after, digest_);
  EXPECT_EQ(cache.find(info), std::nullopt);
}

TEST_F(DigestCacheTest, WholeSecondsAreTooCoarseForAYoungFile) {
  struct stat info = old_file("a");
  DigestCache cache("");
  const auto keeps = [&](std::int64_t age, long nanoseconds) {
    ++info.st_ino;
    struct timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    info.st_ctim = {now.tv_sec - age, nanoseconds};
    cache.put(info, info, digest_);
    return cache.find(info).has_value();
  };
  EXPECT_FALSE(keeps(1, 0));
  EXPECT_TRUE(keeps(3, 0));
  EXPECT_TRUE(keeps(2, 1)) << "a stamp with nanoseconds";
}

TEST_F(DigestCacheTest, ADamagedTableIsAnEmptyOne) {
  struct stat info = old_file("a");
  {
    DigestCache cache(table());
    cache.put(info, info, digest_);
    cache.save();
  }
  constexpr std::streamoff kPlace = 40;
  std::fstream file(table(), std::ios::in | std::ios::out);
  const int byte = file.seekg(kPlace).get();
  file.seekp(kPlace).put(static_cast<char>(byte ^ 1));
  file.close();
  EXPECT_EQ(DigestCache(table()).find(info), std::nullopt);
  std::ofstream(table()) << "x";
  EXPECT_EQ(DigestCache(table()).find(info), std::nullopt);
}

TEST(RunProcess, CutsLinesAndReturnsTheExitCode) {
  std::string out;
  const auto line = [&out](OutputStream stream, std::string_view text) {
    out += (stream == OutputStream::Out ? "o:" : "e:") + std::string(text) + "\n";
  };
  const auto end = run_process({"/bin/sh", "-c", "printf 'a\\r\\nb\\n\\nlast'; exit 7"}, {}, line);
  EXPECT_EQ(end.code, 7);
  EXPECT_EQ(out, "o:a\no:b\no:\no:last\n");
  EXPECT_EQ(run_process({"/bin/sh", "-c", "kill -9 $$"}, {}, line).code, 137);
  EXPECT_EQ(run_process({"/bin/sh", "-c", "read x || exit 9"}, {}, line).code, 9) << "stdin is empty";
  EXPECT_THROW((void)run_process({"/nonexistent"}, {}, line), Error);
}

TEST(RunProcess, StopKillsEvenWhatIgnoresIt) {
  std::stop_source source;
  int kills = 0;
  const auto line = [&source](OutputStream, std::string_view) { source.request_stop(); };
  const auto end = run_process({"/bin/sh", "-c", "trap '' TERM INT; echo ready; while :; do sleep 0.05; done"},
                               {source.get_token(), [&kills] { ++kills; }}, line);
  EXPECT_TRUE(end.stopped);
  EXPECT_EQ(end.code, 137);
  EXPECT_GT(kills, 1);
}

TEST(RunSpec, IsAContainerWithDockersLimitsAndTheStepsEnvironment) {
  RunStep step;
  step.args = {"/bin/sh", "-c", "x"};
  step.env = {"A=b"};
  step.working_dir = "/w";
  SpecInput input;
  input.root = "/r";
  input.cgroup = "/davit-build-x";
  input.network = "/proc/1/fd/2";
  input.user.uid = 5;
  input.user.gid = 6;
  input.user.groups = {6, 7};
  input.user.home = "/home/x";
  input.filter = {container::SeccompSetting::Form::BpfAnnotation, "filter"};
  RunSettings settings;
  settings.ulimits = {{"nofile", 10, 20}};
  settings.shm_size = 4096;
  const auto spec = boost::json::parse(run_spec(step, settings, input)).as_object();
  const auto& process = spec.at("process").as_object();
  EXPECT_EQ(boost::json::serialize(process.at("env")), R"(["A=b","HOME=/home/x"])") << "no HOSTNAME, as BuildKit";
  EXPECT_EQ(process.at("capabilities").at("bounding").as_array().size(), 14U);
  EXPECT_EQ(boost::json::serialize(process.at("user")), R"({"uid":5,"gid":6,"additionalGids":[6,7]})");
  EXPECT_EQ(process.at("rlimits").at(0).at("soft").to_number<int>(), 10);
  EXPECT_EQ(spec.at("annotations").at("run.oci.seccomp_bpf_data").as_string(), "filter");
  const std::string linux_part = boost::json::serialize(spec.at("linux"));
  EXPECT_NE(linux_part.find("/proc/kcore"), std::string::npos);
  EXPECT_NE(linux_part.find(R"({"type":"network","path":"/proc/1/fd/2"})"), std::string::npos) << linux_part;
  EXPECT_NE(boost::json::serialize(spec.at("mounts")).find("size=4096"), std::string::npos);
  step.network = dockerfile::Run::Network::Host;
  EXPECT_EQ(run_spec(step, settings, input).find(R"("type":"network")"), std::string::npos);
  step.network = dockerfile::Run::Network::None;
  input.network.clear();
  EXPECT_NE(run_spec(step, settings, input).find(R"({"type":"network"})"), std::string::npos);
}

TEST(BuildSubnet, IsTakenAtRandomFromTheLastPoolThatHasRoom) {
  const auto subnet = [](const char* text) { return network::Subnet::parse(text).value(); };
  const std::vector<network::Pool> pools{{subnet("172.28.0.0/24"), 24}, {subnet("10.204.0.0/24"), 24}};
  std::uint64_t next = 0;
  const auto random = [&next] { return next; };
  next = 5;
  EXPECT_EQ(choose_build_subnet(pools, {}, random).value().to_string(), "10.204.0.20/30");
  EXPECT_EQ(choose_build_subnet(pools, {subnet("10.0.0.0/8")}, random).value().to_string(), "172.28.0.20/30")
      << "a route of the host covers the last pool";
  EXPECT_EQ(choose_build_subnet(pools, {subnet("10.0.0.0/8"), subnet("172.28.0.16/28")}, random).value().to_string(),
            "172.28.0.0/30")
      << "when chance finds none, the first free one";
  EXPECT_FALSE(choose_build_subnet(pools, {subnet("10.0.0.0/8"), subnet("172.16.0.0/12")}, random).has_value());
}

TEST(PlainProgress, LooksLikeBuildKits) {
  std::string text;
  PlainProgress progress([&text](std::string_view line) { text += line; });
  using Seconds = BuildObserver::Seconds;
  const Vertex one{1, "[a 2/2] RUN a"};
  const Vertex two{2, "[b 2/2] RUN b"};
  progress.started(one);
  progress.started(two);
  progress.output(one, BuildObserver::Stream::Out, Seconds(0.1234), "hello");
  progress.done(one, Seconds(0.25));
  progress.failed(two, "RUN failed with exit code 1: 'b'");
  progress.cached({3, "[c 1/2] FROM box"});
  EXPECT_EQ(text,
            "#1 [a 2/2] RUN a\n\n#2 [b 2/2] RUN b\n\n#1 ...\n#1 0.123 hello\n#1 DONE 0.2s\n\n"
            "#2 ...\n#2 ERROR: RUN failed with exit code 1: 'b'\n\n#3 [c 1/2] FROM box\n#3 CACHED\n");
}

}  // namespace
}  // namespace davit::build
