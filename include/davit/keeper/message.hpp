#pragma once
// What keeper and supervisor say to each other: one packet a message on a SOCK_SEQPACKET pair, a descriptor beside it
// where the kind says so. Pure; allocates nothing, because the keeper must not fail for want of memory.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace davit::keeper {

/// In the project's folder: a tmpfs that is mounted in the keeper's mount namespace alone.
inline constexpr const char* kPrivateFolder = "private";
/// The control group of all keepers and their supervisors, beside those of the containers.
inline constexpr const char* kKeepersGroup = "davit-keepers";

/// The project's lock, as the keeper holds it: from its start until there is a listener, and at its end until the
/// folder is gone. So whoever gets the lock finds no keeper, or one with a listener, or one that ends and is not gone
/// yet.
inline constexpr const char* kLockName = "lock";

/// Descriptors that the keeper holds at most.
inline constexpr std::size_t kMostHeld = 16384;

/// A supervisor that dies earlier counts as one that cannot live: after some of them in a row the keeper gives up.
inline constexpr std::int64_t kShortLifeMs = 1000;

enum class Kind : std::uint8_t {
  // supervisor to keeper
  Put = 1,      ///< with a descriptor: hold it under `name`; one of that name is replaced
  Drop = 2,     ///< close what is held under `name`
  DropAll = 3,  ///< close everything whose name begins with `name`
  Recover = 4,  ///< send everything that is held, and every exit not acknowledged, then Recovered
  Forget = 5,   ///< the exit of `pid` is dealt with
  Sync = 6,     ///< answer with Synced once everything said before is done; `pid` is the asker's number
  // keeper to supervisor
  Held = 16,       ///< with a descriptor: it is held under `name`
  Exited = 17,     ///< process `pid` ended: `status` as of waitpid, `time` in ns since 1970
  Synced = 19,     ///< everything said before Sync number `pid` is done
  Recovered = 18,  ///< answer to Recover is complete; `status`: supervisors that died before this one
};

struct Message {
  static constexpr std::size_t kMaxName = 160;

  Kind kind = Kind::Put;
  std::int32_t pid = 0;
  std::int32_t status = 0;
  std::int64_t time = 0;
  std::array<char, kMaxName> name_bytes{};
  std::size_t name_size = 0;

  [[nodiscard]] std::string_view name() const { return {name_bytes.data(), name_size}; }
  /// False, and unchanged, when it is too long.
  bool set_name(std::string_view text) {
    if (text.size() > kMaxName) return false;
    std::copy(text.begin(), text.end(), name_bytes.begin());
    name_size = text.size();
    return true;
  }
};

inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kHeaderBytes = 20;  ///< version, kind, name size, zero, pid, status, time
inline constexpr std::size_t kMaxPacket = kHeaderBytes + Message::kMaxName;

[[nodiscard]] constexpr bool carries_descriptor(Kind kind) {
  return kind == Kind::Put || kind == Kind::Held;
}

/// Both ends run on one machine, so numbers are in its byte order. Returns the size of the packet.
inline std::size_t encode(const Message& message, std::span<std::byte, kMaxPacket> out) {
  out[0] = std::byte{kProtocolVersion};
  out[1] = static_cast<std::byte>(message.kind);
  out[2] = static_cast<std::byte>(message.name_size);
  out[3] = std::byte{0};
  std::memcpy(&out[4], &message.pid, 4);
  std::memcpy(&out[8], &message.status, 4);
  std::memcpy(&out[12], &message.time, 8);
  std::memcpy(&out[kHeaderBytes], message.name_bytes.data(), message.name_size);
  return kHeaderBytes + message.name_size;
}

/// nullopt for anything encode() does not make.
inline std::optional<Message> decode(std::span<const std::byte> packet) {
  if (packet.size() < kHeaderBytes || packet[0] != std::byte{kProtocolVersion} || packet[3] != std::byte{0})
    return std::nullopt;
  Message message;
  const auto kind = static_cast<Kind>(packet[1]);
  switch (kind) {
    case Kind::Put:
    case Kind::Drop:
    case Kind::DropAll:
    case Kind::Recover:
    case Kind::Forget:
    case Kind::Sync:
    case Kind::Synced:
    case Kind::Held:
    case Kind::Exited:
    case Kind::Recovered:
      message.kind = kind;
      break;
    default:
      return std::nullopt;
  }
  message.name_size = static_cast<std::size_t>(packet[2]);
  if (message.name_size > Message::kMaxName || packet.size() != kHeaderBytes + message.name_size) return std::nullopt;
  std::memcpy(&message.pid, &packet[4], 4);
  std::memcpy(&message.status, &packet[8], 4);
  std::memcpy(&message.time, &packet[12], 8);
  std::memcpy(message.name_bytes.data(), packet.data() + kHeaderBytes, message.name_size);
  return message;
}

/// The exit status with which a supervisor says that starting another one cannot help; 0 says that the work is done.
inline constexpr int kExitDoNotRestart = 78;
/// Environment of a supervisor: the number of its end of the socket pair, and (the first one) of the pipe on which
/// whoever started the keeper waits.
inline constexpr const char* kSocketVariable = "DAVIT_KEEPER_FD";
inline constexpr const char* kReadyVariable = "DAVIT_READY_FD";

}  // namespace davit::keeper
