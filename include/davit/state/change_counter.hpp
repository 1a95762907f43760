#pragma once
// Tells processes that share a data root that something in its database has changed, for those that cannot ask the
// database each time.

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace davit::state {

/// A number in a file mapped into memory. Whoever commits a change advances it afterwards; whoever has read the
/// database compares it with the number from before that reading: another one means, read again. Costs no system call.
class ChangeCounter {
 public:
  /// Opens or makes the file (0600); its folder must exist. Throws Error.
  explicit ChangeCounter(const std::filesystem::path& file);
  ~ChangeCounter();
  ChangeCounter(const ChangeCounter&) = delete;
  ChangeCounter& operator=(const ChangeCounter&) = delete;

  [[nodiscard]] std::uint64_t value() const { return count_->load(std::memory_order_acquire); }
  void advance() { count_->fetch_add(1, std::memory_order_release); }

 private:
  using Count = std::atomic<std::uint64_t>;
  static_assert(Count::is_always_lock_free && sizeof(Count) == sizeof(std::uint64_t));

  Count* count_ = nullptr;
};

}  // namespace davit::state
