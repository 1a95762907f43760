#include "standard_output.hpp"

#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

/// The reason of an earlier failure, which nobody kept: the same descriptor most likely refuses the next byte as well.
/// Only a device that is always full, or what is closed, is asked; nothing is added to a file.
int reason_now(int fd) {
  errno = 0;
  return ::write(fd, "", 0) < 0 ? errno : 0;
}

}  // namespace

std::optional<Diagnostic> finish_output(std::FILE* stream) {
  const bool failed_before = std::ferror(stream) != 0;
  const int error = std::fflush(stream) != 0 ? errno : failed_before ? reason_now(::fileno(stream)) : 0;
  if ((error == 0 && !failed_before) || error == EPIPE) return std::nullopt;
  return Diagnostic::error(
      "output", "cannot write to standard output" + (error == 0 ? std::string() : ": " + system_error_text(error)));
}

}  // namespace davit::cli
