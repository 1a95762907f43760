#pragma once
// DNS messages (RFC 1035, RFC 6891): queries are parsed with full validation, answers are written into a caller's
// buffer. Pure, and without allocation on the way of a query.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "davit/network/address.hpp"

namespace davit::dns {

enum class Type : std::uint16_t {
  A = 1,
  Ns = 2,
  Cname = 5,
  Soa = 6,
  Ptr = 12,
  Mx = 15,
  Txt = 16,
  Aaaa = 28,
  Srv = 33,
  Opt = 41,
  Any = 255
};
enum class Rcode : std::uint8_t {
  NoError = 0,
  FormatError = 1,
  ServerFailure = 2,
  NameError = 3,
  NotImplemented = 4,
  Refused = 5
};

inline constexpr std::size_t kMaxName = 255;  ///< bytes on the wire (RFC 1035, 2.3.4)
inline constexpr std::size_t kMaxLabel = 63;
inline constexpr std::size_t kPlainUdpSize = 512;  ///< without EDNS0
inline constexpr std::size_t kMaxUdpSize = 4096;   ///< the most we send or take over UDP
inline constexpr std::size_t kMaxMessage = 65535;

/// A query with one question.
struct Query {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::uint16_t type = 0;
  std::uint16_t qclass = 0;
  std::size_t question_end = 0;  ///< offset behind the question in the message; it starts at 12
  /// What the asker can take over UDP: 512 without EDNS0, else what it says, at least 512 (RFC 6891, 6.2.3).
  std::uint16_t udp_size = kPlainUdpSize;
  bool edns = false;
  bool dnssec_ok = false;

  /// The name in lower case without the last dot; empty for the root. A dot inside of a label becomes a zero byte.
  [[nodiscard]] std::string_view name() const { return {name_.data(), name_size_}; }

  std::array<char, kMaxName + 1> name_;  // not initialised: half of the cost of a query otherwise
  std::size_t name_size_ = 0;
};

/// Why a packet is no query to answer.
enum class ParseProblem : std::uint8_t {
  Ignore,          ///< too short for a header, or an answer: say nothing
  Malformed,       ///< answer FORMERR
  NotImplemented,  ///< another operation than QUERY: answer NOTIMP
};

/// Reads a query. Never reads outside of `packet`, and takes no name longer than 255 bytes, no compression in the
/// question (there is nothing before it to point at), no second OPT record and no trailing bytes.
[[nodiscard]] std::optional<ParseProblem> parse_query(std::span<const std::uint8_t> packet, Query& query);

/// Writes answers to one query.
class AnswerWriter {
 public:
  /// `buffer` must hold at least kPlainUdpSize bytes. `limit` is the most the answer may take; what does not fit is
  /// left out and the TC bit is set. Copies the header's id, the question, and the spelling of the name from `packet`.
  AnswerWriter(std::span<const std::uint8_t> packet, const Query& query, std::span<std::uint8_t> buffer,
               std::size_t limit);

  void add_address(const network::IpAddress& address, std::uint32_t ttl);
  void add_ptr(std::string_view name, std::uint32_t ttl);
  /// Completes the message (counts, flags, OPT) and returns its size.
  [[nodiscard]] std::size_t finish(Rcode rcode);

 private:
  bool begin_record(Type type, std::uint32_t ttl, std::size_t data_size);
  void put16(std::size_t value);

  std::span<std::uint8_t> buffer_;
  std::size_t limit_;
  std::size_t size_ = 0;
  std::uint16_t answers_ = 0;
  bool truncated_ = false;
  bool edns_;
  bool recursion_desired_;
};

/// An answer without records to a packet that was no query (FORMERR, NOTIMP). Returns its size: 12, or 0 when the
/// packet has no header.
[[nodiscard]] std::size_t write_error(std::span<const std::uint8_t> packet, std::span<std::uint8_t> buffer,
                                      Rcode rcode);

/// Cuts an answer for a client that takes at most `limit` bytes: header and question stay, TC is set. Returns the new
/// size; a message that fits, or that has no readable question, is left as it is.
[[nodiscard]] std::size_t truncate(std::span<std::uint8_t> message, std::size_t limit);

/// Encodes a query, for tests and for checking an upstream. Throws Error when the name is no domain name.
[[nodiscard]] std::string make_query(std::uint16_t id, std::string_view name, Type type,
                                     std::optional<std::uint16_t> edns_size = {});

/// An answer, read for tests and diagnostics: addresses, names and the code.
struct Answer {
  std::uint16_t id = 0;
  Rcode rcode = Rcode::NoError;
  bool truncated = false;
  bool authoritative = false;
  std::vector<network::IpAddress> addresses;
  std::vector<std::string> names;  ///< of PTR and CNAME records
};
/// nullopt when it is malformed. Follows compression pointers only backwards.
[[nodiscard]] std::optional<Answer> parse_answer(std::span<const std::uint8_t> packet);

/// Whether `answer` is an answer to the question of `query`: id, QR bit and question are the same (case does not
/// count).
[[nodiscard]] bool answers(std::span<const std::uint8_t> answer, std::span<const std::uint8_t> query);

/// The address a reverse name asks for: "4.3.2.1.in-addr.arpa", "….ip6.arpa" with 32 nibbles. Lower case.
[[nodiscard]] std::optional<network::IpAddress> parse_reverse_name(std::string_view name);

}  // namespace davit::dns
