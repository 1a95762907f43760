#pragma once
// How long a test waits for an event before it gives up, in the one place where builds differ: a sanitized program is
// several times slower. Only limits are stretched; nothing waits longer because of it.

#include <chrono>

namespace davit::test {

#ifndef DAVIT_TEST_PATIENCE  // set by cmake/DavitRoom.cmake, which stretches CTest's own limit by the same factor
#define DAVIT_TEST_PATIENCE 1
#endif

/// `limit` as this build needs it.
template <class Duration>
constexpr Duration patient(Duration limit) {
  return limit * DAVIT_TEST_PATIENCE;
}

}  // namespace davit::test
