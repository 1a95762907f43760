#include "davit/logs/pump.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "appender.hpp"
#include "davit/base/error.hpp"
#include "davit/logs/framer.hpp"
#include "pump_state.hpp"

namespace davit::logs {
namespace {

constexpr int kPipeSize = 1 << 20;           // the limit of an ordinary user (fs.pipe-max-size)
constexpr std::size_t kInput = 128U << 10U;  // small enough to stay in the second level cache
constexpr std::size_t kOutput = 256U << 10U;
constexpr int kBatchesInARow = 4;
static_assert(kInput > Framer::kMaxText && kOutput > 2 * Framer::kMaxRecord);

std::uint64_t bytes_in(int pipe) {
  int bytes = 0;
  return ::ioctl(pipe, FIONREAD, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

void set_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

WallTime system_now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

const std::string& make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw_system_error("make", path, error.value());
  return path;
}

/// Output that did not get into the log.
struct Loss {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;

  void add_raw(std::string_view data) {
    bytes += data.size();
    lines += static_cast<std::uint64_t>(std::count(data.begin(), data.end(), '\n'));
  }
  void add_records(std::string_view records) {
    TimestampText scratch{};
    while (!records.empty()) {
      const auto newline = records.find('\n');
      const Record record = parse_record(records.substr(0, newline), scratch);
      const bool full = record.extent == Extent::Full;
      bytes += record.text.size() + (full ? 1 : 0);
      lines += full ? 1 : 0;
      records.remove_prefix(newline + 1);
    }
  }
};

}  // namespace

std::array<Fd, 2> make_log_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error("make", "a pipe for output", errno);
  std::array<Fd, 2> pipe{Fd{ends[0]}, Fd{ends[1]}};
  // Smaller is slower, nothing else: an ordinary user may have used up his share (fs.pipe-user-pages-soft).
  for (int size = kPipeSize; size > 65536 && ::fcntl(ends[1], F_SETPIPE_SZ, size) < 0; size /= 2) {
  }
  return pipe;
}

StreamPipes with_staging(Fd source) {
  auto [read, write] = make_log_pipe();
  return {.source = std::move(source), .staging_read = std::move(read), .staging_write = std::move(write)};
}

void begin_log(const std::string& folder) {
  Appender(make_folder(folder), {}).begin({}, Appender::Batch::First);
}

struct PumpBuffers::Impl {
  std::array<Fd, 2> scratch = make_log_pipe();
  Fd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  std::vector<char> input = std::vector<char>(kInput);
  std::vector<char> output = std::vector<char>(kOutput);
  bool scratch_in_use = false;  ///< a batch that was broken off may have left something in there
};

PumpBuffers::PumpBuffers() : impl_(std::make_unique<Impl>()) {
  if (!impl_->nowhere) throw_system_error("open", "/dev/null", errno);
}
PumpBuffers::~PumpBuffers() = default;

struct LogPump::Impl {
  Impl(PumpBuffers::Impl& shared, Options given, StreamPipes out, std::optional<StreamPipes> err)
      : buffers(shared),
        options(std::move(given)),
        folder(make_folder(options.folder)),
        state(options.state_file),
        appender(folder, options.rotation) {
    if (!options.now) options.now = &system_now;
    pipes[0] = std::move(out);
    if (err) pipes[1] = std::move(*err);
    for (const StreamPipes& stream : pipes)
      if (stream.source) set_non_blocking(stream.source.get());
    recover();
  }

  [[nodiscard]] int staging(std::size_t stream) const { return pipes[stream].staging_read.get(); }

  // --- Beginning -----------------------------------------------------------------------------------------------------

  void recover() {
    look_at_pipes();
    snapshot = state.current();
    const bool batch_is_there =
        snapshot.phase != BatchPhase::Writing || staged[snapshot.batch_stream] >= snapshot.batch_bytes;
    if (!state.found() || !batch_is_there) adopt();
    if (options.run == Run::New) snapshot.close_line = snapshot.open_line;
    finish_batch();
    appender.prune();
  }

  void look_at_pipes() {
    for (std::size_t stream = 0; stream < kStreams; ++stream)
      staged[stream] = pipes[stream].staging_read ? bytes_in(staging(stream)) : 0;
  }

