#pragma once
// Both ends of a pipe.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "davit/base/error.hpp"
#include "davit/base/fd.hpp"

namespace davit::build {

/// Programs started meanwhile inherit neither end.
struct Pipe {
  Fd read;
  Fd write;
  /// Throws davit::Error.
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make a pipe", "", errno);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

}  // namespace davit::build
