#include "image/hash_thread.hpp"

#include <algorithm>

namespace davit::image {
namespace {

constexpr std::size_t kBuffer = std::size_t{512} << 10U;
constexpr std::size_t kWaiting = 4;  ///< buffers: what the producer may be ahead

}  // namespace

HashThread::HashThread() {
  filling_.reserve(kBuffer);
}

HashThread::~HashThread() {
  end();
}

void HashThread::update(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kBuffer - filling_.size());
    filling_.insert(filling_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (filling_.size() == kBuffer) hand_over();
  }
}

std::string HashThread::finish() {
  end();
  hash_.update(std::span<const char>(filling_));
  return finish_digest(hash_);
}

void HashThread::hand_over() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return full_.size() < kWaiting; });
  full_.push_back(std::move(filling_));
  filling_ = {};
  if (!empty_.empty()) {
    filling_ = std::move(empty_.back());
    empty_.pop_back();
  }
  lock.unlock();
  changed_.notify_all();
  filling_.clear();
  filling_.reserve(kBuffer);
}

void HashThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || !full_.empty(); });
    if (full_.empty()) return;
    Buffer buffer = std::move(full_.front());
    full_.pop_front();
    lock.unlock();
    changed_.notify_all();
    hash_.update(std::span<const char>(buffer));
    lock.lock();
    empty_.push_back(std::move(buffer));
  }
}

void HashThread::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace davit::image
