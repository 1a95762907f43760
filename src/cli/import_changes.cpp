#include "import_changes.hpp"

#include <map>
#include <optional>
#include <variant>

#include "davit/base/error.hpp"
#include "davit/dockerfile/expand.hpp"
#include "davit/dockerfile/parser.hpp"

namespace davit::cli {
namespace {

namespace df = davit::dockerfile;
namespace change = davit::image::change;
using image::ConfigChange;

image::CommandLine command_line(const df::Command& command) {
  if (command.form == df::Command::Form::Exec) return {image::CommandLine::Form::Exec, command.args};
  return {image::CommandLine::Form::Shell, {command.line}};
}

std::optional<std::chrono::nanoseconds> given(std::chrono::nanoseconds duration) {
  if (duration.count() == 0) return std::nullopt;
  return duration;
}

/// Turns one instruction into a change, and keeps the variables it sets for the next ones.
class ChangeReader {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;
  /// `variables` are those of earlier changes.
  ChangeReader(std::string keyword, const Variables& variables) : keyword_(std::move(keyword)), variables_(variables) {}

  ConfigChange operator()(const df::Cmd& i) const { return change::Cmd{command_line(i.command)}; }
  ConfigChange operator()(const df::Entrypoint& i) const { return change::Entrypoint{command_line(i.command)}; }
  ConfigChange operator()(const df::Env& i) const {
    change::Env env;
    for (const df::KeyValue& pair : i.pairs) env.variables.emplace_back(text_of(pair.key), text_of(pair.value));
    return env;
  }
  ConfigChange operator()(const df::Label& i) const {
    change::Label label;
    for (const df::KeyValue& pair : i.pairs) label.labels.emplace_back(text_of(pair.key), text_of(pair.value));
    return label;
  }
  ConfigChange operator()(const df::Expose& i) const {
    change::Expose expose;
    for (const df::Word& port : i.ports) {
      auto words = df::expand_to_words(port.text, lookup());
      if (!words) refuse(port, words.error());
      expose.ports.insert(expose.ports.end(), words->begin(), words->end());
    }
    return expose;
  }
  ConfigChange operator()(const df::User& i) const { return change::User{text_of(i.name)}; }
  ConfigChange operator()(const df::Volume& i) const {
    change::Volume volume;
    for (const df::Word& path : i.paths) volume.paths.push_back(text_of(path));
    return volume;
  }
  ConfigChange operator()(const df::Workdir& i) const { return change::WorkingDir{text_of(i.path)}; }
  ConfigChange operator()(const df::StopSignal& i) const { return change::StopSignal{text_of(i.signal)}; }
  ConfigChange operator()(const df::HealthCheck& i) const {
    image::Healthcheck check{
        i.test, given(i.interval), given(i.timeout), given(i.start_period), given(i.start_interval), {}};
    if (i.retries != 0) check.retries = i.retries;
    return change::SetHealthcheck{std::move(check)};
  }
  ConfigChange operator()(const df::OnBuild& i) const { return change::OnBuild{i.text}; }
  template <class Other>
  ConfigChange operator()(const Other&) const {
    throw Error(Diagnostic::error("bad-change", "--change cannot do '" + keyword_ + "'")
                    .with_hint("it takes CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, "
                               "VOLUME, WORKDIR"));
  }

 private:
  [[nodiscard]] df::Lookup lookup() const {
    return [this](std::string_view name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::optional<std::string>() : found->second;
    };
  }
  [[noreturn]] static void refuse(const df::Word& word, const df::ExpandError& error) {
    throw Error(Diagnostic::error("bad-change", error.message, word.where));
  }
  [[nodiscard]] std::string text_of(const df::Word& word) const {
    auto expanded = df::expand(word.text, lookup());
    if (!expanded) refuse(word, expanded.error());
    return expanded->text;
  }

  std::string keyword_;
  const Variables& variables_;
};

}  // namespace

std::vector<ConfigChange> parse_changes(const std::vector<std::string>& instructions) {
  std::vector<ConfigChange> changes;
  ChangeReader::Variables variables;
  for (const std::string& text : instructions) {
    auto parsed = df::parse_trigger(text, "--change");
    if (!parsed) throw Error(parsed.error().items().front());
    changes.push_back(std::visit(ChangeReader(parsed->keyword, variables), parsed->body));
    if (const auto* env = std::get_if<change::Env>(&changes.back()))
      for (const auto& [name, value] : env->variables) variables.insert_or_assign(name, value);
  }
  return changes;
}

}  // namespace davit::cli
