#include "davit/logs/drive_pump.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <thread>

#include "log_folder.hpp"

namespace davit::logs {
namespace {

using testing::contents_of;
using testing::TempFolder;
using testing::whole_log;

TEST(DrivePump, PumpsBothStreamsToTheirEnds) {
  const TempFolder folder;
  PumpBuffers buffers;
  auto out = make_log_pipe();
  auto err = make_log_pipe();
  LogPump pump{buffers,
               {.folder = folder.log(), .state_file = folder.state(), .rotation = {}, .now = {}},
               with_staging(std::move(out[0])),
               with_staging(std::move(err[0]))};
  std::string expected;
  for (int line = 0; line < 100'000; ++line) expected += "line " + std::to_string(line) + "\n";
  std::thread container([&] {
    testing::write_all(err[1].get(), "starting\n");
    err[1].reset();
    testing::write_all(out[1].get(), expected);
    out[1].reset();
  });
  asio::io_context loop;
  std::exception_ptr failure;
  bool done = false;
  asio::co_spawn(loop, drive(pump, {}), [&](std::exception_ptr error) {
    failure = std::move(error);
    done = true;
  });
  loop.run();
  container.join();
  EXPECT_TRUE(done);
  EXPECT_FALSE(failure);
  EXPECT_TRUE(pump.ended());
  const auto contents = contents_of(whole_log(folder.log()));
  EXPECT_TRUE(contents.bytes[0] == expected);
  EXPECT_EQ(contents.bytes[1], "starting\n");
}

}  // namespace
}  // namespace davit::logs
