#include "embedded/protocol.hpp"

#include <gtest/gtest.h>

namespace davit::embedded {
namespace {

TEST(Protocol, TargetsKeepEveryByteOfTheirParts) {
  const std::string target = make_target("/v1/networks", {{"name", "a b&c=d/\xc3\xa9"}, {"empty", ""}});
  EXPECT_EQ(target, "/v1/networks?name=a%20b%26c%3Dd%2F%C3%A9&empty=");
  const auto request = parse_target(target);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/v1/networks");
  EXPECT_EQ(request->parameter("name"), "a b&c=d/\xc3\xa9");
  EXPECT_EQ(request->parameter("empty"), "");
  EXPECT_FALSE(request->parameter("absent"));
}

TEST(Protocol, RefusesMalformedTargets) {
  EXPECT_FALSE(parse_target("no-slash"));
  EXPECT_FALSE(parse_target("/a%2"));
  EXPECT_FALSE(parse_target("/a%zz"));
  EXPECT_FALSE(parse_target("/a?b=%"));
}

TEST(Protocol, ErrorsCrossTheLineWhole) {
  Error error(Diagnostic::error("port-in-use", "port 80/tcp is in use")
                  .note("by 'nginx'")
                  .with_hint("stop it")
                  .about("ports", "0"));
  error.exit_code(18);
  const Error back = error_from_json(error_to_json(error));
  EXPECT_EQ(back.diagnostic(), error.diagnostic());
  EXPECT_EQ(back.exit_code(), 18);
}

TEST(Protocol, ExecRequestsComeBack) {
  ExecRequest request;
  request.args = {"sh", "-c", "echo \"$A\""};
  request.env = {{"A", "x=y"}, {"B", ""}};
  request.user = "1000:100";
  request.working_dir = "/srv";
  request.tty = true;
  request.console_size = {120, 40};
  const ExecRequest back = exec_request_from_json(exec_request_to_json(request));
  EXPECT_EQ(back.args, request.args);
  EXPECT_EQ(back.env, request.env);
  EXPECT_EQ(back.user, request.user);
  EXPECT_EQ(back.working_dir, request.working_dir);
  EXPECT_TRUE(back.tty);
  EXPECT_EQ(back.console_size, request.console_size);
}

TEST(Protocol, RefusesWhatIsNoJson) {
  EXPECT_THROW((void)exec_request_from_json("[]"), Error);
}

}  // namespace
}  // namespace davit::embedded
