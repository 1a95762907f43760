#include "build_flags.hpp"

#include <charconv>
#include <optional>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::cli {
namespace {

[[noreturn]] void refuse(std::string message, std::string hint) {
  throw Error(Diagnostic::error("usage", std::move(message)).with_hint(std::move(hint)));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

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

SecretFlag parse_secret(const std::string& text) {
  constexpr const char* kHint = "write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE";
  SecretFlag secret;
  std::string type;
  for (const std::string& field : split(text, ',')) {
    const std::size_t equals = field.find('=');
    const std::string key = field.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (key == "id") {
      secret.id = value;
    } else if (key == "src" || key == "source") {
      secret.file = value;
    } else if (key == "env") {
      secret.variable = value;
    } else if (key == "type" && (value == "file" || value == "env")) {
      type = value;
    } else {
      refuse("secret '" + text + "' has an unknown part '" + field + "'", kHint);
    }
  }
  if (secret.id.empty()) refuse("secret '" + text + "' needs 'id'", kHint);
  if (!secret.file.empty() && !secret.variable.empty())
    refuse("secret '" + text + "' has both a file and a variable", kHint);
  if (type == "env" && secret.variable.empty()) std::swap(secret.variable, secret.file);
  if (secret.file.empty() && secret.variable.empty()) secret.variable = secret.id;
  return secret;
}

build::RunNetworkMode parse_run_network(const std::string& text) {
  if (text.empty() || text == "default") return build::RunNetworkMode::Sandbox;
  if (text == "none") return build::RunNetworkMode::None;
  if (text == "host") return build::RunNetworkMode::Host;
  throw Error(Diagnostic::error("build-network",
                                "network '" + text + "' cannot be used in a build: it can be default, none or host"));
}

build::HostNetwork parse_allowed(const std::vector<std::string>& names) {
  auto allowed = build::HostNetwork::Refused;
  for (const std::string& name : names) {
    if (name == "network.host") {
      allowed = build::HostNetwork::Allowed;
      continue;
    }
    auto problem =
        Diagnostic::error("entitlement", "'" + name + "' cannot be granted to a build: davit knows 'network.host'");
    if (nearest(name, {"network.host"})) problem.with_hint("did you mean 'network.host'?");
    throw Error(std::move(problem));
  }
  return allowed;
}

std::pair<std::string, std::string> parse_added_host(const std::string& text) {
  const std::size_t at = text.find_first_of("=:");
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    refuse("'" + text + "' is not a host and its address", "write --add-host NAME:ADDRESS, such as db:10.0.0.7");
  std::string address = text.substr(at + 1);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  return {text.substr(0, at), address};
}

engine::Ulimit parse_ulimit(const std::string& text) {
  const std::size_t equals = text.find('=');
  const auto limits = equals == std::string::npos ? std::vector<std::string>{} : split(text.substr(equals + 1), ':');
  const auto soft = limits.empty() ? std::nullopt : number(limits.front());
  const auto hard = limits.empty() ? std::nullopt : number(limits.back());
  if (!soft || !hard || equals == 0 || limits.size() > 2)
    refuse("'" + text + "' is not a limit", "write --ulimit NAME=SOFT[:HARD], such as nofile=1024:2048");
  return {text.substr(0, equals), *soft, *hard};
}

std::string check_summary(std::size_t findings) {
  if (findings == 0) return "Check complete, no warnings found.";
  return "Check complete, " + counted(findings, "warning") + (findings == 1 ? " has" : " have") + " been found!";
}

}  // namespace davit::cli
