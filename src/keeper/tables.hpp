#pragma once
// What the keeper keeps, in memory it has from the start.

#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "davit/keeper/message.hpp"

namespace davit::keeper {

/// Descriptors by name.
class HeldTable {
 public:
  static constexpr std::size_t kCapacity = kMostHeld;

  struct Slot {
    int fd;  ///< -1: empty
    std::uint8_t name_size;
    std::array<char, Message::kMaxName> name_bytes;
    [[nodiscard]] std::string_view name() const { return {name_bytes.data(), name_size}; }
  };

  /// Takes the descriptor; closes one of the same name. False (and the descriptor closed) when the table is full.
  bool put(std::string_view name, int fd) {
    std::size_t free_at = used_;
    for (std::size_t i = 0; i < used_; ++i) {
      if (slots_[i].fd >= 0 && slots_[i].name() == name) {
        ::close(slots_[i].fd);
        slots_[i].fd = fd;
        return true;
      }
      if (slots_[i].fd < 0 && free_at == used_) free_at = i;
    }
    if (free_at == kCapacity) {
      ::close(fd);
      return false;
    }
    if (free_at == used_) ++used_;
    Slot& slot = slots_[free_at];
    slot.fd = fd;
    slot.name_size = static_cast<std::uint8_t>(name.size());
    std::copy(name.begin(), name.end(), slot.name_bytes.begin());
    return true;
  }

  void drop(std::string_view name) {
    for (std::size_t i = 0; i < used_; ++i)
      if (slots_[i].fd >= 0 && slots_[i].name() == name) close_slot(i);
    shrink();
  }

  void drop_all(std::string_view prefix) {
    for (std::size_t i = 0; i < used_; ++i)
      if (slots_[i].fd >= 0 && slots_[i].name().substr(0, prefix.size()) == prefix) close_slot(i);
    shrink();
  }

  /// Slots in use are among the first used(); those with fd < 0 are empty.
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] const Slot& at(std::size_t i) const { return slots_[i]; }

 private:
  void close_slot(std::size_t i) {
    ::close(slots_[i].fd);
    slots_[i].fd = -1;
  }
  void shrink() {
    while (used_ > 0 && slots_[used_ - 1].fd < 0) --used_;
  }

  /// Not initialised beyond used_: pages that were never needed are never there.
  std::array<Slot, kCapacity> slots_;
  std::size_t used_ = 0;
};

/// Exits nobody has dealt with yet, oldest first.
class ExitTable {
 public:
  static constexpr std::size_t kCapacity = 4096;

  struct Exit {
    std::int32_t pid = 0;
    std::int32_t status = 0;
    std::int64_t time = 0;
    bool sent = false;
  };

  /// False when the oldest one had to go.
  bool add(std::int32_t pid, std::int32_t status, std::int64_t time) {
    const bool full = count_ == kCapacity;
    if (full) erase(0);
    exits_[count_++] = Exit{pid, status, time, false};
    return !full;
  }

  void forget(std::int32_t pid) {
    for (std::size_t i = 0; i < count_; ++i)
      if (exits_[i].pid == pid) return erase(i);
  }

  void all_unsent() {
    for (std::size_t i = 0; i < count_; ++i) exits_[i].sent = false;
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] Exit& at(std::size_t i) { return exits_[i]; }

 private:
  void erase(std::size_t i) {
    for (; i + 1 < count_; ++i) exits_[i] = exits_[i + 1];
    --count_;
  }

  std::array<Exit, kCapacity> exits_{};
  std::size_t count_ = 0;
};

/// When to start the next supervisor: at once, unless they die one after another after a short life.
class RestartPacing {
 public:
  static constexpr int kMaxShortLives = 10;

  /// Milliseconds to wait; nullopt: give up.
  std::optional<int> died_after(std::int64_t lived_ms) {
    if (lived_ms >= kShortLifeMs) {
      short_lives_ = 0;
      return 0;
    }
    if (++short_lives_ > kMaxShortLives) return std::nullopt;
    if (short_lives_ <= 2) return 0;
    const int shift = short_lives_ - 3;
    return std::min(1000, 10 << shift);
  }

 private:
  int short_lives_ = 0;
};

}  // namespace davit::keeper
