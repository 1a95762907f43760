#include "cli/standard_output.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "davit/base/fd.hpp"

namespace davit::cli {
namespace {

/// A stream that is closed at the end.
struct Stream {
  explicit Stream(std::FILE* opened) : file(opened) {}
  ~Stream() { std::fclose(file); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  std::FILE* file;
};

std::string said(std::FILE* stream) {
  const auto lost = finish_output(stream);
  return lost ? lost->message : "";
}

TEST(StandardOutput, WhatIsWrittenIsNoError) {
  const Stream null(std::fopen("/dev/null", "w"));
  std::fputs("text", null.file);
  EXPECT_EQ(said(null.file), "");
}

TEST(StandardOutput, AFullDeviceIsSaid) {
  const Stream full(std::fopen("/dev/full", "w"));
  EXPECT_EQ(said(full.file), "") << "nothing was to be written";
  std::fputs("text", full.file);
  EXPECT_EQ(said(full.file), "cannot write to standard output: no space left on device");
}

TEST(StandardOutput, WhatWasLostBeforeIsSaidAtTheEnd) {
  const Stream full(std::fopen("/dev/full", "w"));
  std::fputs("text", full.file);
  std::fflush(full.file);
  EXPECT_EQ(said(full.file), "cannot write to standard output: no space left on device");
}

TEST(StandardOutput, AReaderThatHasHadEnoughIsNoError) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  {
    const Stream pipe(::fdopen(ends[1], "w"));
    std::fputs("text", pipe.file);
    EXPECT_EQ(said(pipe.file), "");
  }
  ::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace davit::cli
