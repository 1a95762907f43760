#include "embedded/leftover_programs.hpp"

#include <gtest/gtest.h>

namespace davit::embedded {
namespace {

TEST(LeftoverPrograms, RuntimesAreKnownByTheFolderOfTheirState) {
  const std::string folder = "/run/davit/p/private/runtime";
  EXPECT_TRUE(is_runtime_of({"crun", "--cgroup-manager=cgroupfs", "--root", folder, "run", "id"}, folder));
  EXPECT_TRUE(is_runtime_of({"/bin/sh", "/opt/runtime", "--root", folder, "delete", "id"}, folder)) << "a script";
  EXPECT_FALSE(is_runtime_of({"crun", "--root", "/run/davit/other/private/runtime", "run", "id"}, folder));
  EXPECT_FALSE(is_runtime_of({"crun", "--root", folder + "2", "run", "id"}, folder));
  EXPECT_FALSE(is_runtime_of({"ls", folder}, folder)) << "somebody who looks at it";
  EXPECT_FALSE(is_runtime_of({"crun", "--root"}, folder));
  EXPECT_FALSE(is_runtime_of({}, folder)) << "a kernel thread";
}

TEST(LeftoverPrograms, KeepersAreKnownByTheFolderTheyServe) {
  const std::string folder = "/run/davit/p";
  EXPECT_TRUE(is_keeper_of({"/usr/bin/davit-keeper", "--folder", folder, "--ready", "9", "--", "davit"}, folder));
  EXPECT_FALSE(is_keeper_of({"/usr/bin/davit-keeper", "--folder", folder + "2", "--", "davit"}, folder));
  EXPECT_FALSE(is_keeper_of({"grep", "davit-keeper", "--folder", folder}, folder)) << "somebody who looks for it";
  EXPECT_FALSE(is_keeper_of({"davit-keeper", "--folder"}, folder));
  EXPECT_FALSE(is_keeper_of({}, folder)) << "a kernel thread";
}

}  // namespace
}  // namespace davit::embedded
