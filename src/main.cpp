// The program: hands the command line to the cli room.
#include "davit/cli/main.hpp"

int main(int argc, char** argv) {
  return davit::cli::run(argc, argv);
}
