#pragma once
// The logs of several containers as one stream of text: merged by time, prefixed, and going on while they grow.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "davit/logs/printer.hpp"
#include "davit/logs/reader.hpp"

namespace davit::logs {

/// Merges containers by the time of their lines. What is there is in order; of what comes later each line is shown as
/// soon as it is read. Knows no event loop: wait until fd() is readable, call woken(), then collect() until it has no
/// more.
class LogFollower {
 public:
  using Source = std::size_t;

  enum class Routing {
    AllToStdout,  ///< as `logs`
    ByStream,     ///< as an attached `up`: stderr of the containers to stderr
  };
  struct Chunk {
    Stream stream = Stream::Stdout;  ///< where the text belongs
    std::string text;                ///< whole lines
  };

  /// Throws Error when inotify is not available.
  LogFollower(PrintOptions print, Routing routing);
  ~LogFollower();
  LogFollower(LogFollower&&) noexcept;
  LogFollower& operator=(LogFollower&&) noexcept;

  /// Adds a container by the name that is shown. Its log folder is watched if `follow` and made if absent. May be
  /// called at any time: a container that was made anew is a new source; the same name keeps its colour and prefix.
  enum class Watch { No, Yes };
  Source add(const std::string& name, const std::string& folder, ReadOptions options, Watch watch);

  /// Nothing will be written to this source any more: what is there is still shown, a line without an end too.
  void end(Source source);

  /// The container of this source has ended, perhaps not for good: a line without an end is shown now.
  void settle(Source source);

  /// What can be shown now, some 256 KiB of one stream at most; nullopt when there is nothing left.
  [[nodiscard]] std::optional<Chunk> collect();

  /// A line about a container ("web-1 exited with code 0"), to be written by the caller after what was collected.
  [[nodiscard]] std::string note(Source source, std::string_view text) const;

  /// A line of one whose output is in no file ("db-1 -> "), as those that are collected look, to be written after them.
  [[nodiscard]] std::string line(const std::string& name, std::string_view text);

  /// Readable when a watched log has grown.
  [[nodiscard]] int fd() const;
  /// Takes the news from fd().
  void woken();

  /// True when every source has ended and is shown to its end.
  [[nodiscard]] bool done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace davit::logs
