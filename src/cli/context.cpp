#include "context.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "davit/lint/output.hpp"

extern char** environ;  // POSIX: not declared by every libc header

namespace davit::cli {
namespace {

constexpr std::size_t kMostMessages = 200;  ///< that a person is shown at once

}  // namespace

std::optional<std::string> Context::env(const std::string& name) const {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  return found->second;
}

bool Context::colour() const {
  return colour_on(stderr_is_terminal);
}
bool Context::colour_on_stdout() const {
  return colour_on(stdout_is_terminal);
}

bool Context::colour_on(bool is_terminal) const {
  if (global.ansi == "never") return false;
  if (global.ansi == "always") return true;
  return is_terminal && env("NO_COLOR").value_or("").empty() && env("TERM").value_or("") != "dumb";
}

std::string Context::data_root() const {
  if (!global.data_root.empty()) return std::filesystem::absolute(global.data_root);
  if (const auto set = env("DAVIT_DATA_ROOT"); set && !set->empty()) return *set;
  if (::geteuid() == 0) return "/var/lib/davit";
  if (const auto xdg = env("XDG_DATA_HOME"); xdg && !xdg->empty()) return *xdg + "/davit";
  return env("HOME").value_or("/tmp") + "/.local/share/davit";
}

std::string Context::run_root() const {
  if (!global.run_root.empty()) return std::filesystem::absolute(global.run_root);
  if (const auto set = env("DAVIT_RUN_ROOT"); set && !set->empty()) return *set;
  if (::geteuid() == 0) return "/run/davit";
  if (const auto xdg = env("XDG_RUNTIME_DIR"); xdg && !xdg->empty()) return *xdg + "/davit";
  return "/tmp/davit-" + std::to_string(::geteuid());
}

std::string Context::davit() const {
  return std::filesystem::path(executable).filename() == "davit" ? executable : std::string();
}

Context process_context(const char* argv0) {
  Context context;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos) context.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::error_code error;
  context.cwd = std::filesystem::current_path(error).string();
  // The shell's idea of the folder keeps symbolic links as the user typed them; trust it only if it is the same folder.
  if (const auto pwd = context.env("PWD"); pwd && std::filesystem::equivalent(*pwd, context.cwd, error))
    context.cwd = *pwd;
  context.executable = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) context.executable = std::filesystem::absolute(argv0).string();
  context.stdin_is_terminal = ::isatty(STDIN_FILENO) == 1;
  context.stdout_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  context.stderr_is_terminal = ::isatty(STDERR_FILENO) == 1;
  return context;
}

void print(const Context& context, const Diagnostic& diagnostic, const SourceLookup& sources) {
  if (context.messages == Messages::Json) {
    std::fputs((lint::message_as_json(diagnostic) + "\n").c_str(), stderr);
    return;
  }
  const SourceLookup from_disk = [&](const std::string& file) -> std::optional<std::string> {
    if (sources) {
      if (auto text = sources(file)) return text;
    }
    if (const auto found = context.texts->find(file); found != context.texts->end()) return found->second;
    auto text = context.files.read(file, 16U << 20U);
    if (!text) return std::nullopt;
    return *std::move(text);
  };
  const std::string text = render(diagnostic, from_disk, {.colour = context.colour()});
  if (context.write_above_display) return context.write_above_display(text, stderr);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void print(const Context& context, const Diagnostics& diagnostics, const SourceLookup& sources) {
  std::size_t left = context.messages == Messages::Json ? diagnostics.items().size() : kMostMessages;
  for (const auto& diagnostic : diagnostics.items()) {
    if (left-- == 0) break;
    print(context, diagnostic, sources);
  }
  const std::size_t all = diagnostics.items().size();
  if (context.messages != Messages::Json && all > kMostMessages)
    std::fprintf(stderr, "and %zu more messages; '--format json', where a command has it, shows all\n",
                 all - kMostMessages);
}

}  // namespace davit::cli
