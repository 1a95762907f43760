// What crun and runc say, in our words.

#include <algorithm>
#include <boost/json/parse.hpp>
#include <sstream>

#include "container/runtime_causes.hpp"
#include "davit/base/error.hpp"
#include "davit/container/oci_runtime.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

/// The messages of level error, one a line; a line that is not JSON counts as it is.
std::string messages_of(const std::string& log) {
  std::string out;
  std::istringstream in(log);
  for (std::string line; std::getline(in, line);) {
    boost::system::error_code error;
    const json::value entry = json::parse(line, error);
    std::string text = line;
    if (!error && entry.is_object()) {
      const json::value* level = entry.as_object().if_contains("level");
      const json::value* message = entry.as_object().if_contains("msg");
      if (message == nullptr || !message->is_string()) continue;
      if (level != nullptr && level->is_string() && level->as_string() != "error" && level->as_string() != "fatal")
        continue;
      text = std::string(message->as_string());
    }
    if (!text.empty()) out += (out.empty() ? "" : "; ") + text;
  }
  return out;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool contains(const std::string& text, std::initializer_list<const char*> any) {
  return std::any_of(any.begin(), any.end(), [&](const char* part) { return text.find(part) != std::string::npos; });
}

Error coded(const char* code, std::string message, int exit_code, const std::string& hint,
            const std::string& original) {
  Diagnostic problem = Diagnostic::error(code, std::move(message));
  problem.note("the container runtime says: " + original);
  if (!hint.empty()) problem.with_hint(hint);
  Error error(std::move(problem));
  error.exit_code(exit_code);
  return error;
}

}  // namespace

// Exit codes as docker's (moby daemon/start.go, setExitCodeFromError): 127 if there is no such command, 126 if it
// cannot be executed, else 128 there, 125 for the command line.
Error start_error(const std::string& log, const std::vector<std::string>& args, ProgramFile program) {
  const std::string original = messages_of(log);
  const std::string text = lower(original);
  const std::string name = args.empty() ? "" : args.front();
  if (contains(text, {"container does not exist", "is not running", "stopped container", "/status`: no such file"}))
    return coded("container-not-running", "the container is not running", 125, "", original);
  if (const auto cause = cause_of(original))
    return coded("container-start", cause->message, cause->exit_code, cause->hint, original)
        .about(cause->attribute, cause->item);
  const bool about_program = contains(text, {"executable", "exec:", "exec `", "exec user process"});
  const bool looked_up = name.find('/') == std::string::npos;  // crun speaks of PATH in either case
  if (about_program && looked_up && contains(text, {"not found in $path"}))
    return coded("command-not-found", "cannot run '" + name + "' in the container: not found in its PATH", 127,
                 "check 'command' and 'entrypoint', and that the image has the program", original)
        .about("command");
  if (about_program && contains(text, {"no such file or directory"}))
    return coded("command-not-found", "cannot run '" + name + "' in the container: no such file", 127,
                 "check 'command' and 'entrypoint'; a script also needs the interpreter of its first line", original)
        .about("command");
  if (about_program && program == ProgramFile::Folder)
    return coded("command-not-executable", "cannot run '" + name + "' in the container: it is a folder", 126,
                 "name a program of the image in 'command' or 'entrypoint'", original)
        .about("command");
  if (about_program &&
      contains(text, {"permission denied", "operation not permitted", "not a directory", "is a directory"}))
    return coded("command-not-executable", "cannot run '" + name + "' in the container: not an executable file", 126,
                 "check its mode, or name the interpreter: [\"sh\", \"" + name + "\"]", original)
        .about("command");
  if (about_program && contains(text, {"exec format error"}))
    return coded("command-not-executable", "cannot run '" + name + "' in the container: not a program for this machine",
                 126, "the image may be for another architecture, or a script may lack its '#!' line", original)
        .about("command");
  const std::string said = original.empty() ? "the container runtime gave no reason" : original;
  Error error(Diagnostic::error("container-start", "cannot start the container: " + said));
  error.exit_code(125);
  return error;
}

}  // namespace davit::container
