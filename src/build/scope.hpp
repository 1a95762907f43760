#pragma once
// Variables of a Dockerfile: global ARGs, and ARG and ENV within a stage.

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/dockerfile/expand.hpp"
#include "davit/dockerfile/instruction.hpp"

namespace davit::build {

/// Thrown inside the planner, when a stage cannot be planned further.
struct PlanMistake {
  Diagnostic diagnostic;
};

[[noreturn]] void fail(std::string code, std::string message, const Span& where);

using Arguments = std::map<std::string, std::string>;

/// Arguments before the first FROM, and the automatic ones (TARGETPLATFORM, …). Only FROM lines see all of them; a
/// stage takes them by name.
class GlobalScope {
 public:
  GlobalScope(const dockerfile::Dockerfile& file, const Arguments& given, const std::string& target_stage);

  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] const Arguments& given() const { return given_; }
  [[nodiscard]] bool declared(const std::string& name) const { return declared_.contains(name); }
  [[nodiscard]] const std::map<std::string, Span>& declared() const { return declared_; }
  [[nodiscard]] char escape() const { return escape_; }

 private:
  const Arguments& given_;
  char escape_;
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, Span> declared_;
};

/// The variables at one point of a stage. ENV wins over ARG of the same name (reference.md "Using ARG variables").
class StageScope {
 public:
  StageScope(const GlobalScope& global, std::vector<Diagnostic>& warnings) : global_(&global), warnings_(&warnings) {}

  void declare(const dockerfile::Arg& arg, std::set<std::string>& consumed);
  void set_env(const std::string& name, const std::string& value) { env_[name] = value; }

  /// Expands a word; a mistake points at it, a name without value is a warning.
  [[nodiscard]] std::string expand(const dockerfile::Word& word) const;
  [[nodiscard]] std::string expand_text(std::string_view text, const Span& where, char escape,
                                        dockerfile::Quotes quotes) const;
  [[nodiscard]] std::vector<std::string> expand_to_words(const dockerfile::Word& word) const;

  /// Declared arguments that have a value, in order of declaration: what RUN sees beside ENV.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& arguments() const { return arguments_; }
  [[nodiscard]] bool has_env(const std::string& name) const { return env_.contains(name); }
  [[nodiscard]] bool declares(const std::string& name) const { return declared_.contains(name); }
  [[nodiscard]] const GlobalScope& global() const { return *global_; }

 private:
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  void warn_unset(const std::vector<std::string>& names, const Span& where) const;

  const GlobalScope* global_;
  std::vector<Diagnostic>* warnings_;
  std::map<std::string, std::string, std::less<>> env_;
  std::set<std::string, std::less<>> declared_;
  std::vector<std::pair<std::string, std::string>> arguments_;
};

/// A name in upper and in lower case.
[[nodiscard]] std::array<std::string, 2> spellings(const std::string& name);

/// HTTP_PROXY and its kin, in any case: accepted as --build-arg without a declaration.
[[nodiscard]] bool is_proxy_argument(const std::string& name);

}  // namespace davit::build
