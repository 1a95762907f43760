#include "image/sources.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "davit/base/error.hpp"

namespace davit::image {
namespace {

constexpr std::size_t kBlock = 256U << 10U;
constexpr std::size_t kBlocksAhead = 16;

}  // namespace

FdSource::FdSource(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)), buffer_(kBlock) {}

std::span<const char> FdSource::next() {
  for (;;) {
    const ssize_t got = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (got >= 0) return {buffer_.data(), static_cast<std::size_t>(got)};
    if (errno != EINTR) throw_system_error("read", name_, errno);
  }
}

std::unique_ptr<ByteSource> open_source(const std::string& path) {
  if (path == "-") {
    Fd copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) throw_system_error("read", "standard input", errno);
    return std::make_unique<FdSource>(std::move(copy), "standard input");
  }
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_system_error("open", path, errno);
  return std::make_unique<FdSource>(std::move(fd), path);
}

std::span<const char> HashingSource::next() {
  const std::span<const char> block = inner_.next();
  hash_.update(block);
  return block;
}

ReadAhead::ReadAhead(ByteSource& inner) : inner_(inner), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::exception_ptr failure;
  try {
    for (;;) {
      const std::span<const char> block = inner_.next();
      if (block.empty()) break;
      std::vector<char> copy;
      {
        const std::lock_guard lock(mutex_);
        if (!spare_.empty()) {
          copy = std::move(spare_.back());
          spare_.pop_back();
        }
      }
      copy.assign(block.begin(), block.end());
      if (!put(std::move(copy))) return;
    }
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  ended_ = true;
  changed_.notify_all();
}

bool ReadAhead::put(std::vector<char> block) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || ready_.size() < kBlocksAhead; });
  if (stopped_) return false;
  ready_.push_back(std::move(block));
  changed_.notify_all();
  return true;
}

std::span<const char> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (!current_.empty()) spare_.push_back(std::move(current_));
  current_.clear();
  changed_.wait(lock, [this] { return ended_ || !ready_.empty(); });
  if (ready_.empty()) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return {};
  }
  current_ = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return current_;
}

std::span<const char> EntrySource::next() {
  const la_ssize_t got = archive_read_data(reader_.get(), buffer_.data(), buffer_.size());
  if (got < 0) reader_.check(static_cast<int>(got));
  return {buffer_.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
}

}  // namespace davit::image