  /// Finishes what the snapshot says is under way.
  void finish_batch() {
    if (snapshot.phase == BatchPhase::Writing) {
      write_batch(Appender::Batch::Repeated);
    } else if (snapshot.phase == BatchPhase::Draining) {
      drain();
    }
    state.publish(snapshot);
    appender.begin({snapshot.file_number, snapshot.file_size}, Appender::Batch::First);
  }

  /// After an exception: the batch is where a killed process would have left it.
  void mend() {
    if (!broken) return;
    look_at_pipes();
    snapshot = state.current();
    finish_batch();
    broken = false;
  }

  /// Goes on after the files as they are: there is no state, or it speaks of a batch which is gone with its pipe.
  void adopt() {
    const LogEnd end = adopt_log(folder);
    snapshot.file_number = end.position.number;
    snapshot.file_size = end.position.offset;
    snapshot.open_line = {static_cast<std::uint8_t>(end.stdout_open), static_cast<std::uint8_t>(end.stderr_open)};
    snapshot.phase = BatchPhase::Idle;
  }

  // --- One batch -----------------------------------------------------------------------------------------------------

  enum class Fill : std::uint8_t { Empty, Ready, Ended };

  /// Moves what the source has into the staging pipe; the kernel does that whole or not at all.
  Fill fill(std::size_t stream) {
    if (staged[stream] > 0) return Fill::Ready;
    for (;;) {
      const ssize_t moved = ::splice(pipes[stream].source.get(), nullptr, pipes[stream].staging_write.get(), nullptr,
                                     kPipeSize, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (moved > 0) {
        staged[stream] = static_cast<std::uint64_t>(moved);
        return Fill::Ready;
      }
      if (moved == 0) return Fill::Ended;
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return Fill::Empty;
      if (errno == EINVAL) return copy_in(stream);
      return unreadable();
    }
  }

  static Fill unreadable() {
    if (errno == EIO) return Fill::Ended;  // the last user of a terminal has closed it
    throw_system_error("read", "the output of a container", errno);
  }

  /// For sources that cannot be spliced. A kill between the two calls loses what was read.
  Fill copy_in(std::size_t stream) {
    const ssize_t got = ::read(pipes[stream].source.get(), buffers.input.data(), std::min<std::size_t>(kInput, 65536));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Fill::Empty;
    if (got < 0) return unreadable();
    if (got == 0) return Fill::Ended;
    // The staging pipe is empty and no smaller than this: the write is whole.
    const ssize_t put = ::write(pipes[stream].staging_write.get(), buffers.input.data(), static_cast<std::size_t>(got));
    if (put != got) throw_system_error("write to", "the staging pipe of a log", put < 0 ? errno : EIO);
    staged[stream] = static_cast<std::uint64_t>(got);
    return Fill::Ready;
  }

  /// Copies the front of the staging pipe to the scratch pipe, leaving it in place. Returns the bytes copied.
  std::uint64_t copy_staged(std::size_t stream, std::uint64_t limit) {
    if (buffers.scratch_in_use) empty(buffers.scratch[0].get(), bytes_in(buffers.scratch[0].get()));
    buffers.scratch_in_use = true;
    const ssize_t copied = ::tee(staging(stream), buffers.scratch[1].get(), limit, SPLICE_F_NONBLOCK);
    return copied > 0 ? static_cast<std::uint64_t>(copied) : 0;
  }

  void pump(std::size_t stream) {
    if (options.rotation.keep == RotationPolicy::Keep::Nothing) {
      discard(stream, 0);
      return;
    }
    const std::uint64_t there = staged[stream];
    const std::uint64_t copied = copy_staged(stream, there);
    if (copied == 0) throw_system_error("copy", "the staging pipe of a log", errno);
    const auto now = options.now().time_since_epoch().count();
    snapshot.phase = BatchPhase::Writing;
    snapshot.batch_stream = static_cast<std::uint8_t>(stream);
    snapshot.batch_time = std::max<std::int64_t>(now, snapshot.last_time);
    snapshot.batch_bytes = copied;
    snapshot.left_after = there - copied;
    state.publish(snapshot);
    write_copied(Appender::Batch::First, buffers.scratch[0].get());
  }

  void write_batch(Appender::Batch batch) {
    const std::uint64_t copied = copy_staged(snapshot.batch_stream, snapshot.batch_bytes);
    if (copied == snapshot.batch_bytes) {
      write_copied(batch, buffers.scratch[0].get());
      return;
    }
    // The scratch pipe is smaller than its predecessor's (fs.pipe-user-pages-soft): read the batch itself.
    empty(buffers.scratch[0].get(), copied);
    staged[snapshot.batch_stream] -= snapshot.batch_bytes;
    write_copied(batch, staging(snapshot.batch_stream));
  }

  /// Writes the batch that the snapshot describes and `from` holds; commits it; empties the staging pipe of it.
  void write_copied(Appender::Batch batch, int from) {
    begin_batch(batch);
    const Framer framer{static_cast<Stream>(snapshot.batch_stream), batch_time()};
    std::uint64_t unread = snapshot.batch_bytes;
    std::size_t held = 0;
    char last = '\n';
    while (unread > 0) {
      const std::size_t got = read_some(from, held, unread);
      unread -= got;
      held += got;
      if (got > 0) last = buffers.input[held - 1];
      held = frame_held(framer, held, unread == 0 ? Framer::End::Batch : Framer::End::More);
    }
    buffers.scratch_in_use = false;
    flush();
    commit(last == '\n');
    drain();
    state.publish(snapshot);
  }

  [[nodiscard]] WallTime batch_time() const { return WallTime{std::chrono::nanoseconds{snapshot.batch_time}}; }

  std::size_t read_some(int from, std::size_t held, std::uint64_t unread) {
    for (;;) {
      const ssize_t got = ::read(from, buffers.input.data() + held, std::min<std::uint64_t>(kInput - held, unread));
      if (got > 0) return static_cast<std::size_t>(got);
      if (got < 0 && errno == EINTR) continue;
      throw_system_error("read", "the staging pipe of a log", got < 0 ? errno : EPIPE);
    }
  }

  void begin_batch(Appender::Batch batch) {
    appender.begin({snapshot.file_number, snapshot.file_size}, batch);
    failed = false;
    loss = {};
    out_size = 0;
    prelude_size = 0;
    prelude_written = false;
    last_extent.reset();
    write_prelude();
  }

  /// Records in front of the batch: the end of a line that nothing will continue, and what was lost.
  void write_prelude() {
    for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
      const std::size_t at = index(stream);
      const bool lost = snapshot.lost_bytes[at] > 0;
      if (snapshot.open_line[at] != 0 && (snapshot.close_line[at] != 0 || lost)) add_record(stream, "");
      if (lost)
        add_record(stream, "[davit: " + std::to_string(snapshot.lost_lines[at]) + " lines (" +
                               std::to_string(snapshot.lost_bytes[at]) +
                               " bytes) were lost here: the log could not be written]");
    }
    prelude_size = out_size;
  }

