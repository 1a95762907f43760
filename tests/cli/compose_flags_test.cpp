// Every command and flag of docker compose is here, or refused in words of its own.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/command_line.hpp"
#include "cli/run_davit.hpp"
#include "davit/base/error.hpp"

namespace davit::cli {
namespace {

struct Flag {
  std::string command;
  std::string short_form;
  std::string name;
  std::string type;
};

std::vector<Flag> flags_of_compose() {
  std::ifstream file(std::string(DAVIT_TEST_DATA) + "/compose-flags.txt");
  std::vector<Flag> out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    Flag flag;
    std::istringstream(line) >> flag.command >> flag.short_form >> flag.name >> flag.type;
    out.push_back(std::move(flag));
  }
  return out;
}

/// Commands that are refused whole, whatever stands behind them.
bool is_refused(const CLI::App& command) {
  return command.get_group().empty();
}

TEST(ComposeFlags, AreAllKnown) {
  Context context = process_context("davit");
  CommandLine line(context);
  const auto flags = flags_of_compose();
  ASSERT_GT(flags.size(), 200U);
  for (const Flag& flag : flags) {
    const std::string shown = flag.command + " " + flag.name;
    CLI::App* command = &line.app();
    if (flag.command != "_root") {
      const auto found =
          line.app().get_subcommands([&](const CLI::App* sub) { return sub->get_name() == flag.command; });
      ASSERT_EQ(found.size(), 1U) << flag.command;
      command = found.front();
    }
    if (command != &line.app() && is_refused(*command)) continue;
    CLI::Option* const option = command->get_option_no_throw(flag.name);
    ASSERT_NE(option, nullptr) << shown;
    const bool takes_value = option->get_items_expected_max() > 0;
    EXPECT_EQ(takes_value, flag.type != "-") << shown << " takes a value here and not there";
    if (flag.short_form != "-") {
      EXPECT_EQ(command->get_option_no_throw(flag.short_form), option) << shown;
    }
  }
}

TEST(ComposeFlags, WhatIsMissingIsRefusedInItsOwnWords) {
  const auto refused = [](const std::vector<std::string>& words) {
    const auto got = test::run_davit(words);
    EXPECT_EQ(got.code, 1);
    return got.err;
  };
  EXPECT_EQ(refused({"build", "--push"}),
            "error: 'build --push' is not supported yet: davit cannot talk to registries\n");
  EXPECT_EQ(refused({"build", "--ssh", "default"}),
            "error: 'build --ssh default' is not supported yet: RUN --mount=type=ssh is missing\n");
  EXPECT_EQ(refused({"watch", "--no-up", "web"}),
            "error: 'watch' is not supported yet: davit does not follow changes of files\n"
            "  hint: run 'davit up --build' after a change\n");
  EXPECT_EQ(refused({"wait", "--dry-run", "web"}), "error: 'wait' cannot be tried with --dry-run\n");
}

}  // namespace
}  // namespace davit::cli
