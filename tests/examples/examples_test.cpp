#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "support/program.hpp"

namespace davit::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A copy of one example, with a data root that all examples share, so that the base images are made once.
class Example {
 public:
  Example(const std::string& name, std::map<std::string, std::string> environment)
      : environment_(std::move(environment)), folder_("/var/tmp/davit-example-" + name) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::copy(fs::path(DAVIT_SOURCE_DIR) / "examples" / name, folder_ / name, fs::copy_options::recursive);
    project_ = folder_ / name;
    environment_["DAVIT_DATA_ROOT"] = std::string(DAVIT_BINARY_DIR) + "/examples-data";
    environment_["DAVIT_RUN_ROOT"] = (folder_ / "run").string();
    Program base({std::string(DAVIT_SOURCE_DIR) + "/scripts/base-image", DAVIT_PROGRAM},
                 {.cwd = {}, .environment = environment_, .input = {}});
    const auto made = base.finish(280s);
    EXPECT_EQ(made.code, 0) << made.out << made.err;
  }
  Example(const Example&) = delete;
  Example& operator=(const Example&) = delete;
  ~Example() {
    davit({"down", "--volumes", "--remove-orphans", "--timeout", "0"}, 60s);
    std::error_code ignored;
    EXPECT_TRUE(fs::is_empty(folder_ / "run", ignored) || !fs::exists(folder_ / "run")) << "a run folder is left";
    fs::remove_all(folder_, ignored);
  }

  ProgramOutput davit(std::vector<std::string> words, std::chrono::seconds limit) const {
    words.insert(words.begin(), DAVIT_PROGRAM);
    return run(std::move(words), limit);
  }
  ProgramOutput ok(std::vector<std::string> words, std::chrono::seconds limit = 280s) const {
    auto got = davit(words, limit);
    EXPECT_EQ(got.code, 0) << words[0] << "\n" << got.out << got.err;
    return got;
  }
  ProgramOutput run(std::vector<std::string> words, std::chrono::seconds limit = 30s) const {
    Program program(std::move(words), {.cwd = project_.string(), .environment = environment_, .input = {}});
    return program.finish(limit);
  }
  void write(const std::string& path, const std::string& text) const { std::ofstream(project_ / path) << text; }

 private:
  std::map<std::string, std::string> environment_;
  fs::path folder_;
  fs::path project_;
};

TEST(Examples, GuestbookKeepsItsEntriesOverDownAndUp) {
  const Example guestbook("guestbook", {{"GUESTBOOK_PORT", "28080"}});
  guestbook.ok({"up", "--detach", "--wait"});
  const auto ps = guestbook.ok({"ps", "--all"});
  EXPECT_TRUE(contains(ps.out, "(healthy)")) << ps.out;
  EXPECT_TRUE(contains(ps.out, "Exited (0)")) << ps.out;
  const std::string url = "http://127.0.0.1:28080/";
  EXPECT_TRUE(contains(guestbook.run({"curl", "-fsS", url}).out, R"("entries": [])"));
  EXPECT_TRUE(
      contains(guestbook.run({"curl", "-fsS", "-d", R"({"author": "Ada", "message": "hello"})", url}).out, "Ada"));
  guestbook.ok({"down"});
  guestbook.ok({"up", "--detach", "--wait"});
  EXPECT_TRUE(contains(guestbook.run({"curl", "-fsS", url}).out, R"({"author": "Ada", "message": "hello"})"));
}

TEST(Examples, HelloDoesNotInstallAgainWhenTheCodeChanges) {
  const Example hello("hello", {{"HELLO_PORT", "28000"}});
  // The package index must be verifiable with the host's CA bundle, which is in the base image.
  hello.write("Dockerfile.probe",
              "FROM python:3.11-slim\nRUN pip download --no-deps --quiet --dest /tmp uvicorn==0.30.6\n");
  const auto reach = hello.davit({"image", "build", "-t", "hello-probe", "-f", "Dockerfile.probe", "."}, 120s);
  fs::remove(fs::path("/var/tmp/davit-example-hello/hello/Dockerfile.probe"));
  if (reach.code != 0 && contains(reach.out + reach.err, "CERTIFICATE_VERIFY_FAILED"))
    GTEST_SKIP() << "the package index's certificate cannot be verified with this machine's CA bundle";

  hello.ok({"up", "--build", "--detach", "--wait"});
  EXPECT_EQ(hello.run({"curl", "-fsS", "http://127.0.0.1:28000/"}).out, "hello\n");
  hello.write("main.py", R"(
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"changed\n"})
)");
  const auto again = hello.ok({"--progress", "plain", "up", "--build", "--detach", "--wait"});
  EXPECT_FALSE(contains(again.out + again.err, "Collecting uvicorn")) << again.out << again.err;
  EXPECT_TRUE(contains(again.out + again.err, "CACHED")) << again.out << again.err;
  EXPECT_EQ(hello.run({"curl", "-fsS", "http://127.0.0.1:28000/"}).out, "changed\n");
}

TEST(Examples, ScratchRunsOneStaticFile) {
  const Example scratch("scratch", {});
  const auto up = scratch.ok({"up", "--no-color"});
  EXPECT_TRUE(contains(up.out, "hello-1  | hello from an image with one file\n")) << up.out;
  EXPECT_EQ(scratch.ok({"run", "--rm", "-T", "hello", "Ada"}).out, "hello from an image with one file, Ada\n");
}

}  // namespace
}  // namespace davit::test