  void add_record(Stream stream, std::string_view text) {
    const Header header = make_header(batch_time(), stream, Extent::Full);
    char* const to = buffers.output.data() + out_size;
    std::memcpy(to, header.data(), header.size());
    std::memcpy(to + header.size(), text.data(), text.size());
    to[header.size() + text.size()] = '\n';
    out_size += header.size() + text.size() + 1;
  }

  /// Frames the first `held` bytes of the input; returns how many stay, moved to its front.
  std::size_t frame_held(const Framer& framer, std::size_t held, Framer::End end) {
    std::size_t done = 0;
    while (!failed) {
      const auto framed = framer.frame({buffers.input.data() + done, held - done}, end,
                                       {buffers.output.data() + out_size, kOutput - out_size});
      done += framed.consumed;
      out_size += framed.produced;
      if (kOutput - out_size >= Framer::kMaxRecord) break;
      flush();
    }
    if (failed) {
      loss.add_raw({buffers.input.data() + done, held - done});
      return 0;
    }
    std::memmove(buffers.input.data(), buffers.input.data() + done, held - done);
    return held - done;
  }

  void flush() {
    const std::string_view records{buffers.output.data(), out_size};
    out_size = 0;
    if (records.empty() || failed) return;
    std::size_t wrote = appender.append(records);
    if (wrote < records.size()) {
      failed = true;
      if (wrote <= prelude_size) {  // a report of the loss with nothing behind it: the next try makes a better one
        appender.roll_back();
        wrote = 0;
      }
      loss.add_records(records.substr(std::max(wrote, prelude_size)));
    }
    if (wrote > 0) {
      prelude_written = prelude_size > 0 || prelude_written;
      last_extent = last_record_extent(records.substr(0, wrote));
    }
    prelude_size = 0;
  }

