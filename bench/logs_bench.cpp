// The logs room at work: framing alone, a flood through pipe and pump into a file, and reading it back.
// The flood comes as fast as the pipe takes it, or as fast as a program makes it that looks at every byte.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "davit/logs/follower.hpp"
#include "davit/logs/framer.hpp"
#include "davit/logs/pump.hpp"
#include "davit/logs/pump_driver.hpp"

namespace {

using namespace davit;
using namespace davit::logs;

constexpr int kLines = 2'000'000;
const std::string kLine = "the quick brown fox jumps over the lazy dog and logs a line of about 100 bytes for us all\n";

/// A folder with the log of one flood, made once.
class Flood {
 public:
  Flood() {
    std::string pattern = (std::filesystem::temp_directory_path() / "davit-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    folder_ = pattern;
  }
  ~Flood() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  void pump() const {
    auto pipe = make_log_pipe();
    PumpBuffers buffers;
    LogPump pump = new_pump(buffers, std::move(pipe[0]));
    std::thread container(write_flood, std::move(pipe[1]), Pace::Pipe);
    while (!pump.ended()) {
      pollfd wait{pump.source_fd(Stream::Stdout), POLLIN, 0};
      ::poll(&wait, 1, -1);
      (void)pump.on_readable(Stream::Stdout);
    }
    container.join();
  }

  void drive() const {
    auto pipe = make_log_pipe();
    PumpBuffers buffers;
    asio::io_context loop{1};
    auto driver = std::make_shared<PumpDriver>(loop.get_executor(), new_pump(buffers, std::move(pipe[0])));
    asio::co_spawn(loop, PumpDriver::follow(driver, Stream::Stdout, {}), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    std::thread container(write_flood, std::move(pipe[1]), Pace::Program);
    loop.run();
    container.join();
  }

  [[nodiscard]] std::string log() const { return folder_ + "/log"; }

 private:
  enum class Pace { Pipe, Program };

  LogPump new_pump(PumpBuffers& buffers, Fd source) const {
    std::filesystem::remove_all(log());
    std::filesystem::remove(folder_ + "/state");
    return {buffers,
            {.folder = log(), .state_file = folder_ + "/state", .rotation = {}, .now = {}},
            with_staging(std::move(source))};
  }

  static void write_flood(Fd out, Pace pace) {
    std::string block;
    for (int i = 0; i < 45; ++i) block += kLine;  // about the 4 KiB of a program's output buffer
    unsigned sum = 0;
    for (int line = 0; line < kLines; line += 45) {
      if (pace == Pace::Program)
        for (const char byte : block) benchmark::DoNotOptimize(sum += static_cast<unsigned char>(byte));
      if (::write(out.get(), block.data(), block.size()) < 0) return;
    }
  }

  std::string folder_;
};

const Flood& flood() {
  static const Flood made;
  return made;
}

void frame_lines(benchmark::State& state) {
  std::string data;
  while (data.size() < 100'000) data += kLine;
  const Framer framer{Stream::Stdout, WallTime{}};
  std::vector<char> out(256U << 10U);
  for (auto _ : state) benchmark::DoNotOptimize(framer.frame(data, Framer::End::Batch, out));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(frame_lines);

void pump_two_million_lines(benchmark::State& state) {
  for (auto _ : state) flood().pump();
  state.SetItemsProcessed(state.iterations() * kLines);
}
BENCHMARK(pump_two_million_lines)->Unit(benchmark::kMillisecond)->UseRealTime();

void drive_two_million_lines(benchmark::State& state) {
  for (auto _ : state) flood().drive();
  state.SetItemsProcessed(state.iterations() * kLines);
}
BENCHMARK(drive_two_million_lines)->Unit(benchmark::kMillisecond)->UseRealTime();

void read_two_million_lines(benchmark::State& state) {
  flood().pump();
  const Fd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  for (auto _ : state) {
    LogFollower follower{{}, LogFollower::Routing::AllToStdout};
    follower.add("web-1", flood().log(), {}, LogFollower::Watch::No);
    while (const auto chunk = follower.collect())
      benchmark::DoNotOptimize(::write(nowhere.get(), chunk->text.data(), chunk->text.size()));
  }
  state.SetItemsProcessed(state.iterations() * kLines);
}
BENCHMARK(read_two_million_lines)->Unit(benchmark::kMillisecond)->UseRealTime();

void tail_of_two_million_lines(benchmark::State& state) {
  flood().pump();
  for (auto _ : state) benchmark::DoNotOptimize(last_lines(flood().log(), 100));
}
BENCHMARK(tail_of_two_million_lines)->Unit(benchmark::kMicrosecond);

}  // namespace
