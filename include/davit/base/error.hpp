#pragma once
// A broken expectation on its way up: thrown where it is found, given one line of context by each layer that knows
// something, caught only by a task group, by the command line, and by tests. Expected outcomes are values, not errors.

#include <exception>
#include <string>
#include <utility>

#include "davit/base/diagnostic.hpp"

namespace davit {

class Error : public std::exception {
 public:
  explicit Error(Diagnostic diagnostic);
  explicit Error(std::string message);

  [[nodiscard]] const Diagnostic& diagnostic() const { return diagnostic_; }
  [[nodiscard]] const char* what() const noexcept override { return diagnostic_.message.c_str(); }

  /// Adds what a layer was doing, such as "while starting service 'api'", as a note.
  Error& context(std::string doing);
  /// Says what of the request it is about, unless that is known; see Diagnostic::Subject.
  Error& about(std::string attribute, std::string item = {});
  /// Sets the exit code of the command (docker compose's: 1 unless the command says otherwise).
  Error& exit_code(int code);
  [[nodiscard]] int exit_code() const { return exit_code_; }
  /// The errno value it was thrown for, which throw_system_error() adds; else 0.
  Error& error_number(int number);
  [[nodiscard]] int error_number() const { return error_number_; }

 private:
  Diagnostic diagnostic_;
  int exit_code_ = 1;
  int error_number_ = 0;
};

/// Does the work; an Error that it throws is about this attribute and item, unless it says otherwise itself.
template <class Work>
decltype(auto) concerning(const char* attribute, const std::string& item, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    error.about(attribute, item);
    throw;
  }
}

/// Throws an Error "cannot <operation> '<object>': <errno text>". `error_number` is an errno value.
[[noreturn]] void throw_system_error(std::string_view operation, std::string_view object, int error_number);

/// The text of an errno value, lower case, such as "no space left on device".
[[nodiscard]] std::string system_error_text(int error_number);

}  // namespace davit
