#pragma once
// The system calls a container may make, as data. Private to the room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/container/host.hpp"

namespace davit::container {

/// A test of one argument of a call.
struct ArgumentTest {
  enum class Op { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, MaskedEqual };
  unsigned index = 0;
  Op op = Op::Equal;
  std::uint64_t value = 0;   ///< MaskedEqual: the mask
  std::uint64_t value2 = 0;  ///< MaskedEqual: what must be left
};

struct CallAction {
  enum class Kind { Allow, Fail, Log, Trap, KillThread, KillProcess };
  Kind kind = Kind::Allow;
  int error = 0;  ///< Fail: the errno value
  friend bool operator==(const CallAction&, const CallAction&) = default;
};

struct CallRule {
  std::vector<std::string> names;
  CallAction action;
  std::vector<ArgumentTest> tests;  ///< all must hold
};

struct CallPolicy {
  CallAction otherwise{CallAction::Kind::Fail, 1};  ///< for calls without a rule: EPERM
  std::vector<std::string> architectures;           ///< the runtime-spec's names, native first
  std::vector<CallRule> rules;
};

/// The default policy for a container with these capabilities. What it allows and refuses follows Docker's default
/// profile, so that an image behaves as it does there; names and grouping are ours.
[[nodiscard]] CallPolicy default_policy(const std::vector<std::string>& capabilities, const HostFacts& host);

/// A profile in Docker's JSON format, or the runtime-spec's (a subset of it), with its conditions evaluated for these
/// capabilities and this host. Throws Error naming the profile for anything it cannot honour.
[[nodiscard]] CallPolicy read_policy(const std::string& json_text, const std::string& file,
                                     const std::vector<std::string>& capabilities, const HostFacts& host);

/// "SCMP_ARCH_X86_64" and its 32-bit companions for "amd64".
[[nodiscard]] std::vector<std::string> policy_architectures(const std::string& go_arch);

}  // namespace davit::container
