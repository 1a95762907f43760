#include "help.hpp"

#include <sstream>

namespace davit::cli {
namespace {

constexpr std::size_t kTextColumn = 8;
constexpr std::size_t kWidth = 80;

std::string indent(const std::string& text, std::size_t by) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += (line.empty() ? "" : std::string(by, ' ') + line) + "\n";
  return out;
}

std::string wrap(const std::string& text, std::size_t by) {
  std::istringstream words(text);
  std::string out;
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && by + line.size() + 1 + word.size() > kWidth) {
      out += std::string(by, ' ') + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) out += std::string(by, ' ') + line + "\n";
  return out;
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : "\n" + title + "\n" + body;
}

std::string option_head(const CLI::Option* option) {
  std::string head;
  for (const auto& name : option->get_snames()) head += (head.empty() ? "-" : ", -") + name;
  for (const auto& name : option->get_lnames()) head += (head.empty() ? "--" : ", --") + name;
  if (option->get_expected_max() != 0 && option->get_type_size_max() != 0) {
    const std::string type = option->get_type_name();
    head += " " + (type.empty() || type == "TEXT" ? std::string("VALUE") : type);
  }
  return head;
}

std::string subcommand_list(const CLI::App* app) {
  std::string out;
  std::size_t width = 0;
  const auto visible = [](const CLI::App* sub) { return !sub->get_group().empty(); };
  for (const auto* sub : app->get_subcommands(visible)) width = std::max(width, sub->get_name().size());
  for (const auto* sub : app->get_subcommands(visible)) {
    if (!visible(sub)) continue;
    out +=
        "    " + sub->get_name() + std::string(width + 3 - sub->get_name().size(), ' ') + sub->get_description() + "\n";
  }
  return out;
}

}  // namespace

std::string full_name(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  return parent == nullptr ? std::string("davit") : full_name(parent) + " " + app->get_name();
}

std::string synopsis_of(const CLI::App* app) {
  const auto formatter = std::dynamic_pointer_cast<ManFormatter>(app->get_formatter());
  if (formatter == nullptr) return full_name(app) + " [OPTIONS] COMMAND";
  const std::string& synopsis = formatter->page().synopsis;
  return full_name(app) + (synopsis.empty() ? "" : " " + synopsis);
}

std::string options_section(const CLI::App* app) {
  std::string out;
  for (const auto* option : app->get_options()) {
    if (option->get_group().empty() || option->get_positional()) continue;
    out += "    " + option_head(option) + "\n" + wrap(option->get_description(), kTextColumn);
  }
  return out;
}

std::string ManFormatter::make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode /*mode*/) const {
  const std::string name = full_name(app);
  std::string out = "NAME\n    " + name + " - " + page_.summary + "\n";
  out += section("SYNOPSIS", "    " + synopsis_of(app) + "\n");
  out += section("DESCRIPTION", indent(page_.description, 4));
  out += section("COMMANDS", subcommand_list(app));
  out += section("OPTIONS", options_section(app));
  out += section("EXAMPLES", indent(page_.examples, 4));
  out += section("EXIT STATUS",
                 indent(page_.exit_status.empty() ? "0 on success, 1 on any error." : page_.exit_status, 4));
  return out;
}

std::string RootFormatter::make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode /*mode*/) const {
  std::string out =
      "NAME\n    davit - raise and lower a stack of services from a Compose file, without a daemon\n"
      "\nSYNOPSIS\n    davit [OPTIONS] COMMAND\n";
  out += section("COMMANDS", subcommand_list(app));
  out += section("OPTIONS", options_section(app));
  out += "\n'davit COMMAND --help' shows the page of a command.\n";
  return out;
}

}  // namespace davit::cli
