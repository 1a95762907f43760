#include "davit/image/config_change.hpp"

#include <charconv>
#include <filesystem>

#include "davit/base/error.hpp"

namespace davit::image {
namespace {

std::vector<std::string> words_of(const CommandLine& command, const ImageConfig& config) {
  if (command.form == CommandLine::Form::Exec) return command.words;
  std::vector<std::string> words = config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : config.shell;
  words.insert(words.end(), command.words.begin(), command.words.end());
  return words;
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Diagnostic::error("bad-change", message));
}

int port_number(std::string_view text, const std::string& whole) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < 1 || value > 65535)
    refuse("'" + whole + "' is no port to expose: it must be like '80', '80/udp' or '8000-8010/tcp'");
  return value;
}

void expose(ImageConfig& config, const std::string& port) {
  const std::size_t slash = port.find('/');
  std::string protocol = slash == std::string::npos ? "tcp" : port.substr(slash + 1);
  for (char& c : protocol) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
    refuse("'" + port + "' is no port to expose: its protocol must be 'tcp', 'udp' or 'sctp'");
  const std::string_view numbers = std::string_view(port).substr(0, slash);
  const std::size_t dash = numbers.find('-');
  const int first = port_number(numbers.substr(0, dash), port);
  const int last = dash == std::string_view::npos ? first : port_number(numbers.substr(dash + 1), port);
  if (last < first) refuse("'" + port + "' is no port to expose: its range goes backwards");
  for (int number = first; number <= last; ++number)
    config.exposed_ports.insert(std::to_string(number) + "/" + protocol);
}

struct Applier {
  ImageConfig& config;

  void operator()(const change::Cmd& c) const { config.cmd = words_of(c.command, config); }
  void operator()(const change::Entrypoint& c) const {
    config.entrypoint = words_of(c.command, config);
    config.cmd.clear();
  }
  void operator()(const change::Env& c) const {
    for (const auto& [name, value] : c.variables) {
      if (name.empty()) refuse("a variable of ENV has no name");
      config.set_env(name, value);
    }
  }
  void operator()(const change::Expose& c) const {
    for (const std::string& port : c.ports) expose(config, port);
  }
  void operator()(const change::Label& c) const {
    for (const auto& [key, value] : c.labels) {
      if (key.empty()) refuse("a label has no name");
      config.labels[key] = value;
    }
  }
  void operator()(const change::User& c) const { config.user = c.user; }
  void operator()(const change::Volume& c) const {
    for (const std::string& path : c.paths) {
      if (path.empty()) refuse("a path of VOLUME is empty");
      config.volumes.insert(path);
    }
  }
  void operator()(const change::WorkingDir& c) const {
    if (c.path.empty()) refuse("the path of WORKDIR is empty");
    // operator/ of an absolute path replaces; lexically_normal drops '.' and '..'.
    std::filesystem::path path =
        (std::filesystem::path(config.working_dir.empty() ? "/" : config.working_dir) / c.path).lexically_normal();
    if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
    config.working_dir = path.string();
  }
  void operator()(const change::StopSignal& c) const {
    if (c.signal.empty()) refuse("the signal of STOPSIGNAL is empty");
    config.stop_signal = c.signal;
  }
  void operator()(const change::SetHealthcheck& c) const { config.healthcheck = c.healthcheck; }
  void operator()(const change::Shell& c) const { config.shell = c.words; }
  void operator()(const change::OnBuild& c) const { config.on_build.push_back(c.instruction); }
};

}  // namespace

Result<ImageConfig> apply(ImageConfig config, const ConfigChange& change) {
  try {
    std::visit(Applier{config}, change);
    return config;
  } catch (const Error& error) {
    return error.diagnostic();
  }
}

}  // namespace davit::image
