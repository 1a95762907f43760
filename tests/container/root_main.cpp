// The tests run in a mount namespace of their own and adopt orphans, as davit's supervisor and keeper do.

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "davit/container/mount_namespace.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests)) {
    if (const int error = davit::container::enter_private_mount_namespace(); error != 0) {
      std::fprintf(stderr, "cannot enter a mount namespace: %s\n", std::strerror(error));
      return 1;
    }
    ::setenv("DAVIT_LIBEXEC", DAVIT_BINARY_DIR "/bin", 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  return RUN_ALL_TESTS();
}
