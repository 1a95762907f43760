#pragma once
// Help pages in the shape of a manual page: NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLES, EXIT STATUS.

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <string>

#include "commands.hpp"

namespace davit::cli {

class ManFormatter final : public CLI::Formatter {
 public:
  explicit ManFormatter(HelpPage page) : page_(std::move(page)) {}
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  [[nodiscard]] const HelpPage& page() const { return page_; }

 private:
  HelpPage page_;
};

/// The page of the program itself: usage, commands in groups, global options.
class RootFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

/// "davit image build".
[[nodiscard]] std::string full_name(const CLI::App* app);

/// How a command is called: "davit port [OPTIONS] SERVICE PORT".
[[nodiscard]] std::string synopsis_of(const CLI::App* app);

/// The options of a command as indented entries: "-d, --detach" and its text below.
[[nodiscard]] std::string options_section(const CLI::App* app);

}  // namespace davit::cli
