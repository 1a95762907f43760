#include "davit/base/error.hpp"

#include <cctype>
#include <cerrno>
#include <system_error>

namespace davit {

Error::Error(Diagnostic diagnostic) : diagnostic_(std::move(diagnostic)) {}

Error::Error(std::string message) : diagnostic_(Diagnostic::error({}, std::move(message))) {}

Error& Error::context(std::string doing) {
  diagnostic_.note(std::move(doing));
  return *this;
}

Error& Error::about(std::string attribute, std::string item) {
  diagnostic_.about(std::move(attribute), std::move(item));
  return *this;
}

Error& Error::exit_code(int code) {
  exit_code_ = code;
  return *this;
}

Error& Error::error_number(int number) {
  error_number_ = number;
  return *this;
}

std::string system_error_text(int error_number) {
  std::string text = std::generic_category().message(error_number);
  // "No such file" -> "no such file", but "RPC ..." stays.
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0)
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

void throw_system_error(std::string_view operation, std::string_view object, int error_number) {
  std::string message = "cannot ";
  message += operation;
  if (!object.empty()) {
    message += " '";
    message += object;
    message += '\'';
  }
  message += ": " + system_error_text(error_number);
  Diagnostic diagnostic = Diagnostic::error("system", std::move(message));
  if (error_number == EMFILE)
    diagnostic.with_hint(
        "allow more open files: 'ulimit -n 1024' in a shell, 'LimitNOFILE=' in a unit; a project that runs keeps the "
        "limit it was raised with until 'down'");
  throw Error(std::move(diagnostic)).error_number(error_number);
}

}  // namespace davit
