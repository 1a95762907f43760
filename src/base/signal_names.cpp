#include "davit/base/signal_names.hpp"

#include <signal.h>

#include <charconv>
#include <cstring>

namespace davit {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> in_range(int signal) {
  if (signal < 1 || signal > SIGRTMAX) return std::nullopt;
  return signal;
}

std::optional<int> parse_real_time(std::string_view name) {
  if (name == "RTMIN") return SIGRTMIN;
  if (name == "RTMAX") return SIGRTMAX;
  if (name.starts_with("RTMIN+"))
    if (const auto n = number(name.substr(6)); n && *n >= 0) return in_range(SIGRTMIN + *n);
  if (name.starts_with("RTMAX-"))
    if (const auto n = number(name.substr(6)); n && *n >= 0 && SIGRTMAX - *n >= SIGRTMIN) return SIGRTMAX - *n;
  return std::nullopt;
}

}  // namespace

std::optional<int> parse_signal(std::string_view name) {
  if (const auto n = number(name)) return in_range(*n);
  const std::string full = upper(name);
  std::string_view bare = full;
  if (bare.starts_with("SIG")) bare.remove_prefix(3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation != nullptr && bare == abbreviation) return signal;
  }
  if (bare == "CLD") return SIGCHLD;
  if (bare == "IOT") return SIGABRT;
  if (bare == "POLL") return SIGPOLL;
  return parse_real_time(bare);
}

std::string signal_name(int signal) {
  if (const char* abbreviation = signal > 0 && signal < NSIG ? ::sigabbrev_np(signal) : nullptr)
    return std::string("SIG") + abbreviation;
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
  return "signal " + std::to_string(signal);
}

}  // namespace davit
