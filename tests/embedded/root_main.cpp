// The test program is its own supervisor: the keeper starts it with the word "supervisor" in front.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "davit/embedded/supervisor.hpp"

int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "supervisor") {
    davit::embedded::EngineOptions options;
    options.project = argv[2];
    options.data_root = argv[3];
    options.run_root = argv[4];
    return davit::embedded::run_supervisor(options);
  }
  ::setenv("DAVIT_LIBEXEC", DAVIT_BINARY_DIR "/bin", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
