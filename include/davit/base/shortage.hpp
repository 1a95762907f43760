#pragma once
// What a server does when it has no descriptor or memory left for a connection.

#include <cerrno>
#include <chrono>

namespace davit {

/// Whether the errno says that descriptors or memory are short. What was asked for then still waits in the kernel, so
/// asking at once would turn in a circle: ask again after kShortagePause.
[[nodiscard]] constexpr bool is_shortage(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM || error_number == ENOBUFS;
}

/// Between two attempts to accept a connection when the first has failed.
constexpr std::chrono::milliseconds kShortagePause{100};

}  // namespace davit
