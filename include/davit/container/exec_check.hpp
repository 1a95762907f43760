#pragma once
// What can be seen to be wrong with a program before it is run in a running container. The OCI runtimes say it on the
// stderr of the program, too, in words of their own.

#include <optional>
#include <string>
#include <vector>

#include "davit/base/error.hpp"

namespace davit::container {

struct ProgramWish {
  std::vector<std::string> args;
  std::string working_dir;
  std::string path_variable;  ///< PATH, as the program would have it
};

/// The folder that is not there or is none, the program that is not there or is a folder; with docker's exit codes, as
/// start_error(). `root` is the container's root file system, "/proc/<pid>/root". nullopt: nothing as far as one can
/// see from outside (rights, and what lies below /proc, are the runtime's to judge). Never throws.
[[nodiscard]] std::optional<Error> exec_mistake(const std::string& root, const ProgramWish& wish);

}  // namespace davit::container