  static Extent last_record_extent(std::string_view records) {
    records.remove_suffix(1);
    const auto before = records.rfind('\n');
    TimestampText scratch{};
    return parse_record(before == std::string_view::npos ? records : records.substr(before + 1), scratch).extent;
  }

  void commit(bool line_ended) {
    const std::size_t stream = snapshot.batch_stream;
    if (prelude_written) {
      for (std::size_t at = 0; at < kStreams; ++at) {
        if (snapshot.close_line[at] != 0 || snapshot.lost_bytes[at] > 0) snapshot.open_line[at] = 0;
        snapshot.close_line[at] = 0;
        snapshot.lost_bytes[at] = 0;
        snapshot.lost_lines[at] = 0;
      }
      prelude_written = false;
    }
    if (!failed) {
      snapshot.open_line[stream] = line_ended ? 0 : 1;
    } else if (last_extent) {
      snapshot.open_line[stream] = *last_extent == Extent::Partial ? 1 : 0;
    }
    snapshot.lost_bytes[stream] += loss.bytes;
    snapshot.lost_lines[stream] += loss.lines;
    snapshot.file_number = appender.position().number;
    snapshot.file_size = appender.position().offset;
    snapshot.last_time = snapshot.batch_time;
    snapshot.phase = BatchPhase::Draining;
    state.publish(snapshot);
    note_failure();
  }

  void drain() {
    if (pipes[snapshot.batch_stream].staging_read) discard(snapshot.batch_stream, snapshot.left_after);
    snapshot.phase = BatchPhase::Idle;
    snapshot.left_after = 0;
  }

  void discard(std::size_t stream, std::uint64_t keep) {
    if (staged[stream] <= keep) return;
    empty(staging(stream), staged[stream] - keep);
    staged[stream] = keep;
  }

