#include "davit/plan/flags.hpp"

#include <gtest/gtest.h>

namespace davit::plan {
namespace {

std::string conflict(UpFlags flags) {
  apply_implications(flags);
  const auto found = check_flags(flags);
  return found ? found->message : "";
}

TEST(UpFlags, ExitCodeFromAbortsOnExitUnlessFailureIsAskedFor) {
  UpFlags flags{.exit_code_from = "web"};
  apply_implications(flags);
  EXPECT_TRUE(flags.abort_on_container_exit);
  UpFlags on_failure{.abort_on_container_failure = true, .exit_code_from = "web"};
  apply_implications(on_failure);
  EXPECT_FALSE(on_failure.abort_on_container_exit);
  EXPECT_EQ(conflict(on_failure), "");
}

TEST(UpFlags, ConflictsAreNamed) {
  EXPECT_EQ(conflict({.abort_on_container_exit = true, .abort_on_container_failure = true}),
            "'--abort-on-container-exit' and '--abort-on-container-failure' cannot be combined");
  EXPECT_EQ(conflict({.wait = true, .exit_code_from = "web"}),
            "'--wait' and '--abort-on-container-exit' cannot be combined");
  EXPECT_EQ(conflict({.detach = true, .attach = true}), "'--detach' and '--attach' cannot be combined");
  EXPECT_EQ(conflict({.build = true, .no_build = true}), "'--build' and '--no-build' cannot be combined");
  EXPECT_EQ(conflict({.renew_anonymous_volumes = true, .no_recreate = true}),
            "'--renew-anon-volumes' and '--no-recreate' cannot be combined");
  EXPECT_EQ(conflict({.remove_orphans = true, .ignore_orphans = true}),
            "'COMPOSE_IGNORE_ORPHANS' and '--remove-orphans' cannot be combined");
}

TEST(UpFlags, WhatFitsTogetherPasses) {
  EXPECT_EQ(conflict({}), "");
  EXPECT_EQ(conflict({.wait = true, .build = true, .force_recreate = true}), "");
}

}  // namespace
}  // namespace davit::plan
