#include "build/identity.hpp"

#include <sys/stat.h>

#include <charconv>
#include <string_view>

#include "build/step_error.hpp"
#include "davit/base/error.hpp"
#include "davit/base/text.hpp"

namespace davit::build {
namespace {

/// Takes "ugo" or "a" off the front of a clause: the bits of the mode it speaks of. Nobody named is all.
mode_t take_who(std::string_view& clause) {
  mode_t who = 0;
  for (; !clause.empty(); clause.remove_prefix(1)) {
    const char c = clause.front();
    if (c == 'u')
      who |= 04700U;
    else if (c == 'g')
      who |= 02070U;
    else if (c == 'o')
      who |= 01007U;
    else if (c == 'a')
      who |= 07777U;
    else
      break;
  }
  return who == 0 ? 07777U : who;
}

/// What the class at these bits may do, for all.
mode_t copied(mode_t mode, unsigned shift) {
  return (mode >> shift & 07U) * 0111U;
}

/// The bits of one of "rwxXst" or "ugo", for all; nullopt for another letter.
std::optional<mode_t> bits_of(char letter, mode_t mode) {
  switch (letter) {
    case 'r':
      return 0444U;
    case 'w':
      return 0222U;
    case 'x':
      return 0111U;
    case 'X':
      return S_ISDIR(mode) || (mode & 0111U) != 0 ? 0111U : 0U;
    case 's':
      return 06000U;
    case 't':
      return 01000U;
    case 'u':
      return copied(mode, 6);
    case 'g':
      return copied(mode, 3);
    case 'o':
      return copied(mode, 0);
    default:
      return std::nullopt;
  }
}

/// The mode (with its type) after a clause such as "u=rw+X"; nullopt when it is none.
std::optional<mode_t> applied(std::string_view clause, mode_t mode) {
  const mode_t who = take_who(clause);
  if (clause.empty()) return std::nullopt;
  while (!clause.empty()) {
    const char operation = clause.front();
    if (operation != '+' && operation != '-' && operation != '=') return std::nullopt;
    clause.remove_prefix(1);
    mode_t bits = 0;
    for (; !clause.empty() && std::string_view("+-=").find(clause.front()) == std::string_view::npos;
         clause.remove_prefix(1)) {
      const auto more = bits_of(clause.front(), mode);
      if (!more) return std::nullopt;
      bits |= *more;
    }
    bits &= who;
    if (operation == '+') mode |= bits;
    if (operation == '-') mode &= ~bits;
    // A folder keeps its setuid, setgid and sticky bits, as with chmod(1).
    if (operation == '=') mode = (mode & ~(who & (S_ISDIR(mode) ? 0777U : 07777U))) | bits;
  }
  return mode;
}

}  // namespace

container::ResolvedUser find_identity(const Root& root, const std::string& user, const Span& where) {
  try {
    return container::resolve_user(user, {}, container::read_user_files(root.path()));
  } catch (const Error& error) {
    throw placed_at(error, where);
  }
}

std::pair<uid_t, gid_t> find_owner(const Root& root, const std::string& owner, const Span& where) {
  try {
    const container::Owner found = container::resolve_owner(owner, container::read_user_files(root.path()));
    return {found.uid, found.gid};
  } catch (const Error& error) {
    throw placed_at(error, where);
  }
}

ModeChange::ModeChange(std::string text, const Span& where) : text_(std::move(text)) {
  mode_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value, 8);
  if (error == std::errc{} && end == text_.data() + text_.size() && value <= 07777) fixed_ = value;
  if (fixed_ || symbolic(0)) return;
  throw Error(Diagnostic::error(
      "bad-chmod", "--chmod is '" + text_ + "'; it takes an octal number up to 7777, or letters such as 'u=rwX,go=rX'",
      where));
}

mode_t ModeChange::apply(mode_t mode) const {
  if (fixed_) return *fixed_;
  return symbolic(mode).value_or(mode) & 07777U;
}

std::optional<mode_t> ModeChange::symbolic(mode_t mode) const {
  std::optional<mode_t> changed = mode;
  for (const std::string_view clause : split(text_, ','))
    if (changed) changed = applied(clause, *changed);
  return changed;
}

}  // namespace davit::build