  /// Throws away so many bytes of what is in the pipe.
  void empty(int pipe, std::uint64_t bytes) const {
    while (bytes > 0) {
      const ssize_t gone =
          ::splice(pipe, nullptr, buffers.nowhere.get(), nullptr, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (gone > 0) bytes -= static_cast<std::uint64_t>(gone);
      if (gone == 0 || (gone < 0 && errno != EINTR))
        throw_system_error("empty", "the staging pipe of a log", gone == 0 ? EPIPE : errno);
    }
  }

  // --- Giving up -----------------------------------------------------------------------------------------------------

  /// Throws away what a stream has, by the plainest means, and the batch under way, of whichever stream. Some of that
  /// may be in the log already: it counts as lost nevertheless.
  void drop(std::size_t stream) {
    look_at_pipes();
    snapshot = state.current();
    const BatchPhase phase = snapshot.phase;
    const std::size_t batch_stream = snapshot.batch_stream;
    adopt();
    if (phase == BatchPhase::Draining)
      (void)take(staging(batch_stream), staged[batch_stream] - std::min(staged[batch_stream], snapshot.left_after));
    if (phase == BatchPhase::Writing) lose(batch_stream, take(staging(batch_stream), staged[batch_stream]));
    look_at_pipes();
    lose(stream, take(staging(stream), staged[stream]));
    lose(stream, take(pipes[stream].source.get(), kPipeSize));
    snapshot.left_after = 0;
    state.publish(snapshot);
    look_at_pipes();
    appender.begin({snapshot.file_number, snapshot.file_size}, Appender::Batch::First);
    broken = false;
  }

  void lose(std::size_t stream, const Loss& lost) {
    snapshot.lost_bytes[stream] += lost.bytes;
    snapshot.lost_lines[stream] += lost.lines;
    dropped.bytes += lost.bytes;
    dropped.lines += lost.lines;
    dropping = true;
  }

  /// Reads up to `limit` bytes that are there. The end of a stream is left for fill() to see.
  Loss take(int pipe, std::uint64_t limit) {
    Loss taken;
    while (limit > 0) {
      const ssize_t got = ::read(pipe, buffers.input.data(), std::min<std::uint64_t>(kInput, limit));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      taken.add_raw({buffers.input.data(), static_cast<std::size_t>(got)});
      limit -= static_cast<std::uint64_t>(got);
    }
    return taken;
  }

  // --- Telling -------------------------------------------------------------------------------------------------------

  void note_failure() {
    if (failed && !dropping) {
      dropping = true;
      notice = Diagnostic::warning("log-dropped", "cannot write the log in '" + folder +
                                                      "': " + system_error_text(appender.error()) +
                                                      "; output is dropped until it can be written");
    }
    if (failed) {
      dropped.bytes += loss.bytes;
      dropped.lines += loss.lines;
    } else if (dropping) {
      dropping = false;
      notice = Diagnostic::warning("log-dropped", "the log in '" + folder + "' is written again; " +
                                                      std::to_string(dropped.lines) + " lines (" +
                                                      std::to_string(dropped.bytes) + " bytes) were dropped");
      dropped = {};
    }
  }

  PumpBuffers::Impl& buffers;
  Options options;
  std::string folder;
  PumpState state;
  Appender appender;
  std::array<StreamPipes, kStreams> pipes;
  std::array<std::uint64_t, kStreams> staged{};  ///< bytes in the staging pipes
  PumpSnapshot snapshot;

  // The batch at hand.
  bool failed = false;  ///< a write failed: the rest of the batch is dropped
  bool prelude_written = false;
  std::size_t out_size = 0;           ///< bytes in the output buffer
  std::size_t prelude_size = 0;       ///< of them in front of the batch
  std::optional<Extent> last_extent;  ///< of the last record written
  Loss loss;

  bool broken = false;  ///< an exception has left a batch half done
  bool dropping = false;
  Loss dropped;
  std::optional<Diagnostic> notice;
};

LogPump::LogPump(PumpBuffers& buffers, Options options, StreamPipes stdout_pipes,
                 std::optional<StreamPipes> stderr_pipes)
    : impl_(std::make_unique<Impl>(*buffers.impl_, std::move(options), std::move(stdout_pipes),
                                   std::move(stderr_pipes))) {}
LogPump::~LogPump() = default;
LogPump::LogPump(LogPump&&) noexcept = default;
LogPump& LogPump::operator=(LogPump&&) noexcept = default;

int LogPump::source_fd(Stream stream) const {
  return impl_->pipes[index(stream)].source.get();
}

bool LogPump::ended() const {
  return source_fd(Stream::Stdout) < 0 && source_fd(Stream::Stderr) < 0;
}

LogPump::Progress LogPump::on_readable(Stream stream) {
  const std::size_t at = index(stream);
  if (!impl_->pipes[at].source) return {.state = State::Ended};
  impl_->mend();
  impl_->broken = true;  // until the end of this
  Progress progress{.state = State::More};
  for (int batch = 0; batch < kBatchesInARow && progress.state == State::More; ++batch) {
    const auto filled = impl_->fill(at);
    if (filled == Impl::Fill::Ready) {
      const std::uint64_t before = impl_->staged[at];
      impl_->pump(at);
      progress.bytes += static_cast<std::size_t>(before - impl_->staged[at]);
    } else if (filled == Impl::Fill::Empty) {
      progress.state = State::Idle;
    } else {
      impl_->pipes[at] = {};
      progress.state = State::Ended;
    }
  }
  impl_->broken = false;
  progress.notice = std::exchange(impl_->notice, std::nullopt);
  return progress;
}

void LogPump::drop(Stream stream) {
  const std::size_t at = index(stream);
  if (!impl_->pipes[at].source) return;
  impl_->broken = true;  // until the end of this
  impl_->drop(at);
}

}  // namespace davit::logs
