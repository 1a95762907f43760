#include "davit/container/exec_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <sstream>

#include "davit/container/rootfs.hpp"

namespace davit::container {
namespace {

enum class Found { Nothing, Folder, PlainFile, Other, CannotTell };

Found look(const Root& root, const std::string& path) {
  const Fd fd = root.open(path, O_PATH);
  if (!fd) return errno == ENOENT || errno == ENOTDIR ? Found::Nothing : Found::CannotTell;
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return Found::CannotTell;
  if (S_ISDIR(info.st_mode)) return Found::Folder;
  return S_ISREG(info.st_mode) && (info.st_mode & 0111U) == 0 ? Found::PlainFile : Found::Other;
}

/// What is below /proc looks different from outside.
bool is_of_proc(const std::string& path) {
  return path == "/proc" || path.starts_with("/proc/");
}

std::string absolute(const std::string& path, const std::string& folder) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

Error mistake(const char* attribute, const char* code, std::string message, int exit_code, const char* hint) {
  Error error(Diagnostic::error(code, std::move(message)).with_hint(hint).about(attribute));
  error.exit_code(exit_code);
  return error;
}

std::optional<Error> folder_mistake(const Root& root, const std::string& folder) {
  const std::string message = "cannot change to the folder '" + folder + "' in the container: ";
  if (!folder.starts_with('/'))
    return mistake("working_dir", "relative-folder", message + "it must be an absolute path", 128, "begin it with '/'");
  if (is_of_proc(folder)) return std::nullopt;
  const Found found = look(root, folder);
  if (found == Found::Folder || found == Found::CannotTell) return std::nullopt;
  return mistake("working_dir", "no-such-folder",
                 message + (found == Found::Nothing ? "no such file or directory" : "not a directory"), 127,
                 "name a folder that is there");
}

std::optional<Error> path_mistake(const Root& root, const std::string& name, const std::string& path) {
  if (is_of_proc(path)) return std::nullopt;
  const Found found = look(root, path);
  if (found == Found::Nothing)
    return mistake("command", "command-not-found", "cannot run '" + name + "' in the container: no such file", 127,
                   "name a program that is there");
  if (found == Found::Folder)
    return mistake("command", "command-not-executable", "cannot run '" + name + "' in the container: it is a folder",
                   126, "name a program");
  if (found == Found::PlainFile)
    return mistake("command", "command-not-executable",
                   "cannot run '" + name + "' in the container: not an executable file", 126,
                   "check its mode, or name the interpreter, such as sh");
  return std::nullopt;
}

std::optional<Error> name_mistake(const Root& root, const std::string& name, const ProgramWish& wish) {
  std::istringstream folders(wish.path_variable);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string path = absolute(folder + "/" + name, wish.working_dir);
    if (is_of_proc(path)) return std::nullopt;
    const Found found = look(root, path);
    if (found != Found::Nothing && found != Found::Folder) return std::nullopt;
  }
  return mistake("command", "command-not-found", "cannot run '" + name + "' in the container: not found in its PATH",
                 127, "name a program of the image, or its whole path");
}

}  // namespace

std::optional<Error> exec_mistake(const std::string& root, const ProgramWish& wish) {
  if (wish.args.empty() || wish.args.front().empty()) return std::nullopt;
  try {
    const Root inside(root);
    if (auto found = folder_mistake(inside, wish.working_dir)) return found;
    const std::string& name = wish.args.front();
    if (name.find('/') != std::string::npos) return path_mistake(inside, name, absolute(name, wish.working_dir));
    return name_mistake(inside, name, wish);
  } catch (const Error&) {
    return std::nullopt;  // it has just ended: whoever runs the program will see
  }
}

}  // namespace davit::container
