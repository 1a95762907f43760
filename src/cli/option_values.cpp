#include "option_values.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "help.hpp"

namespace davit::cli {
namespace {

/// "-t, --timeout", or the name of a positional argument.
std::string shown(const CLI::Option& option) {
  std::string out;
  for (const auto& name : option.get_snames()) out += (out.empty() ? "-" : ", -") + name;
  for (const auto& name : option.get_lnames()) out += (out.empty() ? "--" : ", --") + name;
  return out.empty() ? option.get_name() : out;
}

std::string longest_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? shown(option) : "--" + option.get_lnames().front();
}

[[noreturn]] void refuse(const CLI::Option& option, const std::string& value, const std::string& why,
                         const std::string& hint) {
  const std::string place = option.get_positional() ? option.get_name() : "\"" + shown(option) + "\" flag";
  throw Error(
      Diagnostic::error("usage", "invalid argument \"" + value + "\" for " + place + ": " + why).with_hint(hint));
}

std::optional<std::int64_t> number_in(std::string_view text) {
  if (text.starts_with("+-")) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string bounds(const NumberRange& range) {
  return "from " + std::to_string(range.least) + " to " + std::to_string(range.most);
}

CLI::Option* option_of(const CLI::App& app, const std::string& name) {
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent())
    if (auto* const option = const_cast<CLI::App*>(at)->get_option_no_throw(name)) return option;
  return nullptr;
}

/// "error: --timeout: 1 required SECONDS missing" and its like begin with the option's name.
std::string first_word(const std::string& text) {
  return text.substr(0, text.find_first_of(": "));
}

}  // namespace

CLI::Option* one_of(CLI::Option* option, std::vector<std::string> allowed) {
  return option->check([option, allowed = std::move(allowed)](const std::string& value) -> std::string {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return {};
    const auto near = nearest(value, allowed);
    refuse(*option, value, "it can be " + join_names(allowed),
           near ? "did you mean '" + *near + "'?" : "such as '" + longest_name(*option) + " " + allowed.front() + "'");
  });
}

CLI::Option* whole_number(CLI::Option* option, NumberRange range, const std::string& example, const std::string& also) {
  return option->check([option, range, example, also](const std::string& value) -> std::string {
    if (!also.empty() && value == also) return {};
    const std::string hint =
        option->get_positional() ? "such as " + example : "such as '" + longest_name(*option) + " " + example + "'";
    const auto number = number_in(value);
    if (!number)
      refuse(*option, value,
             also.empty() ? "it is not a whole number" : "it is neither a whole number nor '" + also + "'", hint);
    if (*number < range.least || *number > range.most) refuse(*option, value, "it can be " + bounds(range), hint);
    return {};
  });
}

CLI::Option* seconds(CLI::Option* option) {
  constexpr std::int64_t kMost = 2'147'483'647;
  return whole_number(option, {-kMost, kMost}, "10");
}

void let_the_last_value_count(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (!option->get_positional() && option->get_items_expected_max() == 1) option->take_last();
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    let_the_last_value_count(*command);
}

Diagnostic parse_problem(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string name = first_word(text);
  const CLI::Option* const option = option_of(app, name);
  const std::string usage = "usage: " + synopsis_of(&app);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && name.starts_with("-")) {
    auto problem = Diagnostic::error("usage", "flag needs an argument: " + name);
    if (option != nullptr) problem.with_hint(name + " " + option->get_type_name() + ": " + option->get_description());
    return problem;
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return Diagnostic::error("usage", "'" + full_name(&app) + "' needs " + name).with_hint(usage);
  return Diagnostic::error("usage", text).with_hint(usage);
}

}  // namespace davit::cli
