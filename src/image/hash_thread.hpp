#pragma once
// SHA-256 on another thread, so that reading the next bytes and hashing these take their time together.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "davit/image/digest.hpp"

namespace davit::image {

/// One producer. Little data is hashed at the end, on the producer's thread; the other one begins with the first full
/// buffer.
class HashThread {
 public:
  HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;
  ~HashThread();

  void update(std::span<const char> bytes);
  /// "sha256:…" of all bytes. Call it once.
  [[nodiscard]] std::string finish();

 private:
  using Buffer = std::vector<char>;
  void hand_over();
  void run();
  void end();

  Sha256 hash_;  ///< the other thread's, while it runs
  Buffer filling_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Buffer> full_;
  std::vector<Buffer> empty_;
  bool ended_ = false;
};

}  // namespace davit::image
