#pragma once
// How what cannot be run is said. Private to the room.

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "davit/base/diagnostic.hpp"
#include "davit/model/project.hpp"

namespace davit::plan {

/// Collects the refusals of one object.
class Refusals final {
 public:
  explicit Refusals(std::string owner) : owner_(std::move(owner)) {}

  void add(const std::string& what, const Span& where, std::string hint = "") {
    Diagnostic diagnostic = Diagnostic::error("not-supported", fmt::format("{} {} is not supported yet", what, owner_),
                                              where.known() ? std::optional(where) : std::nullopt);
    if (!hint.empty()) diagnostic.with_hint(std::move(hint));
    out_.add(std::move(diagnostic));
  }
  void key(std::string_view name, const Span& where) { add(fmt::format("'{}' of", name), where); }
  void value(std::string_view name, std::string_view value, const Span& where, std::string hint = "") {
    add(fmt::format("'{}: {}' of", name, value), where, std::move(hint));
  }
  /// What Docker refuses, too, in its words.
  void conflict(std::string_view options, const Span& where) {
    refuse("conflicting-options", fmt::format("conflicting options of {}: {}", owner_, options), where);
  }
  void device_rule(const std::string& rule, const Span& where) {
    refuse("device-rule", fmt::format("invalid device cgroup rule format of {}: '{}'", owner_, rule), where,
           "write type, numbers and access: 'c 1:3 rwm'; '*' stands for every number");
  }
  void stop_signal(const std::string& name, const Span& where) {
    refuse("stop-signal", fmt::format("invalid stop signal of {}: '{}'", owner_, name), where,
           "write its name or number: SIGTERM, SIGINT, SIGRTMIN+3, 15");
  }
  void restart(std::string_view attribute, const model::RestartMistake& mistake) {
    refuse("restart", fmt::format("'{}' of {} {}", attribute, owner_, mistake.message), mistake.where);
  }
  /// A value that nothing can be done with: "'dns' of service 'a' must be …".
  void invalid(std::string_view name, std::string_view problem, const Span& where, std::string hint = "") {
    refuse("invalid-value", fmt::format("'{}' of {} {}", name, owner_, problem), where, std::move(hint));
  }
  [[nodiscard]] Diagnostics take() { return std::move(out_); }

 private:
  void refuse(const char* code, std::string message, const Span& where, std::string hint = "") {
    Diagnostic diagnostic =
        Diagnostic::error(code, std::move(message), where.known() ? std::optional(where) : std::nullopt);
    if (!hint.empty()) diagnostic.with_hint(std::move(hint));
    out_.add(std::move(diagnostic));
  }

  std::string owner_;
  Diagnostics out_;
};

/// Values that have the right shape for a file, and that no container can be given: Docker's daemon refuses them, too.
/// Its `config` does not, and so neither does ours.
void check_values(const model::Service& service, Refusals& out);

}  // namespace davit::plan
