#include "build/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace davit::build {

void for_each_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t kMost = 4;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  const std::size_t threads = std::min({count, kMost, std::size_t{std::max(1U, std::thread::hardware_concurrency())}});
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(take_turns);
  take_turns();
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace davit::build
