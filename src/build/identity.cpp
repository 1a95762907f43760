#include "build/identity.hpp"

#include <charconv>
#include <vector>

#include "build/step_error.hpp"
#include "davit/base/error.hpp"

namespace davit::build {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = text.find(separator);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
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
  if (fixed_ || symbolic(0, false)) return;
  throw Error(Diagnostic::error(
      "bad-chmod", "--chmod is '" + text_ + "'; it takes an octal number up to 7777, or letters such as 'u=rwX,go=rX'",
      where));
}

mode_t ModeChange::apply(mode_t mode, bool folder) const {
  if (fixed_) return *fixed_;
  return symbolic(mode & 07777U, folder).value_or(mode & 07777U);
}

std::optional<mode_t> ModeChange::symbolic(mode_t mode, bool folder) const {
  for (const std::string& clause : split(text_, ',')) {
    std::size_t at = 0;
    mode_t who = 0;
    for (; at < clause.size() && std::string_view("ugoa").find(clause[at]) != std::string_view::npos; ++at)
      who |= clause[at] == 'u' ? 04700U : clause[at] == 'g' ? 02070U : clause[at] == 'o' ? 01007U : 07777U;
    if (who == 0) who = 07777U;
    if (at == clause.size()) return std::nullopt;
    while (at < clause.size()) {
      const char operation = clause[at++];
      if (operation != '+' && operation != '-' && operation != '=') return std::nullopt;
      mode_t bits = 0;
      for (; at < clause.size() && std::string_view("+-=").find(clause[at]) == std::string_view::npos; ++at) {
        switch (clause[at]) {
          case 'r':
            bits |= 0444U;
            break;
          case 'w':
            bits |= 0222U;
            break;
          case 'x':
            bits |= 0111U;
            break;
          case 'X':
            bits |= folder || (mode & 0111U) != 0 ? 0111U : 0U;
            break;
          case 's':
            bits |= 06000U;
            break;
          case 't':
            bits |= 01000U;
            break;
          default:
            return std::nullopt;
        }
      }
      bits &= who;
      if (operation == '+') mode |= bits;
      if (operation == '-') mode &= ~bits;
      if (operation == '=') mode = (mode & ~(who & (folder ? 0777U : 07777U))) | bits;
    }
  }
  return mode;
}

}  // namespace davit::build
